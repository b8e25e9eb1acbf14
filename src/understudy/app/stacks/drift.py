"""Drift: what is no longer as the template says, found by CloudFormation's own detection."""

import time
from collections.abc import Mapping
from typing import Any

from understudy.app.failures import Failed
from understudy.app.stacks.deployed import existing
from understudy.app.stacks.place import Place
from understudy.app.views import DriftView, PropertyChange, ResourceDrift


def detect(place: Place, name: str) -> DriftView:
    """Detect the drift of a stack. Raises Failed where detection fails."""
    api = place.client.cloudformation
    stack = existing(place, name)
    detection = api.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]
    while True:
        status = api.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if status["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        time.sleep(place.seconds)
    if status["DetectionStatus"] == "DETECTION_FAILED" and "StackDriftStatus" not in status:
        reason = status.get("DetectionStatusReason", "no reason was given")
        raise Failed(f"Drift detection of {name} failed", [reason])
    found: list[Mapping[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = api.describe_stack_resource_drifts(StackName=stack.id, **token)
        found += page["StackResourceDrifts"]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    return DriftView(stack.name, status["StackDriftStatus"], tuple(map(_drift, found)))


def _drift(each: Mapping[str, Any]) -> ResourceDrift:
    return ResourceDrift(
        logical_id=each["LogicalResourceId"],
        resource_type=each["ResourceType"],
        status=each["StackResourceDriftStatus"],
        properties=tuple(
            PropertyChange(
                path=difference["PropertyPath"].lstrip("/"),
                before=difference.get("ExpectedValue") or None,
                after=difference.get("ActualValue") or None,
            )
            for difference in each.get("PropertyDifferences", ())
        ),
    )
