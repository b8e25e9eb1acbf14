"""AWS::AutoScaling: what belongs to a group, and launch configurations."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType, Steps, Wait
from understudy.resources.forgiving import gone, remove
from understudy.resources.tags import without
from understudy.resources.times import seconds

SERVICE = "autoscaling"
NAME_LIMIT = 255
LOOK_SECONDS = 5.0
POLICY, ACTION = "AWS::AutoScaling::ScalingPolicy", "AWS::AutoScaling::ScheduledAction"
HOOK, POOL = "AWS::AutoScaling::LifecycleHook", "AWS::AutoScaling::WarmPool"
CONFIGURATION = "AWS::AutoScaling::LaunchConfiguration"


def _is_missing(fault: Fault) -> bool:
    """Whether something, or the group that it belongs to, is not there."""
    words = ("not found", "does not exist", "No warm pool", "No policy found")
    return any(each in fault.message for each in words)


def _group(request: Request) -> Params:
    return {"AutoScalingGroupName": request.properties["AutoScalingGroupName"]}


def _looked_up(
    request: Request, kind: str, operation: str, params: Params, member: str
) -> Steps[Params]:
    """The one thing that a Describe operation finds. Raises HandlerFailure if there is none."""
    name = request.physical_id or request.logical_id
    try:
        found = (yield Invoke(SERVICE, operation, params))[member]
    except Fault as fault:
        if _is_missing(fault):
            raise gone(kind, name) from fault
        raise
    if not found:
        raise gone(kind, name)
    return found[0]


def put_policy(request: Request) -> Handler:
    """Put a scaling policy; its name is made, and stays."""
    name = _policy_name(request.physical_id) or request.name(NAME_LIMIT)
    params = {**request.properties, "PolicyName": name}
    if "Cooldown" in params:
        params["Cooldown"] = int(params["Cooldown"])
    answer = yield Invoke(SERVICE, "PutScalingPolicy", params)
    return Done(answer["PolicyARN"], {"Arn": answer["PolicyARN"], "PolicyName": name})


def _policy_name(identity: str) -> str:
    return identity.rsplit("policyName/", 1)[-1]


def delete_policy(request: Request) -> Handler:
    """Delete a scaling policy with its alarms."""
    params = {**_group(request), "PolicyName": _policy_name(request.physical_id)}
    yield from remove(SERVICE, "DeletePolicy", params, _is_missing)
    return Done(request.physical_id)


def read_policy(request: Request) -> Handler:
    """The live properties of a scaling policy."""
    names = {"PolicyNames": [_policy_name(request.physical_id)]}
    params = {**_group(request), **names}
    live = yield from _looked_up(request, POLICY, "DescribePolicies", params, "ScalingPolicies")
    if "Cooldown" in live:
        live = {**live, "Cooldown": str(live["Cooldown"])}
    attributes = {"Arn": live["PolicyARN"], "PolicyName": live["PolicyName"]}
    return Done(live["PolicyARN"], attributes, live)


def put_action(request: Request) -> Handler:
    """Put a scheduled action; its name is made, and stays."""
    name = request.physical_id or request.name(NAME_LIMIT)
    params = {**request.properties, "ScheduledActionName": name}
    for member in ("StartTime", "EndTime"):
        if member in params:
            params[member] = seconds(params[member])
    for member in ("MinSize", "MaxSize", "DesiredCapacity"):
        if member in params:
            params[member] = int(params[member])
    yield Invoke(SERVICE, "PutScheduledUpdateGroupAction", params)
    return Done(name, {"ScheduledActionName": name})


def delete_action(request: Request) -> Handler:
    """Delete a scheduled action."""
    params = {**_group(request), "ScheduledActionName": request.physical_id}
    yield from remove(SERVICE, "DeleteScheduledAction", params, _is_missing)
    return Done(request.physical_id)


def read_action(request: Request) -> Handler:
    """The live properties of a scheduled action; times are left out, as they come in many forms."""
    params = {**_group(request), "ScheduledActionNames": [request.physical_id]}
    live = yield from _looked_up(
        request, ACTION, "DescribeScheduledActions", params, "ScheduledUpdateGroupActions"
    )
    given = {key: request.properties[key] for key in _TIMES if key in request.properties}
    name = live["ScheduledActionName"]
    return Done(name, {"ScheduledActionName": name}, {**without(live, *_TIMES), **given})


_TIMES = ("StartTime", "EndTime", "Time")


def put_hook(request: Request) -> Handler:
    """Put a lifecycle hook."""
    wanted = request.properties
    name = request.physical_id or wanted.get("LifecycleHookName") or request.name(NAME_LIMIT)
    yield Invoke(SERVICE, "PutLifecycleHook", {**wanted, "LifecycleHookName": name})
    return Done(name)


def delete_hook(request: Request) -> Handler:
    """Delete a lifecycle hook."""
    params = {**_group(request), "LifecycleHookName": request.physical_id}
    yield from remove(SERVICE, "DeleteLifecycleHook", params, _is_missing)
    return Done(request.physical_id)


def read_hook(request: Request) -> Handler:
    """The live properties of a lifecycle hook."""
    name = request.physical_id or request.properties["LifecycleHookName"]
    params = {**_group(request), "LifecycleHookNames": [name]}
    live = yield from _looked_up(request, HOOK, "DescribeLifecycleHooks", params, "LifecycleHooks")
    return Done(name, {}, live)


def put_pool(request: Request) -> Handler:
    """Put a warm pool; what is not given has its default."""
    name = request.properties["AutoScalingGroupName"]
    yield Invoke(SERVICE, "PutWarmPool", request.properties)
    return Done(name)


def delete_pool(request: Request) -> Handler:
    """Delete a warm pool and wait until its instances are gone."""
    group = _group(request)
    yield from remove(SERVICE, "DeleteWarmPool", {**group, "ForceDelete": True}, _is_missing)
    while (yield from _pool(group)) is not None:
        yield Wait(LOOK_SECONDS)
    return Done(request.physical_id)


def read_pool(request: Request) -> Handler:
    """The live properties of a warm pool."""
    name = request.physical_id or request.properties["AutoScalingGroupName"]
    group = {"AutoScalingGroupName": name}
    live = yield from _pool(group)
    if live is None:
        raise gone(POOL, name)
    return Done(name, {}, {**without(live, "Status"), **group})


def _pool(group: Params) -> Steps[Params | None]:
    """The configuration of a group's warm pool, None where there is none, or no group."""
    try:
        answer = yield Invoke(SERVICE, "DescribeWarmPool", group)
    except Fault as fault:
        if _is_missing(fault):
            return None
        raise
    return answer.get("WarmPoolConfiguration")


