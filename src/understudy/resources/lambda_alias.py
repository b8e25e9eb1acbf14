"""AWS::Lambda::Alias, and how CodeDeploy lets its traffic go over to another version.

AWS: UpdatePolicy attribute, CodeDeployLambdaAliasUpdate; Deployment configurations on an AWS Lambda
compute platform. The application and the group are those that a stack has recorded; the hooks that
a policy names are not called.
"""

import re
from dataclasses import dataclass

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.decision import is_true
from understudy.deploy.explain import code_of
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Invoke,
    Request,
    ResourceType,
    Steps,
    Wait,
)
from understudy.deploy.services import OWNER

_ALIAS = ("Description", "FunctionVersion")
LOOK_SECONDS = 10.0
GROUP, CONFIGURATION = "AWS::CodeDeploy::DeploymentGroup", "AWS::CodeDeploy::DeploymentConfig"
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
_NAMED = re.compile(
    r"CodeDeployDefault\.Lambda(?P<kind>Canary|Linear)(?P<percent>\d+)Percent"
    r"(?P<every>Every)?(?P<minutes>\d+)Minutes?"
)
_ALARMED = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you "
    "selected, and the affected deployments have been stopped. Alarm names: <{}>"
)
"""CodeDeploy's own sentence."""


@dataclass(frozen=True, slots=True)
class Shifting:
    """Parts of the traffic that the new version gets one after the other, and the pause after each.

    ``seconds`` is the pause; the last part, all of it, comes after the last pause.
    """

    parts: tuple[float, ...] = ()
    seconds: float = 0.0


def named(name: str) -> Shifting | None:
    """One of CodeDeploy's own configurations, or None.

    >>> named("CodeDeployDefault.LambdaCanary10Percent5Minutes")
    Shifting(parts=(0.1,), seconds=300.0)
    >>> named("CodeDeployDefault.LambdaLinear50PercentEvery1Minute")
    Shifting(parts=(0.5,), seconds=60.0)
    """
    if name == ALL_AT_ONCE:
        return Shifting()
    match = _NAMED.fullmatch(name)
    if match is None:
        return None
    kind = "TimeBasedLinear" if match["every"] else "TimeBasedCanary"
    return shifting(kind, int(match["percent"]), float(match["minutes"]))


def shifting(kind: str, percent: int, minutes: float) -> Shifting:
    """How a canary or a linear deployment goes on, by its first part in percent.

    >>> shifting("TimeBasedLinear", 25, 2).parts
    (0.25, 0.5, 0.75)
    """
    steps = [percent] if kind == "TimeBasedCanary" else range(percent, 100, percent)
    return Shifting(tuple(each / 100 for each in steps), minutes * 60)


def create_alias(request: Request) -> Handler:
    """Name a version."""
    made = yield Invoke("lambda", "CreateAlias", _alias(request))
    return Done(made["AliasArn"], {"AliasArn": made["AliasArn"]})


def update_alias(request: Request) -> Handler:
    """Let the alias name another version, as fast as its UpdatePolicy asks."""
    policy: Params = request.update_policy.get("CodeDeployLambdaAliasUpdate", {})
    before = request.previous.get("FunctionVersion")
    after = request.properties["FunctionVersion"]
    if policy and before not in (None, after):
        yield from _shifted(request, policy, str(before), str(after))
    return (yield from restore_alias(request))


def restore_alias(request: Request) -> Handler:
    """Let the alias name what it shall at once: a rollback does not wait."""
    yield Invoke("lambda", "UpdateAlias", _alias(request))
    return Done(request.physical_id, request.attributes)


def delete_alias(request: Request) -> Handler:
    """Delete an alias."""
    yield from delete_if_there("DeleteAlias", _named(request))
    return Done(request.physical_id)


def delete_if_there(operation: str, params: Params) -> Steps[None]:
    """Delete something of Lambda; what is gone already counts as deleted."""
    try:
        yield Invoke("lambda", operation, params)
    except Fault as fault:
        if code_of(fault) != "NotFound":
            raise


def _named(request: Request) -> Params:
    properties = request.properties
    return {"FunctionName": properties["FunctionName"], "Name": properties["Name"]}


def _alias(request: Request) -> Params:
    properties = request.properties
    params = {key: properties[key] for key in _ALIAS if key in properties}
    weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    pairs = {each["FunctionVersion"]: each["FunctionWeight"] for each in weights}
    return {**params, **_named(request), "RoutingConfig": {"AdditionalVersionWeights": pairs}}


def _shifted(request: Request, policy: Params, before: str, after: str) -> Steps[None]:
    """Send more and more of the traffic to the new version. Raises HandlerFailure at an alarm."""
    group = yield from _group(policy)
    plan = yield from _plan(str(group.get("DeploymentConfigName", ALL_AT_ONCE)))
    watched: Params = group.get("AlarmConfiguration", {})
    on = is_true(watched.get("Enabled", bool(watched)))
    alarms = [each["Name"] for each in watched.get("Alarms", [])] if on else []
    for part in plan.parts:
        yield Invoke("lambda", "UpdateAlias", _weighted(request, before, {after: part}))
        if (yield from _alarmed(alarms, plan.seconds)):
            yield Invoke("lambda", "UpdateAlias", _weighted(request, before, {}))
            raise HandlerFailure(_ALARMED.format(", ".join(alarms)))


def _weighted(request: Request, version: str, weights: dict[str, float]) -> Params:
    routing = {"AdditionalVersionWeights": weights}
    return {**_named(request), "FunctionVersion": version, "RoutingConfig": routing}


def _group(policy: Params) -> Steps[Params]:
    """The deployment group that a policy names. Raises HandlerFailure where no stack has it."""
    name = str(policy.get("DeploymentGroupName", ""))
    found = yield Invoke(OWNER, "RecordedResource", {"Type": GROUP, "Name": name})
    if not found["Found"]:
        raise HandlerFailure(f"No Deployment Group found for name: {name}", "NotFound")
    return found["Properties"]


def _plan(configuration: str) -> Steps[Shifting]:
    """How the traffic goes over. Raises HandlerFailure for a configuration that is not there."""
    own = named(configuration)
    if own is not None:
        return own
    asked = {"Type": CONFIGURATION, "Name": configuration}
    found = yield Invoke(OWNER, "RecordedResource", asked)
    if not found["Found"]:
        message = f"No Deployment Configuration found for name: {configuration}"
        raise HandlerFailure(message, "NotFound")
    routing: Params = found["Properties"].get("TrafficRoutingConfig", {})
    kind: str = routing.get("Type", "AllAtOnce")
    if kind == "AllAtOnce":
        return Shifting()
    word = "Canary" if kind == "TimeBasedCanary" else "Linear"
    times: Params = routing[kind]
    percent, minutes = times[f"{word}Percentage"], times[f"{word}Interval"]
    return shifting(kind, int(percent), float(minutes))


def _alarmed(alarms: list[str], seconds: float) -> Steps[bool]:
    """Whether one of some alarms goes off within a pause."""
    waited = 0.0
    while waited < seconds:
        pause = min(LOOK_SECONDS, seconds - waited) if alarms else seconds
        yield Wait(pause)
        waited += pause
        if alarms:
            asked = {"AlarmNames": alarms, "StateValue": "ALARM"}
            answer = yield Invoke("cloudwatch", "DescribeAlarms", asked)
            if answer.get("MetricAlarms") or answer.get("CompositeAlarms"):
                return True
    return False


ALIAS = ResourceType(
    "AWS::Lambda::Alias", "runs", create_alias, delete_alias, update_alias, restore=restore_alias
)
