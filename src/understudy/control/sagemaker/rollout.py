"""The steps of an endpoint update, from its DeploymentConfig.

Source: AWS, Deployment guardrails (blue/green: all at once, canary, linear; rolling deployments).
"""

import math

from understudy.control.events import Params
from understudy.control.sagemaker.state import Step

ALL_AT_ONCE = (Step(green=1.0, traffic=1.0, wait=0.0, blue=1.0),)


def steps(config: Params, instances: int) -> tuple[Step, ...]:
    """The steps of an update of a fleet of ``instances``; without a config, all at once.

    >>> [step.traffic for step in steps(
    ...     {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
    ...         "Type": "LINEAR", "WaitIntervalInSeconds": 60,
    ...         "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 40}}}}, 10)]
    [0.4, 0.8, 1.0]
    """
    if "RollingUpdatePolicy" in config:
        return _rolling(config["RollingUpdatePolicy"], instances)
    routing = config.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration")
    if routing is None:
        return ALL_AT_ONCE
    wait = float(routing["WaitIntervalInSeconds"])
    if routing["Type"] == "CANARY":
        shares = [share(routing["CanarySize"], instances), 1.0]
    elif routing["Type"] == "LINEAR":
        shares = _ladder(share(routing["LinearStepSize"], instances))
    else:
        shares = [1.0]
    return tuple(Step(green=1.0, traffic=each, wait=wait, blue=1.0) for each in shares)


def _rolling(policy: Params, instances: int) -> tuple[Step, ...]:
    batch = share(policy["MaximumBatchSize"], instances)
    wait = float(policy["WaitIntervalInSeconds"])
    return tuple(
        Step(green=each, traffic=each, wait=wait, blue=1.0 - each) for each in _ladder(batch)
    )


def _ladder(step: float) -> list[float]:
    """Shares from one step up to the whole: 0.4 gives 0.4, 0.8, 1."""
    count = math.ceil(1 / step - 1e-9)
    return [min(1.0, step * (index + 1)) for index in range(count)]


def share(size: Params, instances: int) -> float:
    """A CapacitySize as a share of the fleet, at least one instance."""
    if size["Type"] == "INSTANCE_COUNT":
        return min(1.0, size["Value"] / instances)
    return max(size["Value"] / 100, 1 / instances)
