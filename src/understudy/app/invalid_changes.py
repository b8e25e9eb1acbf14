"""Why a change set has failed: what its validation has found, or its reason."""

from collections.abc import Mapping
from typing import Any

from understudy.base.diagnostic import Diagnostic

MARK = "AWS::EarlyValidation"
"""What stands in the status reason where DescribeEvents tells more."""


def found_in(api: Any, described: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """What is wrong with a described change set that has failed; ``api`` is a boto3 client."""
    reason: str = described.get("StatusReason", "") or "The change set failed."
    if MARK not in reason:
        return (Diagnostic(reason),)
    events: list[dict[str, Any]] = api.describe_events(
        ChangeSetName=described["ChangeSetId"], Filters={"FailedEvents": True}
    )["OperationEvents"]
    wrong = [each for each in events if each["EventType"] == "VALIDATION_ERROR"]
    return tuple(
        Diagnostic(
            f"{each.get('LogicalResourceId', '')}: {each.get('ValidationStatusReason', '')}",
            tuple(each.get("ValidationPath", "").split("/")[1:]),
        )
        for each in wrong
    ) or (Diagnostic(reason),)
