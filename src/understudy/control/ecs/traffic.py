"""How a blue/green deployment shifts its traffic.

AWS: DeploymentConfiguration, strategy; LinearConfiguration, CanaryConfiguration.
"""

from dataclasses import dataclass

from understudy.control.events import Params


@dataclass(frozen=True, slots=True)
class Shift:
    """The share of production traffic that goes to green, in percent, and for how long (s)."""

    percent: float
    wait: float = 0.0


def shifts(configuration: Params) -> tuple[Shift, ...]:
    """The steps of production traffic to green; the last one is 100 %, without a wait.

    A linear deployment of 40 % every 6 minutes shifts 40 %, 80 %, 100 %; a canary of 5 % for 10
    minutes 5 %, then 100 %.
    """
    strategy = configuration.get("strategy", "BLUE_GREEN")
    if strategy == "CANARY":
        canary: Params = configuration.get("canaryConfiguration", {})
        wait = 60.0 * canary.get("canaryBakeTimeInMinutes", 10)
        percent = canary.get("canaryPercent", 5.0)
        return (Shift(percent, wait), Shift(100.0)) if percent < 100 else (Shift(100.0),)
    if strategy == "LINEAR":
        linear: Params = configuration.get("linearConfiguration", {})
        wait = 60.0 * linear.get("stepBakeTimeInMinutes", 6)
        step = linear.get("stepPercent", 10.0)
        before = [round(step * count, 6) for count in range(1, int((100 - 1e-9) / step) + 1)]
        return (*(Shift(percent, wait) for percent in before), Shift(100.0))
    return (Shift(100.0),)


def weights(percent: float) -> tuple[int, int]:
    """The weights of blue and green at a percentage of green: 0 to 999, as listener rules take.

    25 % is 75 to 25, 2.5 % is 975 to 25.
    """
    if percent == int(percent):
        return 100 - int(percent), int(percent)
    green = min(max(round(percent * 10), 1), 999)
    return 1000 - green, green
