"""The story of one stack in virtual time: what is asked of it, and its events as lines of text.

An event is ``stack CREATE_COMPLETE`` or ``A CREATE_IN_PROGRESS A1 Resource creation Initiated``:
physical ids are numbered in the order in which they come up.
"""

import json
import re
from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.things import THING

LONG = 100_000.0
_NOISE = re.compile(r"(RequestToken|Request ID): [0-9a-f-]{36}")


def thing(**properties: Any) -> Params:
    """A thing for a template; ``_DependsOn`` and the like are attributes of the resource."""
    attributes = {k[1:]: properties.pop(k) for k in list(properties) if k.startswith("_")}
    return {"Type": THING, "Properties": properties, **attributes}


def template(resources: Params, **sections: Any) -> str:
    """The body of a template."""
    return json.dumps({"Resources": resources, **sections})


class StackStory:
    """One stack of an account, by its name."""

    def __init__(self, account: Account, name: str = "app") -> None:
        self.account = account
        self.name = name
        self.id = ""
        self._seen = 0
        self._numbers: dict[str, dict[str, str]] = {}

    def call(self, operation: str, /, **params: Any) -> Params:
        """Call a CloudFormation operation on the stack. Raises Fault."""
        return self.account.call("cloudformation", operation, StackName=self.name, **params)

    def ask(self, operation: str, /, **params: Any) -> Params:
        """Call an operation that only reads; a stack that is gone is asked for by its ARN."""
        name = self.id or self.name
        return self.account.ask("cloudformation", operation, StackName=name, **params)

    def create(
        self, resources: Params, *, run: float = LONG, sections: Any = (), **more: Any
    ) -> str:
        """Create the stack and let time pass; give its status."""
        body = template(resources, **dict(sections))
        self.id = self.call("CreateStack", TemplateBody=body, **more)["StackId"]
        return self.run(run)

    def update(
        self, resources: Params, *, run: float = LONG, sections: Any = (), **more: Any
    ) -> str:
        """Update the stack and let time pass; give its status."""
        self.call("UpdateStack", TemplateBody=template(resources, **dict(sections)), **more)
        return self.run(run)

    def delete(self, *, run: float = LONG, **more: Any) -> str:
        """Delete the stack and let time pass; give its status."""
        self.call("DeleteStack", **more)
        return self.run(run)

    def run(self, seconds: float) -> str:
        """Let time pass; give the stack's status."""
        self.account.run(seconds)
        return self.status

    @property
    def status(self) -> str:
        """The stack's status now."""
        return self.described["StackStatus"]

    @property
    def described(self) -> Params:
        """The stack as DescribeStacks gives it, without members that are absent."""
        stack = self.ask("DescribeStacks")["Stacks"][0]
        return {key: value for key, value in stack.items() if value is not None}

    @property
    def resources(self) -> dict[str, str]:
        """The status of every resource by its logical id."""
        found = self.ask("DescribeStackResources")["StackResources"]
        return {each["LogicalResourceId"]: each["ResourceStatus"] for each in found}

    def physical(self, logical_id: str) -> str:
        """The physical id of a resource."""
        found = self.ask("DescribeStackResources", LogicalResourceId=logical_id)
        return found["StackResources"][0]["PhysicalResourceId"]

    def all_events(self) -> list[Params]:
        """All events as the API gives them, oldest first."""
        events: list[Params] = []
        token = None
        while True:
            page = self.ask("DescribeStackEvents", **({"NextToken": token} if token else {}))
            events += page["StackEvents"]
            token = page.get("NextToken")
            if not token:
                return events[::-1]

    def events(self) -> list[str]:
        """The events since the last look, oldest first, as lines."""
        found = self.all_events()
        lines = [self._line(each) for each in found]
        new, self._seen = lines[self._seen :], len(lines)
        return new

    def _line(self, event: Params) -> str:
        reason = _NOISE.sub(r"\1: <id>", event.get("ResourceStatusReason") or "")
        if event["PhysicalResourceId"] == event["StackId"]:
            return f"stack {event['ResourceStatus']} {reason}".rstrip()
        name = event["LogicalResourceId"]
        known = self._numbers.setdefault(name, {})
        physical = event["PhysicalResourceId"]
        number = known.setdefault(physical, f"{name}{len(known) + 1}") if physical else ""
        parts = [name, event["ResourceStatus"], number, reason]
        return " ".join(part for part in parts if part)


def message(account: Account, operation: str, /, **params: Any) -> str:
    """The code and the message with which an operation is refused."""
    try:
        account.call("cloudformation", operation, **params)
    except Fault as fault:
        return f"{fault.code}: {fault.message}"
    raise AssertionError(f"{operation} was not refused")
