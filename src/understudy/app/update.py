"""An update of the stack in the middle of the traffic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.app.deployment import CAPABILITIES, StackDeployment, message_of
from understudy.app.failures import Failed
from understudy.app.planned_change import planned_change, reviewed
from understudy.app.stacks.living import asking
from understudy.app.templates import CheckedTemplate, checked
from understudy.app.views import ChangeSetView
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic
from understudy.base.quantity import parse_duration
from understudy.control.events import Params
from understudy.control.felt import Operation, operations
from understudy.deploy.rehearsed_failure import token

LOOK_SECONDS = 1.0
"""Real seconds from one look at the stack to the next."""
CHANGE_SET = "understudy-update"
DEFAULT_AT = "10m"


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """The template that the stack is updated to, so many world seconds after traffic begins.

    The resource ``fail`` (a logical id) is made to fail, so that the rollback is rehearsed.
    """

    template: CheckedTemplate
    seconds: float
    fail: str = ""

    def parameters(self, of_stack: Mapping[str, str]) -> dict[str, str]:
        """Those parameters of the stack that the template has too."""
        known = self.template.template.parameters
        return {key: value for key, value in of_stack.items() if key in known}


def planned_update(
    path: Path,
    at: str,
    fail: str,
    parameters: Mapping[str, str],
    problems: list[Diagnostic],
    region: str = DEFAULT_REGION,
) -> PlannedUpdate | None:
    """An update to a template file, ``at`` such as 10m; what is wrong is added to the problems."""
    try:
        seconds = parse_duration(at or DEFAULT_AT)
    except ValueError as error:
        problems.append(Diagnostic(f"--at {at}: {error}", action="write 10m"))
        return None
    template, found = checked(path, parameters, region)
    problems += found
    if template is None:
        return None
    if fail and fail not in template.resources:
        known = ", ".join(sorted(template.resources))
        action = f"name one of its resources: {known}"
        problems.append(Diagnostic(f"--fail {fail} is no resource.", action=action))
    return PlannedUpdate(template, seconds, fail)


@dataclass(slots=True)
class RunningUpdate:
    """An update that is begun when its time has come. ``step`` is called now and then."""

    stack: StackDeployment
    planned: PlannedUpdate
    parameters: Mapping[str, str]
    begun: bool = False
    status: str = ""
    view: ChangeSetView | None = None
    """Its change set, once it has begun."""
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
            self.view = self._begin()
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

    def _begin(self) -> ChangeSetView:
        """Make a change set of the update and execute it."""
        from botocore.exceptions import ClientError

        given = self.planned.parameters(self.parameters)
        api, named = self.stack.client.cloudformation, {"ChangeSetName": CHANGE_SET}
        params: Params = {
            "StackName": self.stack.stack_id,
            "ChangeSetType": "UPDATE",
            "TemplateBody": self.planned.template.text,
            "Capabilities": CAPABILITIES,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
            ],
        }
        execute: Params = {"StackName": self.stack.stack_id, **named}
        if self.planned.fail:
            execute["ClientRequestToken"] = token(self.planned.fail)
        try:
            api.create_change_set(**params, **named)
            view = self._reviewed()
            api.execute_change_set(**execute)
        except ClientError as error:
            raise Failed("The update was refused", [message_of(error)]) from error
        return view

    def _reviewed(self) -> ChangeSetView:
        """The change set, as it is before it is executed. Raises Failed where there is none."""
        pages = self.stack.client.cloudformation.get_paginator("describe_change_set").paginate(
            StackName=self.stack.stack_id, ChangeSetName=CHANGE_SET, IncludePropertyValues=True
        )
        found = list(pages)
        if found[0]["Status"] != "CREATE_COMPLETE":
            raise Failed("The update was refused", [found[0].get("StatusReason", "")])
        changes = [each for page in found for each in page["Changes"]]
        return reviewed(self.stack.name, changes, asking(self.stack.client))

    def _status(self) -> str:
        described = self.stack.client.cloudformation.describe_stacks(StackName=self.stack.stack_id)
        return described["Stacks"][0]["StackStatus"]


def operations_of(
    stack: StackDeployment, since: float, view: ChangeSetView | None
) -> tuple[Operation, ...]:
    """The updates of a live stack since a time; ``view`` is the change set of the one there is."""
    pages = stack.client.cloudformation.get_paginator("describe_stack_events")
    events: list[dict[str, Any]] = [
        {**each, "Timestamp": each["Timestamp"].timestamp()}
        for page in pages.paginate(StackName=stack.stack_id)
        for each in page["StackEvents"]
    ]
    return operations(events, since, [planned_change(view)] if view else ())
