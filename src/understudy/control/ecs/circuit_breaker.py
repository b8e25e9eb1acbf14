"""When a deployment has failed, and how long a service waits that cannot start its tasks.

AWS: How the Amazon ECS deployment circuit breaker detects failures; DeploymentCircuitBreaker,
ThresholdConfiguration; Amazon ECS service throttle logic.
"""

from understudy.control.events import Params

LOWEST, HIGHEST = 3, 200
DEFAULT_PERCENT = 50

TOLERATED = 3
"""Failures to start in a row after which a service is throttled. AWS does not say how many."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0
"""Seconds. AWS: the time between attempts is increased up to 15 minutes; it does not say how."""


def threshold(desired: int, configuration: Params | None = None) -> int:
    """How many failed tasks fail a deployment: half the desired count, from 3 to 200.

    25 tasks give 13, 1 gives 3, 800 give 200.
    """
    kind = (configuration or {}).get("type", "BOUNDED_PERCENT")
    value: int = (configuration or {}).get("value", DEFAULT_PERCENT)
    if kind == "COUNT":
        return value
    share = -(-desired * value // 100)
    return max(share, 1) if kind == "UNBOUNDED_PERCENT" else min(max(share, LOWEST), HIGHEST)


def pause(failures: int) -> float:
    """How long to wait before tasks are started again that failed to start so often in a row.

    Nothing after three failures, then 10 s, 20 s, 40 s, and so on up to 15 minutes.
    """
    extra = failures - TOLERATED
    return 0.0 if extra <= 0 else min(FIRST_PAUSE * 2.0 ** min(extra - 1, 10), LONGEST_PAUSE)
