"""The resources of stacks as the Describe and List operations show them."""

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.history import json_text
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import GONE, Stack, StackResource

PAGE_SIZE = 100


def describe_stack_resources(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The resources of a stack, of the one that has a physical id, or one of them."""
    if "StackName" in params:
        stack = service.stack(params["StackName"])
    elif "PhysicalResourceId" in params:
        stack = _owner(service, params["PhysicalResourceId"])
    else:
        raise validation_error("Either StackName or PhysicalResourceId must be specified.")
    wanted = params.get("LogicalResourceId")
    if wanted is not None and wanted not in stack.resources:
        raise _missing(wanted, params.get("StackName", stack.name))
    return {
        "StackResources": [
            {
                "StackName": stack.name,
                "StackId": stack.id,
                **_resource(resource),
                "Timestamp": resource.updated_at,
            }
            for resource in stack.resources.values()
            if wanted in (None, resource.logical_id)
        ]
    }


def _owner(service: CloudFormation, physical_id: str) -> Stack:
    for stack in service.present():
        for resource in stack.resources.values():
            if resource.physical_id == physical_id:
                return stack
    raise validation_error(f"Stack for {physical_id} does not exist")


def _missing(logical_id: str, stack_name: str) -> Exception:
    return validation_error(f"Resource {logical_id} does not exist for stack {stack_name}")


def describe_stack_resource(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """One resource with its metadata. Recorded: one that has been deleted does not exist."""
    name: str = params["StackName"]
    stack = service.find(name)
    if stack is None:
        raise validation_error(f"Stack '{name}' does not exist")
    resource = stack.resources.get(params["LogicalResourceId"])
    if resource is None or (resource.status == GONE and stack.status != GONE):
        raise _missing(params["LogicalResourceId"], name)
    detail: Params = {
        "StackName": stack.name,
        "StackId": stack.id,
        **_resource(resource),
        "LastUpdatedTimestamp": resource.updated_at,
        "Metadata": json_text(resource.metadata or {}),
    }
    return {"StackResourceDetail": detail}


def _resource(resource: StackResource) -> Params:
    drift = resource.drift
    checked: Params = {"StackResourceDriftStatus": drift.status if drift else "NOT_CHECKED"}
    if drift is not None:
        checked["LastCheckTimestamp"] = drift.at
    return {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": checked,
    }


def list_stack_resources(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of a stack's resources, 100 a page."""
    stack = service.stack(params["StackName"])
    refused = validation_error("NextToken is invalid")
    shown, token = page(list(stack.resources.values()), params.get("NextToken"), PAGE_SIZE, refused)
    summaries = [{**_resource(each), "LastUpdatedTimestamp": each.updated_at} for each in shown]
    return {"StackResourceSummaries": summaries, "NextToken": token}


def recorded_resource(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A resource of some stack by its type and its name: for handlers of others that refer to it.

    A physical id of several parts is found by the last of them, too.
    """
    kind, name = params["Type"], params["Name"]
    for stack in service.present():
        for each in stack.resources.values():
            names = (each.physical_id, each.physical_id.rpartition("|")[2])
            if each.type == kind and each.was_made and name in names:
                return {"Found": True, "Properties": each.properties}
    return {"Found": False}
