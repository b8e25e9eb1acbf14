"""Stacks as DescribeStacks and ListStacks show them."""

from typing import Any

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy import configuration, monitoring
from understudy.deploy.change_sets import shown_parameters
from understudy.deploy.options import tag_list
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import GONE, Stack

PAGE_SIZE = 100


def describe_stacks(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """One stack, or all that are not deleted."""
    if params.get("StackName"):
        return {"Stacks": [_stack(service, service.stack(params["StackName"]))]}
    present = sorted(service.present(), key=lambda stack: stack.created_at, reverse=True)
    refused = validation_error("NextToken is invalid")
    shown, token = page(present, params.get("NextToken"), PAGE_SIZE, refused)
    return {"Stacks": [_stack(service, each) for each in shown], "NextToken": token}


def _stack(service: CloudFormation, stack: Stack) -> Params:
    gone = stack.status == GONE
    target = stack.present_target
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": None if gone else stack.change_set_id or None,
        "Description": stack.description or None,
        "Parameters": shown_parameters(service, stack, target) or None,
        "CreationTime": stack.created_at,
        "DeletionTime": stack.deleted_at or None,
        "LastUpdatedTime": stack.updated_at or None,
        "RollbackConfiguration": monitoring.described(target.triggers, target.monitoring_minutes),
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DetailedStatus": configuration.of(stack) or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(target.notification_arns),
        "TimeoutInMinutes": stack.timeout_minutes or None,
        "Capabilities": list(target.capabilities) or None,
        "Outputs": _outputs(service, stack) or None,
        "RoleARN": target.role_arn or None,
        "Tags": tag_list(target.tags),
        "EnableTerminationProtection": None if gone else _is_protected(service, stack),
        "ParentId": stack.parent_id or None,
        "RootId": stack.root_id or None,
        "DriftInformation": _drift(stack),
        "RetainExceptOnCreate": stack.retain_except_on_create or None,
        "DeletionMode": stack.deletion_mode or None,
        "DeploymentConfig": {"Mode": "EXPRESS"} if target.express else None,
        "LastOperations": _operations(stack) or None,
    }


def _is_protected(service: CloudFormation, stack: Stack) -> bool:
    """Whether the stack, or the root of a nested one, is protected from deletion."""
    return service.state.stacks.get(stack.root_id, stack).termination_protection


def _drift(stack: Stack) -> Params:
    checked: dict[str, Any] = {"StackDriftStatus": stack.drift_status}
    if stack.drift_checked_at:
        checked["LastCheckTimestamp"] = stack.drift_checked_at
    return checked


def _operations(stack: Stack) -> list[Params]:
    return [{"OperationType": each.type, "OperationId": each.id} for each in stack.operations]


def _outputs(service: CloudFormation, stack: Stack) -> list[Params]:
    if not stack.outputs.values:
        return []
    declared = service.blueprints.of(stack, stack.target).template.outputs
    return [
        {
            "OutputKey": name,
            "OutputValue": value,
            "Description": (declared[name].description if name in declared else "") or None,
            "ExportName": stack.outputs.names.get(name),
        }
        for name, value in stack.outputs.values.items()
    ]


def list_stacks(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of all stacks, deleted ones included, newest first."""
    wanted = params.get("StackStatusFilter")
    chosen = [
        stack for stack in service.state.stacks.values() if not wanted or stack.status in wanted
    ]
    chosen.sort(key=lambda stack: stack.created_at, reverse=True)
    refused = validation_error("NextToken is invalid")
    shown, token = page(chosen, params.get("NextToken"), PAGE_SIZE, refused)
    summaries = [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "TemplateDescription": stack.description or None,
            "CreationTime": stack.created_at,
            "LastUpdatedTime": stack.updated_at or None,
            "DeletionTime": stack.deleted_at or None,
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason or None,
            "ParentId": stack.parent_id or None,
            "RootId": stack.root_id or None,
            "DriftInformation": _drift(stack),
            "LastOperations": _operations(stack) or None,
        }
        for stack in shown
    ]
    return {"StackSummaries": summaries, "NextToken": token}
