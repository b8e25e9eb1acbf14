"""A decision costs microseconds, a simulated day of alarms some twenty milliseconds.

Processor time is compared with that of a hundred thousand additions in the same run, about 5 ms.
Measured: a decision 5 us, its arithmetic 0.5 us, a day of 1,440 alarms 22 ms.
"""

from collections.abc import Callable
from time import process_time

from understudy.base.identity import Ids
from understudy.control.signals import AlarmAction
from understudy.control.turn import Turn
from understudy.scaling.cooldown import Cooldown
from understudy.scaling.decision import Breach, Capacity
from understudy.scaling.target_tracking import TargetTracking, decide
from understudy.testing.scaling_story import ScalingStory

METRIC = "SageMakerVariantInvocationsPerInstance"
MINUTES = 1440


def cost(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of five runs."""
    times: list[float] = []
    for _ in range(5):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def additions() -> float:
    total = 0.0
    for number in range(100_000):
        total += number * 0.5
    return total


def test_a_decision_costs_about_a_hundred_additions() -> None:
    policy, capacity = TargetTracking("p", 50.0), Capacity(1, 9, 3, 3)
    breach, state = Breach("a", (60.0, 70.0, 80.0), 50.0, above=True), Cooldown()
    thousand = cost(lambda: [decide(policy, capacity, breach, 0.0, state) for _ in range(1000)])
    assert thousand / cost(additions) < 3  # measured: 1.0


def test_a_day_of_alarms_costs_about_five_times_a_hundred_thousand_additions() -> None:
    story = ScalingStory(units=2, delay=0.0)
    story.register(1, 8)
    arn = story.track(100.0, METRIC)["PolicyARN"]
    turns = [Turn(story.at + minute * 60, "us-east-1", Ids()) for minute in range(MINUTES)]

    def alarm(name: str, values: tuple[float, ...], comparison: str) -> AlarmAction:
        return AlarmAction(arn, name, "arn", "OK", "ALARM", "", values, 100.0, comparison)

    actions = [
        alarm("low", (20.0 + minute % 70,) * 15, "LessThanThreshold")
        if minute // 60 % 2
        else alarm("high", (101.0 + minute,) * 3, "GreaterThanThreshold")
        for minute in range(MINUTES)
    ]
    day = cost(
        lambda: [
            story.service.on_alarm(action, turn)
            for action, turn in zip(actions, turns, strict=True)
        ]
    )
    assert day / cost(additions) < 12  # measured: 4.9
    assert story.changes()
