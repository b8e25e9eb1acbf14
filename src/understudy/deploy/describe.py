"""What the Describe, List and Get operations of CloudFormation show."""

from understudy.base.fault import validation_error
from understudy.cloudformation import capabilities
from understudy.cloudformation.check import check
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.change_sets import find_change_set, shown_parameters
from understudy.deploy.history import json_text
from understudy.deploy.phases import GONE
from understudy.deploy.prepare import readable, refuse, template_body
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Stack, StackEvent, StackResource

PAGE_SIZE = 100
NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}
RESOURCE_NOT_CHECKED = {"StackResourceDriftStatus": "NOT_CHECKED"}


def describe_stacks(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """One stack, or all that are not deleted."""
    if params.get("StackName"):
        return {"Stacks": [_stack(service, service.stack(params["StackName"]))]}
    present = [each for each in service.state.stacks.values() if each.status != GONE]
    present.sort(key=lambda stack: stack.created_at, reverse=True)
    refused = validation_error("NextToken is invalid")
    shown, token = page(present, params.get("NextToken"), PAGE_SIZE, refused)
    return {"Stacks": [_stack(service, each) for each in shown], "NextToken": token}


def _stack(service: CloudFormation, stack: Stack) -> Params:
    gone = stack.status == GONE
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": None if gone else stack.change_set_id or None,
        "Description": stack.description or None,
        "Parameters": _parameters(service, stack),
        "CreationTime": stack.created_at,
        "DeletionTime": stack.deleted_at or None,
        "LastUpdatedTime": stack.updated_at or None,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(stack.target.notification_arns),
        "TimeoutInMinutes": stack.timeout_minutes or None,
        "Capabilities": list(stack.target.capabilities) or None,
        "Outputs": _outputs(service, stack),
        "RoleARN": stack.target.role_arn or None,
        "Tags": [{"Key": k, "Value": v} for k, v in stack.target.tags.items()],
        "EnableTerminationProtection": None if gone else stack.termination_protection,
        "ParentId": stack.parent_id or None,
        "RootId": stack.root_id or None,
        "DriftInformation": NOT_CHECKED,
    }


def _parameters(service: CloudFormation, stack: Stack) -> list[Params] | None:
    if not stack.target.supplied:
        return None
    return shown_parameters(service, stack, stack.target)


def _outputs(service: CloudFormation, stack: Stack) -> list[Params] | None:
    if not stack.outputs:
        return None
    declared = service.blueprints.of(stack, stack.target).template.outputs
    return [
        {
            "OutputKey": name,
            "OutputValue": value,
            "Description": declared[name].description or None,
            "ExportName": stack.export_names.get(name),
        }
        for name, value in stack.outputs.items()
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
            "DriftInformation": NOT_CHECKED,
        }
        for stack in shown
    ]
    return {"StackSummaries": summaries, "NextToken": token}


def describe_stack_events(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A stack's events, newest first, 100 a page."""
    stack = service.bracketed(params["StackName"])
    refused = validation_error("NextToken is invalid")
    newest_first = stack.events[::-1]
    shown, token = page(newest_first, params.get("NextToken"), PAGE_SIZE, refused)
    return {"StackEvents": [_event(stack, each) for each in shown], "NextToken": token}


def _event(stack: Stack, event: StackEvent) -> Params:
    return {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "OperationId": event.operation_id or None,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "ResourceProperties": event.properties or None,
        "ClientRequestToken": event.token or None,
    }


def describe_stack_resources(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The resources of a stack, of the one that has a physical id, or one of them."""
    if "StackName" in params:
        stack = service.stack(params["StackName"])
    elif "PhysicalResourceId" in params:
        stack = _owner(service, params["PhysicalResourceId"])
    else:
        raise validation_error("Either StackName or PhysicalResourceId must be specified.")
    wanted = params.get("LogicalResourceId")
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
    for stack in service.state.stacks.values():
        for resource in stack.resources.values():
            if resource.physical_id == physical_id and stack.status != GONE:
                return stack
    raise validation_error(f"Stack for {physical_id} does not exist")


def describe_stack_resource(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """One resource with its metadata."""
    name: str = params["StackName"]
    stack = service.find(name)
    if stack is None:
        raise validation_error(f"Stack '{name}' does not exist")
    resource = stack.resources.get(params["LogicalResourceId"])
    if resource is None:
        raise validation_error(
            f"Resource {params['LogicalResourceId']} does not exist for stack {name}"
        )
    detail: Params = {
        "StackName": stack.name,
        "StackId": stack.id,
        **_resource(resource),
        "LastUpdatedTimestamp": resource.updated_at,
        "Metadata": json_text(resource.metadata or {}),
    }
    return {"StackResourceDetail": detail}


def _resource(resource: StackResource) -> Params:
    return {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": RESOURCE_NOT_CHECKED,
    }


def list_stack_resources(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of a stack's resources, 100 a page."""
    stack = service.stack(params["StackName"])
    refused = validation_error("NextToken is invalid")
    shown, token = page(list(stack.resources.values()), params.get("NextToken"), PAGE_SIZE, refused)
    summaries = [{**_resource(each), "LastUpdatedTimestamp": each.updated_at} for each in shown]
    return {"StackResourceSummaries": summaries, "NextToken": token}


def get_template(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The template as it was submitted, to the byte."""
    if "ChangeSetName" in params:
        _, record = find_change_set(service, params)
        body = record.target.body
    elif "StackName" in params:
        stack = service.stack(params["StackName"])
        body = stack.target.body
    else:
        raise validation_error("StackName is required if ChangeSetName is not specified.")
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


def get_template_summary(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What a template declares and needs."""
    if "StackName" in params:
        stack = service.stack(params["StackName"])
        if stack.status == "REVIEW_IN_PROGRESS":
            raise validation_error(
                "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
            )
        body = stack.target.body
    else:
        body = template_body(params, None)
    template = readable(body)
    needs = capabilities.required(template)
    return {
        **_declared(body),
        "ResourceTypes": sorted({each.type for each in template.resources.values()}),
        "Capabilities": list(needs) or None,
        "CapabilitiesReason": _capabilities_reason(needs),
        "Version": "2010-09-09",
    }


def validate_template(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Check a template without parameters."""
    body = template_body(params, None)
    template = readable(body)
    refuse(check(template, service.schemas))
    needs = capabilities.required(template)
    return {
        **_declared(body),
        "Capabilities": list(needs) or None,
        "CapabilitiesReason": _capabilities_reason(needs),
    }


def _declared(body: str) -> Params:
    template = readable(body)
    return {
        "Description": template.description or None,
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": "****" if each.no_echo and each.default else each.default,
                "ParameterType": each.type,
                "NoEcho": each.no_echo,
                "Description": each.description or None,
                "ParameterConstraints": {"AllowedValues": list(each.allowed_values)}
                if each.allowed_values
                else {},
            }
            for name, each in template.parameters.items()
        ],
    }


def _capabilities_reason(needs: dict[str, list[str]]) -> str | None:
    if not needs:
        return None
    names = ", ".join(name for names in needs.values() for name in names)
    return f"The following resource(s) require capabilities: [{names}]"
