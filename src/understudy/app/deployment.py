"""Deploying a template through the CloudFormation API alone: change set, review, execution."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.app.client import Client
from understudy.app.failures import Failed
from understudy.app.invalid_changes import found_in
from understudy.app.views import (
    ChangeSetView,
    DeploymentView,
    PropertyChange,
    ResourceChange,
    ResourceProgress,
)
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cloudformation.graph import dependencies
from understudy.cloudformation.template import Template
from understudy.resources.registry import fidelity

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
LOOK_SECONDS = 0.1
CHANGE_SET = "understudy-rehearsal"


@dataclass(slots=True)
class StackDeployment:
    """One stack at one endpoint. ``stack_id`` is empty until it has been made."""

    client: Client
    name: str
    template: Template
    stack_id: str = ""

    def refuse_existing(self) -> None:
        """Raise InvalidInput where there is a stack of that name already."""
        from botocore.exceptions import ClientError

        try:
            found = self.client.cloudformation.describe_stacks(StackName=self.name)
        except ClientError:
            return
        status = found["Stacks"][0]["StackStatus"]
        raise InvalidInput(
            (
                Diagnostic(
                    f"There is a stack {self.name} at {self.client.endpoint} already ({status}).",
                    action="choose another name with --stack-name, or delete that stack",
                ),
            )
        )

    def adopt(self, body: str) -> tuple[str, float]:
        """Take the stack of that name that is there; its status, and when it was created.

        Raises InvalidInput where there is none, it is not complete, or it has another template.
        """
        from botocore.exceptions import ClientError

        api = self.client.cloudformation
        try:
            found = api.describe_stacks(StackName=self.name)["Stacks"][0]
            own = api.get_template(StackName=self.name)["TemplateBody"]
        except ClientError as error:
            raise InvalidInput((Diagnostic(message_of(error)),)) from error
        status, problems = found["StackStatus"], list[Diagnostic]()
        if not status.endswith("_COMPLETE"):
            action = "wait until its operation is over"
            problems.append(Diagnostic(f"Stack {self.name} is {status}.", action=action))
        if own != (body if isinstance(own, str) else json.loads(body)):
            problems.append(
                Diagnostic(
                    f"Stack {self.name} has another template than the one given.",
                    action="give the template that it has: aws cloudformation get-template",
                )
            )
        if problems:
            raise InvalidInput(tuple(problems))
        self.stack_id = found["StackId"]
        return status, found["CreationTime"].timestamp()

    def plan(self, body: str, parameters: Mapping[str, str]) -> ChangeSetView:
        """Make a change set and give it as it is to be reviewed.

        Raises InvalidInput where CloudFormation refuses it.
        """
        from botocore.exceptions import ClientError

        api = self.client.cloudformation
        try:
            made = api.create_change_set(
                StackName=self.name,
                ChangeSetName=CHANGE_SET,
                ChangeSetType="CREATE",
                TemplateBody=body,
                Capabilities=CAPABILITIES,
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value}
                    for key, value in parameters.items()
                ],
            )
            self.stack_id = made["StackId"]
            described = api.describe_change_set(
                StackName=self.name, ChangeSetName=CHANGE_SET, IncludePropertyValues=True
            )
        except ClientError as error:
            raise InvalidInput((Diagnostic(message_of(error)),)) from error
        if described["Status"] != "CREATE_COMPLETE":
            raise InvalidInput(found_in(api, described))
        changes = tuple(_change(each["ResourceChange"]) for each in described["Changes"])
        return ChangeSetView(self.name, "CREATE", changes)

    def execute(self, show: Callable[[DeploymentView], None]) -> str:
        """Execute the change set and show its progress; give the stack's final status.

        Raises Failed where the stack is not complete in the end.
        """
        self.client.cloudformation.execute_change_set(
            StackName=self.stack_id, ChangeSetName=CHANGE_SET
        )
        status = self._follow(show)
        if status != "CREATE_COMPLETE":
            raise Failed(f"Stack {self.name}: {status}", self.causes())
        return status

    def delete(self, show: Callable[[DeploymentView], None], *, patient: Callable[[], bool]) -> str:
        """Delete the stack and wait until it is gone; its last status.

        It is waited for as long as ``patient`` says so. A stack that was never made is gone.
        """
        if not self.stack_id:
            return "DELETE_COMPLETE"
        self.client.cloudformation.delete_stack(StackName=self.stack_id)
        return self._follow(show, "DELETE", patient)

    def physical_ids(self, resource_type: str) -> list[str]:
        """The physical ids of the stack's resources of a type."""
        found = self.client.cloudformation.describe_stack_resources(StackName=self.stack_id)
        return [
            each["PhysicalResourceId"]
            for each in found["StackResources"]
            if each["ResourceType"] == resource_type
        ]

    def causes(self) -> list[str]:
        """Why resources failed, the first cause first; cancelled ones are left out."""
        pages = self.client.cloudformation.get_paginator("describe_stack_events")
        events = [
            each for page in pages.paginate(StackName=self.stack_id) for each in page["StackEvents"]
        ]
        return [
            f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
            for each in reversed(events)
            if each["ResourceStatus"].endswith("_FAILED")
            and each["ResourceType"] != "AWS::CloudFormation::Stack"
            and "cancelled" not in each.get("ResourceStatusReason", "cancelled")
        ]

    def _follow(
        self,
        show: Callable[[DeploymentView], None],
        verb: str = "",
        patient: Callable[[], bool] = lambda: True,
    ) -> str:
        while True:
            view = self._view(verb)
            show(view)
            if not view.stack_status.endswith("IN_PROGRESS") or not patient():
                return view.stack_status
            time.sleep(LOOK_SECONDS)

    def _view(self, verb: str) -> DeploymentView:
        """The stack now. With a verb only statuses of that verb count; the rest still waits."""
        api = self.client.cloudformation
        described = api.describe_stacks(StackName=self.stack_id)["Stacks"][0]
        resources = api.describe_stack_resources(StackName=self.stack_id)["StackResources"]
        statuses = {
            each["LogicalResourceId"]: each
            for each in resources
            if each["ResourceStatus"].startswith(verb)
        }
        needs = dependencies(self.template)
        began = described.get("DeletionTime", described["CreationTime"])
        return DeploymentView(
            stack_name=self.name,
            stack_status=described["StackStatus"],
            at=self.client.clock.now(),
            started_at=began.timestamp(),
            resources=tuple(
                _progress(name, resource.type, statuses, needs[name])
                for name, resource in self.template.resources.items()
            ),
        )


