"""What serverless variants are billed for, from their routes and what they served."""

from collections.abc import Iterator

from understudy.control.capacity.state import CapacityState, ServerlessLife
from understudy.control.events import (
    AnyCommand,
    RemoveRoute,
    RequestsCompleted,
    Served,
    Serverless,
    SetRoute,
)
from understudy.pricing import serverless
from understudy.pricing.meter import SECONDS_PER_HOUR


def on_command(state: CapacityState, command: AnyCommand, at: float) -> None:
    """Note what a route says of the serverless variants of an endpoint, which end with it."""
    if not isinstance(command, SetRoute | RemoveRoute):
        return
    routed = command.variants if isinstance(command, SetRoute) else ()
    found = {
        f"{command.endpoint}/{each.name}": each.serverless for each in routed if each.serverless
    }
    for life in _running(state):
        if life.owner.partition("/")[0] == command.endpoint:
            _become(life, found.pop(life.owner, None), at)
    for owner, config in found.items():
        life = ServerlessLife(owner, at, at)
        state.serverless.append(life)
        _become(life, config, at)


def _running(state: CapacityState) -> Iterator[ServerlessLife]:
    return (life for life in state.serverless if not life.ended_at)


def _become(life: ServerlessLife, config: Serverless | None, at: float) -> None:
    for hour, count in kept(life, at).items():
        _add(life, hour, {serverless.kept_warm(life.memory): count})
    life.since = at
    if config is None:
        life.ended_at, life.provisioned = at, 0
    else:
        life.memory, life.provisioned = config.memory, config.provisioned


def kept(life: ServerlessLife, until: float) -> dict[int, int]:
    """Microseconds of provisioned concurrency in each clock-hour since it was last noted."""
    found: dict[int, int] = {}
    begin = life.since
    while life.provisioned and begin < until:
        hour = int(begin) // SECONDS_PER_HOUR
        end = min(until, float((hour + 1) * SECONDS_PER_HOUR))
        found[hour] = round((end - begin) * serverless.MICROSECONDS) * life.provisioned
        begin = end
    return found


def on_served(state: CapacityState, event: RequestsCompleted) -> None:
    """Add up what serverless variants did, by clock-hour."""
    lives = {life.owner: life for life in _running(state)}
    for served in event.served if lives else ():
        life = lives.get(f"{served.endpoint}/{served.variant}")
        if life is not None:
            _add(life, served.second // SECONDS_PER_HOUR, _counts(life, served))


def _counts(life: ServerlessLife, served: Served) -> serverless.Counts:
    peak, total = max(served.peak, 1), served.model_latency.total
    counts = serverless.worked(life.memory, total, peak, life.provisioned)
    data = {serverless.DATA_IN: round(served.received), serverless.DATA_OUT: round(served.sent)}
    return {**counts, **{product: count for product, count in data.items() if count}}


def _add(life: ServerlessLife, hour: int, counts: serverless.Counts) -> None:
    inside = life.hours.setdefault(hour, {})
    for product, count in counts.items():
        inside[product] = inside.get(product, 0) + count
