"""Views as a deployment and a rehearsal give them, for tests of what is drawn."""

from understudy.app.views import (
    AlarmProgress,
    ChangeSetView,
    DeploymentView,
    PropertyChange,
    RehearsalView,
    ResourceChange,
    ResourceProgress,
)
from understudy.control.outcome import Outcome
from understudy.testing.outcomes import NOON

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def change_set() -> ChangeSetView:
    """An update with every kind of change."""
    return ChangeSetView(
        "digits",
        "UPDATE",
        (
            ResourceChange("Add", "LatencyAlarm", "AWS::CloudWatch::Alarm", "runs"),
            ResourceChange(
                "Modify",
                "ScalableTarget",
                TARGET,
                "runs",
                "False",
                (PropertyChange("MaxCapacity", "4", "6"),),
            ),
            ResourceChange(
                "Modify",
                "EndpointConfig",
                "AWS::SageMaker::EndpointConfig",
                "runs",
                "True",
                (
                    PropertyChange(
                        "ProductionVariants/0/InstanceType", "ml.m5.large", "ml.m5.xlarge", "Always"
                    ),
                ),
            ),
            ResourceChange(
                "Modify",
                "Endpoint",
                "AWS::SageMaker::Endpoint",
                "runs",
                "Conditional",
                (PropertyChange("EndpointConfigName", "digits-1", None, "Conditionally"),),
            ),
            ResourceChange("Modify", "Role", "AWS::IAM::Role", "kept", "False"),
            ResourceChange("Remove", "Dashboard", "AWS::CloudWatch::Dashboard", "recorded"),
        ),
    )


def deployment(*, failed: bool = False) -> DeploymentView:
    """A stack in the middle of its creation, or rolling back."""
    endpoint = ResourceProgress(
        "Endpoint",
        "AWS::SageMaker::Endpoint",
        "CREATE_IN_PROGRESS",
        NOON + 20,
        waits_for=("1 of 1 instances to answer /ping",),
    )
    if failed:
        endpoint = ResourceProgress(
            "Endpoint",
            "AWS::SageMaker::Endpoint",
            "CREATE_FAILED",
            NOON + 75,
            "The primary container for production variant AllTraffic did not pass the ping health "
            "check.",
        )
    return DeploymentView(
        "digits",
        "ROLLBACK_IN_PROGRESS" if failed else "CREATE_IN_PROGRESS",
        NOON + 80,
        NOON,
        (
            ResourceProgress("Role", "AWS::IAM::Role", "CREATE_COMPLETE", NOON + 4),
            ResourceProgress("Model", "AWS::SageMaker::Model", "CREATE_COMPLETE", NOON + 9),
            endpoint,
            ResourceProgress("ScalableTarget", TARGET, "", NOON, waits_for=("Endpoint",)),
        ),
    )


def rehearsal(run: Outcome, second: float) -> RehearsalView:
    """What a rehearsal with this outcome showed at a time from its start."""
    at = run.started_at + second
    point = next(p for p in reversed(run.load) if p.at <= at)
    capacity = next(p for p in reversed(run.capacity) if p.at <= at)
    turns = {t.alarm: t for t in run.alarms if t.at <= at}
    past = [p for p in run.load if p.at <= at]
    return RehearsalView(
        at=at,
        started_at=run.started_at,
        ends_at=run.ended_at,
        speed=run.speed or 1.0,
        load_mode=run.load_mode,
        requests_per_second=point.requests / point.seconds,
        failed_per_second=point.failed / point.seconds,
        p50_ms=point.p50_ms,
        p99_ms=point.p99_ms,
        desired=capacity.desired,
        in_service=capacity.in_service,
        pending=capacity.pending,
        terminating=capacity.terminating,
        minimum=run.minimum,
        maximum=run.maximum,
        alarms=tuple(AlarmProgress(name, t.to_state, t.at) for name, t in sorted(turns.items())),
        last_activity=next((a for a in reversed(run.activities) if a.at <= at), None),
        load_history=tuple(p.requests / p.seconds for p in past),
        in_service_history=tuple(
            next(c.in_service for c in reversed(run.capacity) if c.at <= p.at) for p in past
        ),
    )