def create_configuration(request: Request) -> Handler:
    """Create a launch configuration, which never changes."""
    wanted = request.properties
    name = wanted.get("LaunchConfigurationName") or request.name(NAME_LIMIT)
    params = {**without(wanted, "RamDiskId", "InstanceMonitoring"), "LaunchConfigurationName": name}
    if "RamDiskId" in wanted:
        params["RamdiskId"] = wanted["RamDiskId"]
    if "InstanceMonitoring" in wanted:
        params["InstanceMonitoring"] = {"Enabled": wanted["InstanceMonitoring"]}
    yield Invoke(SERVICE, "CreateLaunchConfiguration", params)
    return Done(name)


def delete_configuration(request: Request) -> Handler:
    """Delete a launch configuration."""
    params = {"LaunchConfigurationName": request.physical_id}
    yield from remove(SERVICE, "DeleteLaunchConfiguration", params, _is_missing)
    return Done(request.physical_id)


def read_configuration(request: Request) -> Handler:
    """The live properties of a launch configuration."""
    name = request.physical_id or request.properties["LaunchConfigurationName"]
    params = {"LaunchConfigurationNames": [name]}
    found = yield from _looked_up(
        request, CONFIGURATION, "DescribeLaunchConfigurations", params, "LaunchConfigurations"
    )
    monitored = found.get("InstanceMonitoring", {}).get("Enabled", False)
    return Done(name, {}, {**found, "InstanceMonitoring": monitored})


LAUNCH_CONFIGURATION = ResourceType(
    CONFIGURATION, "runs", create_configuration, delete_configuration, None, read_configuration
)
GROUP_POLICY = ResourceType(POLICY, "runs", put_policy, delete_policy, put_policy, read_policy)
SCHEDULED_ACTION = ResourceType(ACTION, "runs", put_action, delete_action, put_action, read_action)
LIFECYCLE_HOOK = ResourceType(HOOK, "runs", put_hook, delete_hook, put_hook, read_hook)
WARM_POOL = ResourceType(POOL, "runs", put_pool, delete_pool, put_pool, read_pool)
