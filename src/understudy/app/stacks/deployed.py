"""What is deployed under a name, as DescribeStacks tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understudy.app.stacks.place import Place
from understudy.base.diagnostic import Diagnostic, InvalidInput

UPDATABLE = frozenset(
    ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
     "IMPORT_ROLLBACK_COMPLETE")
)  # fmt: skip
LEFT_BEHIND = frozenset(("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"))
"""A stack whose creation failed; it can only be deleted."""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that exists. ``described`` is what DescribeStacks says of it."""

    described: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its ARN."""
        return self.described["StackId"]

    @property
    def name(self) -> str:
        """Its name."""
        return self.described["StackName"]

    @property
    def status(self) -> str:
        """Its status."""
        return self.described["StackStatus"]

    @property
    def parameters(self) -> dict[str, str]:
        """The texts of its parameters; a secret is four asterisks."""
        found = self.described.get("Parameters", ())
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in found}

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {each["Key"]: each["Value"] for each in self.described.get("Tags", ())}

    @property
    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        found = self.described.get("Outputs", ())
        return {each["OutputKey"]: each["OutputValue"] for each in found}

    @property
    def updated_at(self) -> str:
        """When it was changed last, for comparison only."""
        when = self.described.get("LastUpdatedTime") or self.described.get("CreationTime")
        return str(when)


def stack_named(place: Place, name: str) -> DeployedStack | None:
    """The stack of a name or ARN, None where there is none."""
    from botocore.exceptions import ClientError

    try:
        found = place.client.cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    return DeployedStack(found[0])


def existing(place: Place, name: str) -> DeployedStack:
    """The same. Raises InvalidInput, naming the stacks that there are."""
    found = stack_named(place, name)
    if found is not None:
        return found
    pages = place.client.cloudformation.get_paginator("describe_stacks").paginate()
    names = sorted(each["StackName"] for page in pages for each in page["Stacks"])
    listed = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else ""
    summary = f"There is no stack {name} in {place}."
    raise InvalidInput((Diagnostic(summary, action=listed or "there are no stacks"),))


def template_of(place: Place, name: str, stage: str = "Original") -> str:
    """The template of a stack as it was submitted, or as macros have made it."""
    import json

    api = place.client.cloudformation
    body: Any = api.get_template(StackName=name, TemplateStage=stage)["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body, indent=1)
