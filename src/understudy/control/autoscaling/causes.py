"""The sentences of activities, in the words that groups on AWS were seen to use.

A cause is one or more sentences, each with its time, with two spaces between them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

DIFFERENCE = "a difference between desired and actual capacity"

ILLNESSES = {
    "ec2": "an EC2 health check indicating it has been terminated or stopped",
    "elb": "an ELB system health check failure",
    "user": "a user health-check",
}
"""What an unhealthy instance is taken out of service in response to."""

REPLACED = {
    "unhealthy": "an unhealthy instance needing to be replaced",
    "refresh": "an instance refresh",
    "lifetime": "an instance exceeding its maximum lifetime",
    "rebalance": "an EC2 Spot instance rebalance recommendation",
    "interruption": "an EC2 Spot instance interruption notice",
}
"""What an instance is launched, or taken out of service, in response to.

The first two were recorded on AWS; it does not publish the others.
"""


def moment(at: float) -> str:
    """A time as causes have it.

    >>> moment(1581446050.9)
    '2020-02-11T18:34:10Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(time: float, text: str) -> str:
    """A sentence with its time."""
    return f"At {moment(time)} {text}."


def joined(*sentences: str) -> str:
    """A cause of several sentences; AWS cuts causes at 1,023 characters."""
    return "  ".join(sentence for sentence in sentences if sentence)[:1023]


def changing(before: int, after: int) -> str:
    """The end of a sentence about the desired capacity."""
    return f"changing the desired capacity from {before} to {after}"


def alarm_triggered(alarm: str, state: str, policy: str) -> str:
    """What a policy does on an alarm, without time and numbers."""
    return f"a monitor alarm {alarm} in state {state} triggered policy {policy}"


def constraints(minimum: int, maximum: int, desired: int) -> str:
    """An update of a group's size, without time and numbers of before."""
    return (
        f"a user request update of AutoScalingGroup constraints to min: {minimum}, "
        f"max: {maximum}, desired: {desired}"
    )


def scheduled(action: str) -> str:
    """A scheduled action. AWS does not publish its words."""
    return f"a scheduled action {action} was executed"


def started(time: float, before: int, after: int) -> str:
    """An instance is launched because more is desired than there is."""
    what = f"an instance was started in response to {DIFFERENCE}"
    return at(time, f"{what}, increasing the capacity from {before} to {after}")


def launched_for(time: float, reason: str) -> str:
    """An instance is launched in place of another."""
    return at(time, f"an instance was launched in response to {REPLACED[reason]}")


def launched_to_balance(time: float, counts: Sequence[tuple[str, int]]) -> str:
    """An instance is launched because zones are unevenly filled."""
    zones = " ".join(zone for zone, _ in counts)
    numbers = " ".join(str(count) for _, count in counts)
    what = f"availability zones {zones} had {numbers} instances respectively"
    return at(time, what) + "  An instance was launched to aid in balancing the group's zones."


def balanced(time: float, zones: Sequence[str]) -> str:
    """Balancing has left more instances than are desired."""
    names = " ".join(zones)
    return at(
        time,
        f"instances were launched to balance instances in zones {names} with other zones resulting "
        "in more than desired number of instances in the group",
    )


def shrunk(time: float, before: int, after: int) -> str:
    """An instance goes because less is desired than there is."""
    what = f"an instance was taken out of service in response to {DIFFERENCE}"
    return at(time, f"{what}, shrinking the capacity from {before} to {after}")


def taken_out(time: float, reason: str) -> str:
    """An instance goes in response to something."""
    return at(time, f"an instance was taken out of service in response to {reason}")


def selected(time: float, instance: str) -> str:
    """An instance was chosen among others."""
    return at(time, f"instance {instance} was selected for termination")


def by_user(time: float, instance: str, what: str, sizes: tuple[int, int] | None = None) -> str:
    """An instance is moved by a user's request; ``sizes`` are the capacity before and after it.

    >>> by_user(1428851423.0, "i-1", "was moved to standby", (4, 3)).partition("standby")[2]
    ' in response to a user request, shrinking the capacity from 4 to 3.'
    """
    text = f"instance {instance} {what} in response to a user request"
    if sizes and sizes[0] != sizes[1]:
        verb = "shrinking" if sizes[1] < sizes[0] else "increasing"
        text = f"{text}, {verb} the capacity from {sizes[0]} to {sizes[1]}"
    return at(time, text)
