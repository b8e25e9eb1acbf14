"""The percentages that ECS publishes.

AWS: Amazon ECS CloudWatch metrics; Deep dive on Amazon ECS cluster auto scaling.
"""


def utilization(used: float, reserved: float) -> float:
    """What tasks use of what they reserve, in percent: 128 of 512 CPU units are 25 %."""
    return 100 * used / reserved if reserved else 0.0


def reservation(reserved: float, registered: float) -> float:
    """What tasks reserve of a cluster's instances, in percent: 10240 of 18432 are 55.6 %."""
    return 100 * reserved / registered if registered else 0.0


def provider_reservation(needed: int, running: int) -> float:
    """CapacityProviderReservation: the instances that are needed for 100 that run.

    Four instances of which three have tasks give 75 %; three that need one more 133 %. Without
    instances it is 200 % where some are needed, else 100 %.
    """
    if running:
        return 100 * needed / running
    return 200.0 if needed else 100.0


def needed_instances(
    running: int, empty: int, short: int, smallest_step: int, largest_step: int
) -> int:
    """How many instances a capacity provider needs.

    ``short`` more are needed for tasks that fit nowhere, as many at a time as the steps allow; if
    none is, those that are ``empty`` are not needed.
    """
    if short:
        return running + min(max(short, smallest_step), largest_step)
    return running - empty
