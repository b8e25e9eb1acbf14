"""Hooks that were invoked for change sets and stacks. None can be registered, so there are none.

AWS: DescribeChangeSetHooks; ListHookResults; GetHookResult.
"""

from understudy.base.fault import Fault, validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.change_sets import find_change_set
from understudy.deploy.service import CloudFormation


def describe_change_set_hooks(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The hooks that a change set will invoke. Raises ChangeSetNotFound."""
    stack, record = find_change_set(service, params, executed=True)
    return {
        "ChangeSetId": record.id,
        "ChangeSetName": record.name,
        "Hooks": [],
        "Status": "UNAVAILABLE" if record.status == "FAILED" else "PLANNED",
        "StackId": stack.id,
        "StackName": stack.name,
    }


def list_hook_results(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What hooks have said of a target. Raises ValidationError for half a target."""
    kind, target = params.get("TargetType"), params.get("TargetId")
    if (kind is None) != (target is None):
        raise validation_error("TargetType and TargetId must be specified together.")
    return {"TargetType": kind, "TargetId": target, "HookResults": []}


def get_hook_result(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What one invocation of a hook has said. Raises HookResultNotFound."""
    name: str = params.get("HookResultId", "")
    raise Fault("HookResultNotFound", f"Hook result {name} does not exist", 404)
