"""Simulated load balancers decide as those of the data plane do, request by request."""

import asyncio
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import numpy as np
import pytest

from understudy.balancing.actions import Forward, chosen_group
from understudy.balancing.health import Probe
from understudy.balancing.rules import Rule
from understudy.balancing.stickiness import Stickiness
from understudy.balancing.target_group import HealthRules
from understudy.base.service_time import parse_service_time
from understudy.control.balancer import (
    BalancedGroup,
    BalancedListener,
    BalancedTarget,
    Balancer,
    HealthCheck,
    Turned,
)
from understudy.control.events import TargetsTurned
from understudy.proxy.balancer.binding import Binding
from understudy.proxy.balancer.member import Flight
from understudy.proxy.balancer.serving import Serving, Shared
from understudy.proxy.outbox import Outbox
from understudy.proxy.record import Recorder
from understudy.sim.balanced import BalancedFleet
from understudy.sim.load import Load
from understudy.sim.queueing import CHOICE, TIE, luck
from understudy.sim.serving import serving_of
from understudy.sim.tally import Tally

SEED, BEGIN, SECONDS = 7, 1_800_000_000.0, 2.5
A, B = "us-east-1a", "us-east-1b"
AT_ONCE = HealthCheck(healthy=2, unhealthy=2)


def group(name: str, *zones: str, **how: Any) -> BalancedGroup:
    """A target group with a target for each zone that is named."""
    targets = tuple(
        BalancedTarget(f"i-{name}-{number}", 80, zone, "127.0.0.1", 1 + number, "healthy")
        for number, zone in enumerate(zones)
    )
    return BalancedGroup(name, "instance", "HTTP", targets, AT_ONCE, **how)


@dataclass(frozen=True)
class Story:
    """Target groups with their weights, and which target is ill from when to when."""

    groups: tuple[tuple[BalancedGroup, int], ...]
    clients: int = 0
    sticky: int = 0
    ill: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    @property
    def balancer(self) -> Balancer:
        """The load balancer of the story."""
        weights = tuple((each.arn, weight) for each, weight in self.groups)
        listener = BalancedListener(
            "all", "HTTP", 80, (Rule("default", (), Forward(weights, self.sticky)),)
        )
        name = "front.us-east-1.elb.localhost"
        groups = tuple(each for each, _ in self.groups)
        return Balancer("front", "application", name, (A, B), (listener,), groups)

    def turns(self) -> list[tuple[float, Turned]]:
        """The changes of health, by time."""
        found: list[tuple[float, Turned]] = []
        for each, _ in self.groups:
            for target in each.targets:
                since, until = self.ill.get(target.id, (0.0, 0.0))
                if until:
                    found.append((since, Turned(each.arn, target.id, 80, "unhealthy")))
                    found.append((until, Turned(each.arn, target.id, 80, "healthy")))
        return sorted(found, key=lambda each: each[0])


def arrivals(seconds: float) -> list[float]:
    """Requests at times that are no round numbers."""
    gaps = np.random.default_rng(3).uniform(0.1, 0.9, int(seconds / 0.5))
    return np.cumsum(gaps).tolist()


def simulated(story: Story, times: list[float]) -> list[str]:
    """Whom the simulated load balancer sends each request to."""
    base = serving_of(parse_service_time(f"{SECONDS}s; concurrency=100"))
    serving = replace(base, clients=story.clients)
    sent = np.array([BEGIN + each for each in times])
    tally = Tally(BEGIN, 10_000, sent.size, ())
    fleet = BalancedFleet("front", "us-east-1", Load(iter([sent]), serving, SEED), serving, tally)
    fleet.set(story.balancer, BEGIN)
    turns, chosen = story.turns(), list[str]()
    for at in sent.tolist():
        while turns and BEGIN + turns[0][0] <= at:
            since, turned = turns.pop(0)
            fleet.turned(TargetsTurned(BEGIN + since, "us-east-1", (turned,)))
        before, after = fleet.in_flight(at), fleet.in_flight(at + 1e-4)
        (name,) = (each for each, number in after.items() if number > before[each])
        chosen.append(name.split("|")[1])
    return chosen


class Underway:
    """A request in flight."""

    def __init__(self, done: float, flights: set[Flight]) -> None:
        self.done = done
        self.flights = flights
        flights.add(self)

    def cut(self) -> None:
        """It is not cut here."""


async def nowhere(_: object) -> object:
    raise ConnectionRefusedError


