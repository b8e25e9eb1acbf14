"""The story of one StackSet in virtual time: roles, operations, instances as lines of text."""

import json
from typing import Any

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Call, Params
from understudy.deploy.stack_sets.state import ADMINISTRATION_ROLE, EXECUTION_ROLE
from understudy.testing.account import Account
from understudy.testing.stack_story import LONG, template
from understudy.testing.things import Things

ADMINISTRATION_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ADMINISTRATION_ROLE}"


class ThingsAndRoles(Things):
    """Things, and the trust policies of IAM's roles by name."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: dict[str, str] = {}

    def answer(self, call: Call) -> Params:
        """Perform a call. Raises Fault."""
        if call.service != "iam":
            return super().answer(call)
        name = call.params["RoleName"]
        if name not in self.roles:
            message = f"The role with name {name} cannot be found."
            raise Fault("NoSuchEntity", message, 404)
        return {"Role": {"RoleName": name, "AssumeRolePolicyDocument": self.roles[name]}}

    def grant(self) -> None:
        """Create both roles of self-managed permissions, with the names that AWS expects."""
        self.roles = {
            ADMINISTRATION_ROLE: trust("Service", "cloudformation.amazonaws.com"),
            EXECUTION_ROLE: trust("AWS", ADMINISTRATION_ARN),
        }


def trust(kind: str, principal: str) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {kind: principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class SetStory:
    """A StackSet of an account, by its name."""

    def __init__(self, account: Account, name: str = "fleet") -> None:
        self.account = account
        self.name = name

    def call(self, operation: str, /, **params: Any) -> Params:
        """Call an operation on the set. Raises Fault."""
        return self.account.call("cloudformation", operation, StackSetName=self.name, **params)

    def ask(self, operation: str, /, **params: Any) -> Params:
        """Call an operation that only reads. Raises Fault."""
        return self.account.ask("cloudformation", operation, StackSetName=self.name, **params)

    def create(self, resources: Params, *, sections: Any = (), **more: Any) -> str:
        """Create the set; give its id."""
        body = template(resources, **dict(sections))
        return self.call("CreateStackSet", TemplateBody=body, **more)["StackSetId"]

    def perform(self, operation: str, /, *, run: float = LONG, **params: Any) -> str:
        """Begin an operation and let time pass; give its status."""
        identity = self.call(operation, **params)["OperationId"]
        self.account.run(run)
        return self.status(identity)

    def deploy(self, *regions: str, **more: Any) -> str:
        """Create stack instances in this account and let time pass; give the operation's status."""
        targets: Params = {"Accounts": [ACCOUNT], "Regions": list(regions), **more}
        return self.perform("CreateStackInstances", **targets)

    def status(self, operation: str) -> str:
        """The status of an operation."""
        found = self.ask("DescribeStackSetOperation", OperationId=operation)
        return found["StackSetOperation"]["Status"]

    def instances(self) -> list[str]:
        """The stack instances as lines: region, status, detailed status, reason."""
        found = self.ask("ListStackInstances")["Summaries"]
        return [
            f"{each['Region']} {each['Status']} {each['StackInstanceStatus']['DetailedStatus']} "
            f"{each['StatusReason'] or ''}".rstrip()
            for each in found
        ]

    def results(self, operation: str | None = None) -> list[str]:
        """What an operation, the last one unless it is named, has done: region, status, reason."""
        latest = self.ask("ListStackSetOperations")["Summaries"][0]["OperationId"]
        found = self.ask("ListStackSetOperationResults", OperationId=operation or latest)
        return [
            f"{each['Region']} {each['Status']} {each['StatusReason'] or ''}".rstrip()
            for each in found["Summaries"]
        ]

    def stack(self, region: str) -> Params:
        """The stack of the instance in a region, as DescribeStacks gives it."""
        place = {"StackInstanceAccount": ACCOUNT, "StackInstanceRegion": region}
        found = self.ask("DescribeStackInstance", **place)["StackInstance"]
        answer = self.account.ask(
            "cloudformation", "DescribeStacks", region=region, StackName=found["StackId"]
        )
        return answer["Stacks"][0]
