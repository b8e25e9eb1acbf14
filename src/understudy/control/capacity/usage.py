"""From what was used to bills: by resource, by clock-hour, with what was committed to."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from understudy.control.capacity.serverless import kept
from understudy.control.capacity.state import (
    SPOT,
    BalancerLife,
    CapacityState,
    Life,
    ServerlessLife,
    TaskLife,
)
from understudy.control.purchasing.service import Purchasing
from understudy.pricing import balancer, fargate, reservation, serverless
from understudy.pricing import offer as purchases
from understudy.pricing.application import HourBill, apply
from understudy.pricing.balancer import Traffic
from understudy.pricing.commitments import CapacityReservation, Commitments
from understudy.pricing.meter import SECONDS_PER_HOUR, Item, Usage, UsageHour, by_hour
from understudy.pricing.rates import Rates

MINUTES = 60


class Used(Struct, frozen=True):
    """What a region has used until ``at``, and what is owned in it. Lives end 0 while they go on.

    ``reservations`` are all Capacity Reservations that there ever were.
    """

    at: float
    region: str
    lives: tuple[Life, ...]
    tasks: tuple[TaskLife, ...]
    balancers: tuple[BalancerLife, ...]
    owned: Commitments
    reservations: tuple[CapacityReservation, ...]
    serverless: tuple[ServerlessLife, ...] = ()


class Part(Struct, frozen=True):
    """What one resource used: unit-seconds by clock-hour, and the units that run ``now``."""

    service: str
    owner: str
    hours: Mapping[int, UsageHour]
    now: dict[Item, Fraction]


def used(state: CapacityState, purchasing: Purchasing, region: str, at: float) -> Used:
    """What a region has used."""
    bought = purchasing.state
    owned = Commitments(
        tuple(bought.reserved.values()), tuple(each.plan for each in bought.plans.values())
    )
    return Used(
        at,
        region,
        (*state.lives, *state.held.values()),
        tuple(state.tasks.values()),
        tuple(state.balancers.values()),
        owned,
        tuple(each.reservation for each in bought.reservations.values()),
        tuple(state.serverless),
    )


def billed(life: Life, at: float) -> Usage | None:
    """The billable time of an instance: SageMaker's from its launch, EC2's from when it runs."""
    start = life.launched_at if life.place.service == "sagemaker" else life.running_at
    if not start:
        return None
    purchase = purchases.SPOT if life.place.purchase == SPOT else purchases.ON_DEMAND
    return Usage(life.instance_type, start, life.ended_at or at, purchase, life.place.zone)


def parts(usage: Used) -> tuple[Part, ...]:
    """What each resource used, in the order in which they came."""
    found: dict[tuple[str, str], list[Part]] = {}
    for part in _single(usage):
        found.setdefault((part.service, part.owner), []).append(part)
    return tuple(
        Part(*key, _added(each.hours for each in same), _summed(each.now for each in same))
        for key, same in found.items()
    )


def _single(usage: Used) -> Iterator[Part]:
    at, region = usage.at, usage.region
    for life in usage.lives:
        part = billed(life, at)
        if part is not None:
            hours = by_hour([part], region)
            item = Item(part.instance_type, region, zone=part.zone, purchase=part.purchase)
            now = {} if life.ended_at else {item: Fraction(1)}
            yield Part(life.place.service, life.place.owner, hours, now)
    for task in usage.tasks:
        if task.pulled_at:
            yield _task(task, usage)
    for each in usage.balancers:
        yield _balancer(each, usage)
    for serverless_life in usage.serverless:
        yield _serverless(serverless_life, usage)


def _task(task: TaskLife, usage: Used) -> Part:
    end = task.ended_at or usage.at
    whole = fargate.Task(task.cpu, task.memory, task.pulled_at, end)
    seconds = fargate.task_seconds(whole)
    hours = {
        hour: {
            _bought(item, task): amount * inside / seconds
            for item, amount in fargate.metered([whole], usage.region).items()
        }
        for hour, inside in _spread(int(task.pulled_at), seconds)
    }
    now = fargate.metered([fargate.Task(task.cpu, task.memory, 0, 3600)], usage.region)
    running = {_bought(item, task): each / SECONDS_PER_HOUR for item, each in now.items()}
    running = {} if task.ended_at else running
    return Part("ecs", task.owner, hours, running)


def _bought(item: Item, task: TaskLife) -> Item:
    return replace(item, purchase=purchases.SPOT) if task.spot else item


def _spread(start: int, seconds: int) -> Iterator[tuple[int, int]]:
    while seconds > 0:
        hour, offset = divmod(start, SECONDS_PER_HOUR)
        inside = min(seconds, SECONDS_PER_HOUR - offset)
        yield hour, inside
        start, seconds = start + inside, seconds - inside


def _balancer(life: BalancerLife, usage: Used) -> Part:
    end = life.ended_at or usage.at
    first, last = int(life.began_at) // SECONDS_PER_HOUR, int(end) // SECONDS_PER_HOUR
    hours: dict[int, UsageHour] = {}
    for hour in range(first, last + 1):
        begin = max(life.began_at, hour * SECONDS_PER_HOUR)
        stop = min(end, (hour + 1) * SECONDS_PER_HOUR)
        did = _traffic(life.hours.get(hour, {}))
        hours[hour] = balancer.metered(begin, stop, [did], usage.region)
    lasted = max(end - life.began_at, SECONDS_PER_HOUR) / SECONDS_PER_HOUR
    units = sum(
        (balancer.capacity_units(_traffic(each)) for each in life.hours.values()), Fraction()
    )
    now = {
        Item(balancer.HOURS, usage.region): Fraction(1),
        Item(balancer.CAPACITY_UNITS, usage.region): units / Fraction(lasted),
    }
    return Part("elasticloadbalancing", life.arn, hours, {} if life.ended_at else now)


def _serverless(life: ServerlessLife, usage: Used) -> Part:
    """A serverless variant; at its present rate it is provisioned, and works as it did so far."""
    warm = serverless.kept_warm(life.memory)
    hours = {hour: serverless.metered(each, usage.region) for hour, each in life.hours.items()}
    since = kept(life, usage.at) if not life.ended_at else {}
    for hour, count in since.items():
        more = serverless.metered({warm: count}, usage.region)
        hours[hour] = _summed([hours.get(hour, {}), more])
    now: dict[Item, Fraction] = {}
    if not life.ended_at:
        lasted = max(Fraction(usage.at - life.began_at), Fraction(SECONDS_PER_HOUR))
        now = {
            item: Fraction(life.provisioned) if item.product == warm else amount / lasted
            for item, amount in _summed(hours.values()).items()
        }
        now |= {Item(warm, usage.region): Fraction(life.provisioned)} if life.provisioned else {}
    return Part("sagemaker", life.owner, dict(sorted(hours.items())), now)


def _traffic(counts: dict[str, float]) -> Traffic:
    """What LCUs are made of; active connections (and flows) are the average of a minute."""
    active = counts.get("ActiveConnectionCount", 0) + counts.get("ActiveFlowCount", 0)
    requests = round(counts.get("RequestCount", 0))
    return Traffic(
        new_connections=round(counts.get("NewConnectionCount", 0) + counts.get("NewFlowCount", 0)),
        active_connections=round(active / MINUTES),
        processed_bytes=round(counts.get("ProcessedBytes", 0)),
        requests=requests,
        rules=round(counts.get("RuleEvaluations", 0) / requests) if requests else 0,
    )


def _summed(amounts: Iterable[UsageHour]) -> dict[Item, Fraction]:
    total: dict[Item, Fraction] = {}
    for each in amounts:
        for item, amount in each.items():
            total[item] = total.get(item, Fraction(0)) + amount
    return total


def _added(hours: Iterable[Mapping[int, UsageHour]]) -> dict[int, UsageHour]:
    found: dict[int, list[UsageHour]] = {}
    for each in hours:
        for hour, usage in each.items():
            found.setdefault(hour, []).append(usage)
    return {hour: _summed(same) for hour, same in sorted(found.items())}


def unused_reservations(usage: Used) -> dict[int, UsageHour]:
    """Capacity that was reserved and not used, by clock-hour."""
    running = [
        part
        for life in usage.lives
        if life.place.service != "sagemaker" and life.place.purchase != SPOT
        if (part := billed(life, usage.at)) is not None
    ]
    idle = (
        by_hour(reservation.unused(each, running, usage.at), usage.region)
        for each in usage.reservations
    )
    return _added(idle)


def bills(regions: Iterable[Used], rates: Rates) -> dict[int, HourBill]:
    """The bill of the account for each clock-hour since anything was used or bought.

    What is owned applies wherever it may: a Compute plan covers usage of all ``regions``.
    """
    usages = tuple(regions)
    told = _added(
        hours
        for usage in usages
        for hours in (*(part.hours for part in parts(usage)), unused_reservations(usage))
    )
    owned = owned_in(usages)
    starts = [each.start for each in (*owned.reserved, *owned.plans)]
    hours = [*told, *(int(start) // SECONDS_PER_HOUR for start in starts)]
    if not hours:
        return {}
    last = max(int(usage.at) for usage in usages) // SECONDS_PER_HOUR
    return {
        hour: apply(told.get(hour, {}), owned.during(float(hour * SECONDS_PER_HOUR)), rates)
        for hour in range(min(hours), last + 1)
    }


def owned_in(regions: Iterable[Used]) -> Commitments:
    """What is owned in several regions together."""
    owned = [usage.owned for usage in regions]
    return Commitments(
        tuple(each for some in owned for each in some.reserved),
        tuple(each for some in owned for each in some.plans),
    )


def on_demand(hours: Mapping[int, UsageHour], rates: Rates) -> HourBill:
    """What usage costs before commitments."""
    return apply(_summed(hours.values()), Commitments(), rates)
