"""StackSets, their instances and operations as the Describe and List operations give them."""

from collections.abc import Sequence
from typing import TypeVar

from understudy.base.fault import validation_error
from understudy.cloudformation.parameters import MASK
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.options import tag_list
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack_sets.definition import declared_in
from understudy.deploy.stack_sets.instances import find_operation, no_instance
from understudy.deploy.stack_sets.running import arn_of
from understudy.deploy.stack_sets.sets import find
from understudy.deploy.stack_sets.state import Instance, Result, SetOperation, StackSet, key_of

PAGE_SIZE = 100
MODEL = "SELF_MANAGED"
Item = TypeVar("Item")


def _page(items: Sequence[Item], params: Params) -> tuple[list[Item], str | None]:
    refused = validation_error("NextToken is invalid")
    return page(items, params.get("NextToken"), params.get("MaxResults", PAGE_SIZE), refused)


def describe_stack_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A StackSet with its template."""
    stack_set = find(service, params)
    definition = stack_set.definition
    secrets = {name for name, each in declared_in(definition.body).items() if each.no_echo}
    parameters = {
        name: MASK if name in secrets else text for name, text in definition.parameters.items()
    }
    return {
        "StackSet": {
            "StackSetName": stack_set.name,
            "StackSetId": stack_set.id,
            "Description": stack_set.description or None,
            "Status": stack_set.status,
            "TemplateBody": definition.body,
            "Parameters": _parameters(parameters),
            "Capabilities": list(definition.capabilities),
            "Tags": tag_list(definition.tags),
            "StackSetARN": arn_of(stack_set, turn),
            "AdministrationRoleARN": stack_set.roles.administration,
            "ExecutionRoleName": stack_set.roles.execution,
            "StackSetDriftDetectionDetails": _detection(stack_set),
            "OrganizationalUnitIds": [],
            "PermissionModel": MODEL,
            "ManagedExecution": {"Active": stack_set.managed},
            "Regions": list(dict.fromkeys(each.region for each in stack_set.instances.values())),
        }
    }


def _parameters(texts: dict[str, str]) -> list[Params]:
    return [{"ParameterKey": name, "ParameterValue": text} for name, text in texts.items()]


def list_stack_sets(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of the StackSets of the region."""
    wanted = params.get("Status")
    found = [each for each in service.state.sets.sets.values() if wanted in (None, each.status)]
    shown, token = _page(found, params)
    return {"Summaries": [_summary(each) for each in shown], "NextToken": token}


def _summary(stack_set: StackSet) -> Params:
    detection = _detection(stack_set)
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "Description": stack_set.description or None,
        "Status": stack_set.status,
        "PermissionModel": MODEL,
        "DriftStatus": detection["DriftStatus"],
        "LastDriftCheckTimestamp": detection["LastDriftCheckTimestamp"],
        "ManagedExecution": {"Active": stack_set.managed},
    }


def _detection(stack_set: StackSet, operation: SetOperation | None = None) -> Params:
    """StackSetDriftDetectionDetails of an operation, or of the last that has looked for drift."""
    known = [each for each in stack_set.operations.values() if each.verb == "DETECT_DRIFT"]
    operation = operation or (known[-1] if known else None)
    results = operation.results if operation else []
    drifts = [each.drift for each in results]
    status = "DRIFTED" if "DRIFTED" in drifts else "IN_SYNC" if any(drifts) else "NOT_CHECKED"
    return {
        "DriftStatus": status,
        "DriftDetectionStatus": _detection_status(operation) if operation else None,
        "LastDriftCheckTimestamp": (operation.ended_at or None) if operation else None,
        "TotalStackInstancesCount": len(results),
        "DriftedStackInstancesCount": drifts.count("DRIFTED"),
        "InSyncStackInstancesCount": drifts.count("IN_SYNC"),
        "InProgressStackInstancesCount": sum(
            each.status in ("PENDING", "RUNNING") for each in results
        ),
        "FailedStackInstancesCount": _failed(results),
    }


def _detection_status(operation: SetOperation) -> str:
    if operation.is_open:
        return "IN_PROGRESS"
    if operation.status == "SUCCEEDED":
        return "PARTIAL_SUCCESS" if _failed(operation.results) else "COMPLETED"
    return operation.status


def _failed(results: Sequence[Result]) -> int:
    return sum(each.status == "FAILED" for each in results)


