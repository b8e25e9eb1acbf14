"""An update of the stack in the middle of the traffic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.app.deployment import CAPABILITIES, StackDeployment, message_of
from understudy.app.failures import Failed
from understudy.app.templates import CheckedTemplate
from understudy.control.events import Params
from understudy.control.felt import Operation, operations
from understudy.deploy.rehearsed_failure import token

LOOK_SECONDS = 1.0
"""Real seconds from one look at the stack to the next."""
NOTHING = "No updates are to be performed"


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """The template that the stack is updated to, so many world seconds after traffic begins.

    The resource ``fail`` (a logical id) is made to fail, so that the rollback is rehearsed.
    """

    template: CheckedTemplate
    parameters: Mapping[str, str]
    seconds: float
    fail: str = ""


@dataclass(slots=True)
class RunningUpdate:
    """An update that is begun when its time has come. ``step`` is called now and then."""

    stack: StackDeployment
    planned: PlannedUpdate
    parameters: Mapping[str, str]
    begun: bool = False
    status: str = ""
    looked_at: float = field(default=float("-inf"))

    def step(self, elapsed: float, real: float) -> str:
        """Begin, or look how far it is; what there is to say of it, mostly nothing.

        ``elapsed`` are world seconds since the traffic began, ``real`` is a clock in seconds.
        Raises Failed where CloudFormation refuses the update.
        """
        if not self.begun:
            if elapsed < self.planned.seconds:
                return ""
            self.begun = True
            self._begin()
            return f"Updating the stack to {self.planned.template.path}."
        if self.is_over or real < self.looked_at + LOOK_SECONDS:
            return ""
        self.looked_at = real
        self.status = self._status()
        return f"Stack {self.stack.name}: {self.status}." if self.is_over else ""

    @property
    def is_over(self) -> bool:
        """Whether the stack changes no more."""
        return bool(self.status) and not self.status.endswith("IN_PROGRESS")

    def _begin(self) -> None:
        from botocore.exceptions import ClientError

        given = {**self.parameters, **self.planned.parameters}
        known = self.planned.template.template.parameters
        params: Params = {
            "StackName": self.stack.stack_id,
            "TemplateBody": self.planned.template.text,
            "Capabilities": CAPABILITIES,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in given.items()
                if key in known
            ],
        }
        if self.planned.fail:
            params["ClientRequestToken"] = token(self.planned.fail)
        try:
            self.stack.client.cloudformation.update_stack(**params)
        except ClientError as error:
            raise Failed("The update was refused", [message_of(error)]) from error

    def _status(self) -> str:
        described = self.stack.client.cloudformation.describe_stacks(StackName=self.stack.stack_id)
        return described["Stacks"][0]["StackStatus"]


def operations_of(stack: StackDeployment, since: float) -> tuple[Operation, ...]:
    """The updates of a live stack since a time."""
    pages = stack.client.cloudformation.get_paginator("describe_stack_events")
    events: list[dict[str, Any]] = [
        {**each, "Timestamp": each["Timestamp"].timestamp()}
        for page in pages.paginate(StackName=stack.stack_id)
        for each in page["StackEvents"]
    ]
    return operations(events, since)
