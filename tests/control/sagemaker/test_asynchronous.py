"""Asynchronous inference in virtual time: a queue, its metrics, and scaling to and from zero."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Call, CallFailed, EngineRestarted
from understudy.control.sagemaker.asynchronous import OWNER
from understudy.testing.hosting import with_endpoint
from understudy.testing.region import Region

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/q/variant/v",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TOPIC = "arn:aws:sns:us-east-1:000000000000:done"


def serving(**output: Any) -> Region:
    """A region with an asynchronous endpoint of one instance."""
    asynchronous = {"OutputConfig": {"S3OutputPath": "s3://b/out", **output}}
    region = with_endpoint(Region(), "q", AsyncInferenceConfig=asynchronous)
    region.advance(30)
    return region


def invoke(region: Region, **more: Any) -> dict[str, Any]:
    params = {"EndpointName": "q", "InputLocation": "s3://b/in", **more}
    return region.call(OWNER, "InvokeEndpointAsync", **params)


def sent(region: Region) -> list[Call]:
    return [each for each in region.commands(Call) if each.service == OWNER]


def metric(region: Region, name: str, statistic: str, since: float) -> list[float]:
    return region.statistics("AWS/SageMaker", name, statistic, since, EndpointName="q")


def test_a_request_is_accepted_at_once_and_done_later() -> None:
    region = serving(S3FailurePath="s3://b/failed/")
    begin = region.now
    answer = invoke(region, InferenceId="mine")
    assert answer["InferenceId"] == "mine"
    assert answer["OutputLocation"].startswith("s3://b/out/")
    assert answer["FailureLocation"].startswith("s3://b/failed/")
    (call,) = sent(region)
    assert call.params["OutputLocation"] == answer["OutputLocation"]
    region.advance(240)
    assert metric(region, "InvocationsProcessed", "Sum", begin - 60) == [1.0]
    described = region.call("sagemaker", "DescribeEndpoint", EndpointName="q")
    assert described["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"] == "s3://b/out"
    assert region.restored()


def test_an_instance_has_one_request_at_a_time() -> None:
    region = serving()
    for _ in range(3):
        invoke(region)
    assert len(sent(region)) == 1
    region.advance(1)
    assert len(sent(region)) == 3


def test_what_was_in_flight_waits_again_after_a_restart() -> None:
    region = serving()
    invoke(region)
    (first,) = sent(region)
    region.world.report(EngineRestarted(region.now, "us-east-1"))
    assert region.plane.asynchronous.state.requests[first.call_id].started_at == 0
    region.advance(1)
    assert not region.plane.asynchronous.state.requests


def test_a_failure_is_counted_and_told() -> None:
    region = serving(NotificationConfig={"ErrorTopic": TOPIC, "SuccessTopic": TOPIC})
    begin = region.now
    invoke(region, InferenceId="mine")
    (call,) = sent(region)
    region.world.report(
        CallFailed(region.now, "us-east-1", call.call_id, "ModelError", "It is broken.", 424)
    )
    (told,) = [each for each in region.commands(Call) if each.service == "sns"]
    assert told.params["TopicArn"] == TOPIC
    assert '"invocationStatus": "Failed"' in told.params["Message"]
    assert '"inferenceId": "mine"' in told.params["Message"]
    region.advance(240)
    assert metric(region, "InvocationFailures", "Sum", begin - 60) == [1.0]


def test_it_scales_to_zero_and_back_with_its_backlog() -> None:
    region = serving()
    region.call(
        "application-autoscaling", "RegisterScalableTarget", **VARIANT, MinCapacity=0, MaxCapacity=3
    )
    backlog = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ApproximateBacklogSize",
        "Dimensions": [{"Name": "EndpointName", "Value": "q"}],
        "Statistic": "Average",
    }
    region.call(
        "application-autoscaling",
        "PutScalingPolicy",
        **VARIANT,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 2.0,
            "CustomizedMetricSpecification": backlog,
            "ScaleInCooldown": 60,
            "ScaleOutCooldown": 60,
        },
    )
    region.advance(1800)  # Fifteen minutes without a backlog scale in.
    assert not region.plane.sagemaker.state.instances
    begin = region.now
    for _ in range(6):
        invoke(region)
    region.advance(180)
    assert 1.0 in metric(region, "HasBacklogWithoutCapacity", "Maximum", begin)
    region.advance(300)
    assert len(sent(region)) == 6


def test_a_request_that_is_too_old_is_dropped() -> None:
    region = serving()
    region.call(
        "sagemaker",
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="q",
        DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredInstanceCount": 0}],
    )
    region.advance(120)
    begin = region.now
    invoke(region, RequestTTLSeconds=60)
    region.advance(300)
    assert metric(region, "ExpiredRequests", "Sum", begin) == [1.0]
    assert not region.plane.asynchronous.state.requests


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        pytest.param({"EndpointName": "none"}, "Endpoint none of account", id="no endpoint"),
        pytest.param({"Body": b"1"}, "give an InputLocation", id="a body"),
    ],
)
def test_what_is_refused(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(Fault, match=reason):
        invoke(serving(), **params)