def message_of(error: Any) -> str:
    """What AWS answered, of a botocore ClientError."""
    return str(error.response.get("Error", {}).get("Message", error))


def _progress(
    name: str, kind: str, statuses: Mapping[str, Any], needs: Mapping[str, Any]
) -> ResourceProgress:
    seen = statuses.get(name)
    if seen is None:
        waiting = tuple(
            need
            for need in needs
            if need not in statuses or not statuses[need]["ResourceStatus"].endswith("COMPLETE")
        )
        return ResourceProgress(name, kind, "", 0.0, waits_for=waiting)
    return ResourceProgress(
        name,
        kind,
        seen["ResourceStatus"],
        seen["Timestamp"].timestamp(),
        seen.get("ResourceStatusReason", ""),
    )


def _change(change: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        resource_type=change["ResourceType"],
        fidelity=fidelity(change["ResourceType"]),
        replacement="" if change["Action"] == "Add" else change.get("Replacement", ""),
        properties=tuple(
            PropertyChange(
                path=detail["Target"].get("Path", detail["Target"].get("Name", "")),
                before=detail["Target"].get("BeforeValue"),
                after=detail["Target"].get("AfterValue"),
                recreation=detail["Target"].get("RequiresRecreation", "Never"),
            )
            for detail in change.get("Details", [])
        ),
    )
