"""What scales a scalable target of Application Auto Scaling, in a template."""

from collections.abc import Mapping
from typing import Any

from understudy.control.application_autoscaling.dimensions import STEP, TRACKING
from understudy.control.events import Params
from understudy.recommend.document import Document, put
from understudy.recommend.patch_policies import Style, of_targets, put_policies, tracks
from understudy.recommend.terms import PREDICTIVE, SERVICE
from understudy.sim.candidate import Candidate, Policy

ENDPOINT, CONFIG = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
MEMBERS: Mapping[str, str] = {
    STEP: "StepScalingPolicyConfiguration",
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    PREDICTIVE: "PredictiveScalingPolicyConfiguration",
}
RUNNING = "AWS::ECS::Service"


def of_target(document: Document, candidate: Candidate) -> None:
    """Put a candidate into the template's one scalable target. Raises NotPatchable."""
    name = document.only(TARGET)
    target = document.properties(name)
    put(target, "MinCapacity", candidate.minimum)
    put(target, "MaxCapacity", candidate.maximum)
    _schedule(target, candidate)
    has_endpoint = bool(document.all(ENDPOINT))
    style = Style(
        POLICY,
        "ScalingTargetId",
        MEMBERS[TRACKING],
        MEMBERS[PREDICTIVE],
        _written,
        lambda: _of_variant(document) if has_endpoint else of_targets(document),
        named=True,
    )
    put_policies(document, candidate, name, style)
    if any(tracks(each, SERVICE.fast) for each in candidate.policies):
        measured = {"MetricNames": ["CPUUtilization"], "ResolutionSeconds": 20}
        service = document.properties(document.only(RUNNING))
        put(service, "Monitoring", {"MetricConfigurations": [measured]})


def _schedule(target: Any, candidate: Candidate) -> None:
    if not candidate.actions:
        target.pop("ScheduledActions", None)
        return
    target["ScheduledActions"] = [
        {
            "ScheduledActionName": each.name,
            "Schedule": each.schedule,
            "ScalableTargetAction": {
                key: bound
                for key, bound in (("MinCapacity", each.minimum), ("MaxCapacity", each.maximum))
                if bound is not None
            },
        }
        for each in candidate.actions
    ]


def _written(policy: Policy) -> Params:
    return {MEMBERS[policy.kind]: policy.configuration}


def _of_variant(document: Document) -> Mapping[str, Any]:
    """The dimensions of alarms on the endpoint's first variant."""
    config = document.properties(document.only(CONFIG))
    return {
        "EndpointName": document.attribute(document.only(ENDPOINT), "EndpointName"),
        "VariantName": config["ProductionVariants"][0]["VariantName"],
    }