async def live(story: Story, times: list[float]) -> list[str]:
    """Whom the data plane's load balancer sends each request to, by the same luck.

    It comes to no await, so no health check is ever sent.
    """
    number, kind = 0, CHOICE

    def uniform() -> float:
        nonlocal kind
        with np.errstate(over="ignore"):
            drawn, kind = luck(SEED, number, 0.0, kind), TIE
        return drawn

    recorder, turned = Recorder(), list[Turned]()
    shared = Shared(recorder, Outbox(), SEED, nowhere)
    shared.uniform = uniform
    serving = Serving("us-east-1", story.balancer, shared, turned.append)
    rule = story.balancer.listeners[0].rules[0].action
    assert isinstance(rule, Forward)
    turns, underway, chosen = story.turns(), list[Underway](), list[str]()
    jars: dict[int, dict[bytes, bytes]] = {}
    for number, at in enumerate(times):
        while turns and turns[0][0] <= at:
            since, change = turns.pop(0)
            # World time all but stands still meanwhile.
            recorder.set_clock(monotonic(), BEGIN + since, 1e-9)
            of = serving.groups[change.group]
            probe = Probe.SUCCESS if change.state == "healthy" else Probe.FAILURE
            for _ in range(2):
                of.probed(of.members[change.target, 80], probe, "", "")
        recorder.set_clock(monotonic(), BEGIN + at, 1e-9)
        for each in [each for each in underway if each.done <= at]:
            each.flights.discard(each)
            underway.remove(each)
        zone, client = serving.next_zone(), number % story.clients if story.clients else -1
        headers = [(b"Cookie", b"; ".join(jars.get(client, {}).values()))]
        ends: float = BEGIN + at + SECONDS
        asked = Binding(headers, lambda: BEGIN + at, shared.key)  # noqa: B023 - called at once
        arn, kind = asked.group(rule), TIE
        if not arn:
            kind = CHOICE if len(rule.groups) > 1 else TIE
            arn = rule.groups[0][0] if len(rule.groups) == 1 else chosen_group(rule, uniform())
        asked.choose(rule, serving.groups[arn])
        member = asked.member(zone) or serving.groups[arn].pick(zone)
        assert member is not None
        answered = Binding([], lambda: ends, shared.key)  # noqa: B023 - called at once
        answered.choose(rule, serving.groups[arn])
        for line in answered.lines(member, b"").splitlines():
            cookie = line.removeprefix(b"Set-Cookie: ").partition(b";")[0]
            jars.setdefault(client, {})[cookie.partition(b"=")[0]] = cookie
        underway.append(Underway(at + SECONDS, member.flights))
        chosen.append(member.told.id)
    return chosen


ILL = {"i-web-1": (40.3, 100.7), "i-web-2": (60.1, 90.9)}
APART = HealthRules(cross_zone=False)


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(Story(((group("web", A, B, A), 1),)), id="by turns"),
        pytest.param(Story(((group("web", A, B, A), 1),), ill=ILL), id="by turns, two of them ill"),
        pytest.param(
            Story(((group("web", A, B, A, slow_start=120.0), 1),), ill=ILL), id="starting slowly"
        ),
        pytest.param(
            Story(((group("web", A, B, A, algorithm="least_outstanding_requests"), 1),), ill=ILL),
            id="the least busy",
        ),
        pytest.param(
            Story(
                ((group("web", A, B, B, algorithm="weighted_random", slow_start=60.0), 1),), ill=ILL
            ),
            id="by chance, starting slowly",
        ),
        pytest.param(
            Story(((group("web", A, B, A, B, B, rules=APART), 1),), ill=ILL),
            id="each zone for itself",
        ),
        pytest.param(
            Story(((group("web", A, B, rules=APART), 1),), ill=ILL), id="a zone that leaves DNS"
        ),
        pytest.param(
            Story(
                (
                    (group("web", A, B, A, slow_start=90.0), 3),
                    (group("new", A, B, algorithm="least_outstanding_requests"), 1),
                ),
                ill=ILL | {"i-new-0": (20.0, 30.0)},
            ),
            id="two target groups by weight",
        ),
        pytest.param(
            Story(((group("web", A, B, A, stickiness=Stickiness(30)), 1),), ill=ILL, clients=17),
            id="clients that stay with their target",
        ),
        pytest.param(
            Story(
                (
                    (group("web", A, B, A, stickiness=Stickiness(9)), 3),
                    (group("new", A, B, stickiness=Stickiness(20), slow_start=60.0), 1),
                ),
                ill=ILL | {"i-new-0": (20.0, 30.0)},
                clients=13,
                sticky=8,
            ),
            id="clients that stay with their target group",
        ),
        pytest.param(
            Story(
                ((group("web", A, B), 1),), ill={"i-web-0": (30.0, 90.0), "i-web-1": (50.0, 120.0)}
            ),
            id="failing open",
        ),
    ],
)
def test_both_send_each_request_to_the_same_target(story: Story) -> None:
    times = arrivals(250)
    decided = simulated(story, times)
    assert decided == asyncio.run(live(story, times))
    assert len(set(decided)) == sum(len(each.targets) for each, _ in story.groups)


def test_a_client_stays_with_its_target_while_its_cookie_lasts() -> None:
    alone = Story(((group("web", A, B, A, stickiness=Stickiness(30)), 1),), clients=1)
    assert len(set(simulated(alone, arrivals(60)))) == 1
    # Each comes every 2.5 s or so, long after a cookie of a second.
    short = Story(((group("web", A, B, A, stickiness=Stickiness(1)), 1),), clients=20)
    assert simulated(short, arrivals(60)) == simulated(replace(short, clients=0), arrivals(60))


def test_a_target_that_starts_slowly_gets_less_than_its_share() -> None:
    slowly = Story(((group("web", A, B, slow_start=100.0), 1),), ill={"i-web-1": (0.1, 50.0)})
    times = arrivals(200)
    chosen = simulated(slowly, times)
    halves = [
        [who for at, who in zip(times, chosen, strict=True) if low <= at < low + 50]
        for low in (50, 100, 150)
    ]
    shares = [each.count("i-web-1") / len(each) for each in halves]
    # Its weight grows from 0 to 1 beside one of 1: a fifth of all at a quarter, 3/7 at three.
    assert shares == [
        pytest.approx(0.19, abs=0.05),
        pytest.approx(0.43, abs=0.05),
        pytest.approx(0.5, abs=0.02),
    ]