def describe_stack_instance(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A stack instance. Raises StackInstanceNotFoundException."""
    stack_set, instance = _instance(service, params)
    return {
        "StackInstance": {
            **_instance_summary(stack_set, instance),
            "ParameterOverrides": _parameters(instance.overrides),
        }
    }


def _instance(service: CloudFormation, params: Params) -> tuple[StackSet, Instance]:
    stack_set = find(service, params)
    place = params["StackInstanceAccount"], params["StackInstanceRegion"]
    instance = stack_set.instances.get(key_of(*place))
    if instance is None:
        raise no_instance(stack_set, *place)
    return stack_set, instance


def list_stack_instances(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of the stack instances that fit every filter."""
    stack_set = find(service, params)
    shown, token = _page([i for i in stack_set.instances.values() if _fits(i, params)], params)
    return {"Summaries": [_instance_summary(stack_set, i) for i in shown], "NextToken": token}


def _fits(instance: Instance, params: Params) -> bool:
    values = {
        "DETAILED_STATUS": instance.detailed,
        "LAST_OPERATION_ID": instance.operation_id,
        "DRIFT_STATUS": instance.drift,
    }
    return (
        params.get("StackInstanceAccount") in (None, instance.account)
        and params.get("StackInstanceRegion") in (None, instance.region)
        and all(values[each["Name"]] == each["Values"] for each in params.get("Filters", []))
    )


def _instance_summary(stack_set: StackSet, instance: Instance) -> Params:
    return {
        "StackSetId": stack_set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": instance.stack_id or None,
        "Status": instance.status,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed},
        "StatusReason": instance.reason or None,
        "OrganizationalUnitId": "",
        "DriftStatus": instance.drift,
        "LastDriftCheckTimestamp": instance.drift_at or None,
        "LastOperationId": instance.operation_id,
    }


def describe_operation(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """An operation on a StackSet. Raises OperationNotFoundException."""
    stack_set, operation = find_operation(service, params)
    drift = operation.verb == "DETECT_DRIFT"
    roles = operation.roles or stack_set.roles
    return {
        "StackSetOperation": {
            **_operation_summary(operation),
            "StackSetId": stack_set.id,
            "RetainStacks": operation.retain if operation.verb == "DELETE" else None,
            "AdministrationRoleARN": roles.administration,
            "ExecutionRoleName": roles.execution,
            "DeploymentTargets": operation.request.get("DeploymentTargets"),
            "StackSetDriftDetectionDetails": _detection(stack_set, operation) if drift else None,
        }
    }


def list_operations(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of the operations on a StackSet, the latest first."""
    operations = list(find(service, params).operations.values())[::-1]
    shown, token = _page(operations, params)
    return {"Summaries": [_operation_summary(each) for each in shown], "NextToken": token}


def _operation_summary(operation: SetOperation) -> Params:
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created_at,
        "EndTimestamp": operation.ended_at or None,
        "OperationPreferences": operation.preferences,
        "StatusDetails": {"FailedStackInstancesCount": _failed(operation.results)},
    }


def list_results(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What an operation has done to each stack instance."""
    _, operation = find_operation(service, params)
    wanted = [each["Values"] for each in params.get("Filters", [])]
    found = [each for each in operation.results if all(each.status == w for w in wanted)]
    shown, token = _page(found, params)
    return {"Summaries": [_result(each) for each in shown], "NextToken": token}


def _result(result: Result) -> Params:
    gate = result.gate and {"Status": result.gate[0], "StatusReason": result.gate[1] or None}
    return {
        "Account": result.account,
        "Region": result.region,
        "Status": result.status,
        "StatusReason": result.reason or None,
        "AccountGateResult": gate,
        "OrganizationalUnitId": "",
    }


def list_resource_drifts(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The drift of the resources of a stack instance, as a detection on the set has found it."""
    _instance(service, params)
    _, operation = find_operation(service, params)
    place = params["StackInstanceAccount"], params["StackInstanceRegion"]
    wanted: list[str] = params.get("StackInstanceResourceDriftStatuses", [])
    found = [
        drift
        for result in operation.results
        if (result.account, result.region) == place
        for drift in result.drifts
        if not wanted or drift["StackResourceDriftStatus"] in wanted
    ]
    shown, token = _page(found, params)
    return {"Summaries": shown, "NextToken": token}


def describe_organizations_access(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Whether StackSets may work in the accounts of an organization: there is none."""
    return {"Status": "DISABLED"}
