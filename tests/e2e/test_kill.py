"""kill -9 at any moment, then `up`: everything that was acknowledged is there and serves again."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "60")


def everything(engine: RunningEngine, name: str, endpoint: str) -> dict[str, Any]:
    """What clients can see of a stack, without what moves by itself."""
    scaling = engine.client("application-autoscaling")
    cloudformation, iam = engine.client("cloudformation"), engine.client("iam")
    sagemaker = {"ServiceNamespace": "sagemaker"}
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    alarms = engine.client("cloudwatch").describe_alarms()["MetricAlarms"]
    roles = [each["RoleName"] for each in iam.list_roles()["Roles"]]
    seen = {
        "stack": stack,
        "events": cloudformation.describe_stack_events(StackName=name)["StackEvents"],
        "targets": scaling.describe_scalable_targets(**sagemaker)["ScalableTargets"],
        "policies": scaling.describe_scaling_policies(**sagemaker)["ScalingPolicies"],
        "activities": scaling.describe_scaling_activities(**sagemaker)["ScalingActivities"],
        "alarms": [(each["AlarmArn"], each["Threshold"], each["Period"]) for each in alarms],
        "roles": [iam.get_role(RoleName=name)["Role"]["RoleId"] for name in roles],
        "endpoint": engine.client("sagemaker").describe_endpoint(EndpointName=endpoint)[
            "EndpointArn"
        ],
        "object": engine.client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read(),
    }
    return json.loads(json.dumps(seen, default=str))


def instances(engine: RunningEngine, endpoint: str) -> int:
    """How many instances of an endpoint serve."""
    described = engine.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    return described["ProductionVariants"][0]["CurrentInstanceCount"]


def target(endpoint: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": f"endpoint/{endpoint}/variant/AllTraffic",
    }


def test_everything_is_there_again_and_a_scale_out_goes_on(engine: RunningEngine) -> None:
    s3, scaling = engine.client("s3"), engine.client("application-autoscaling")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a/b", Body=b"bytes")
    engine.create_stack("lasting", MinCapacity="2")
    endpoint = engine.created("lasting")["EndpointName"]
    assert engine.invoke(endpoint)
    scaling.register_scalable_target(**target(endpoint), MinCapacity=3, MaxCapacity=4)
    wait_for(lambda: instances(engine, endpoint) == 3)
    before, shown = everything(engine, "lasting", endpoint), engine.status()["world_time"]
    engine.kill()
    engine.up()
    begun = time.monotonic()
    wait_for(lambda: engine.serves(endpoint), 5)
    assert time.monotonic() - begun < 5
    assert everything(engine, "lasting", endpoint) == before
    assert engine.status()["world_time"] >= shown
    wait_for(lambda: instances(engine, endpoint) == 3)

    scaling.register_scalable_target(**target(endpoint), MinCapacity=4, MaxCapacity=4)
    engine.kill()
    engine.up()
    wait_for(lambda: instances(engine, endpoint) == 4)
    (activity,) = [
        each
        for each in scaling.describe_scaling_activities(ServiceNamespace="sagemaker")[
            "ScalingActivities"
        ]
        if "to 4" in each["Description"]
    ]
    assert activity["StatusCode"] in ("Successful", "InProgress")

    with pytest.raises(ClientError, match="No updates are to be performed"):
        engine.client("cloudformation").update_stack(
            StackName="lasting",
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
                for each in before["stack"]["Parameters"]
            ],
        )


@pytest.mark.parametrize("seen", [1, 4, 9, 13], ids=lambda seen: f"after {seen} events")
def test_a_deployment_that_was_cut_goes_on(engine: RunningEngine, seen: int) -> None:
    name = f"cut-{seen}"
    api = engine.client("cloudformation")

    def events() -> list[Any]:
        return api.describe_stack_events(StackName=name)["StackEvents"]

    engine.create_stack(name)
    wait_for(lambda: len(events()) >= seen)
    engine.kill()
    engine.up()
    endpoint = engine.created(name)["EndpointName"]
    wait_for(lambda: engine.serves(endpoint), 5)
    complete = [
        each["LogicalResourceId"]
        for each in events()
        if each["ResourceStatus"] == "CREATE_COMPLETE"
    ]
    assert len(complete) == len(set(complete)) == 8
    assert not [each for each in events() if "FAILED" in each["ResourceStatus"]]
    stack = api.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    api.delete_stack(StackName=name)
    wait_for(
        lambda: (
            api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
        )
    )


class Hammer:
    """A client that never stops, and writes down what was acknowledged."""

    def __init__(self, do: Callable[[str], None], is_there: Callable[[str], bool]) -> None:
        self.do = do
        self.is_there = is_there
        self.acknowledged: list[str] = []
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        for number in itertools.count(len(self.acknowledged)):
            name = f"kept-{id(self)}-{number}"
            try:
                self.do(name)
            except (BotoCoreError, ClientError):
                return
            self.acknowledged.append(name)


def hammers(engine: RunningEngine) -> list[Hammer]:
    """Clients of S3, SageMaker, CloudWatch and IAM."""
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    cloudwatch, iam = engine.client("cloudwatch"), engine.client("iam")
    model = {"ExecutionRoleArn": "arn:aws:iam::000000000000:role/r"}
    image = {"Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"}
    alarm = {
        "Namespace": "N",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold",
    }

    def object_is_there(name: str) -> bool:
        found = s3.get_object(Bucket="hammered", Key=name)["Body"].read()
        return found == name.encode() * 1000

    def alarm_is_there(name: str) -> bool:
        found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return [each["Threshold"] for each in found] == [0.5]

    return [
        Hammer(
            lambda name: s3.put_object(Bucket="hammered", Key=name, Body=name.encode() * 1000),
            object_is_there,
        ),
        Hammer(
            lambda name: sagemaker.create_model(ModelName=name, PrimaryContainer=image, **model),
            lambda name: sagemaker.describe_model(ModelName=name)["ModelName"] == name,
        ),
        Hammer(lambda name: cloudwatch.put_metric_alarm(AlarmName=name, **alarm), alarm_is_there),
        Hammer(
            lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}"),
            lambda name: iam.get_role(RoleName=name)["Role"]["RoleName"] == name,
        ),
    ]


def test_nothing_that_was_acknowledged_is_lost(engine: RunningEngine) -> None:
    engine.client("s3").create_bucket(Bucket="hammered")
    for wanted in (3, 15, 40):
        clients = hammers(engine)
        for client in clients:
            client.thread.start()
        wait_for(lambda clients=clients, wanted=wanted: reached(clients, wanted), 60)
        engine.kill()
        for client in clients:
            client.thread.join()
        engine.up()
        for client in clients:
            assert [name for name in client.acknowledged if not client.is_there(name)] == []


def reached(clients: list[Hammer], wanted: int) -> bool:
    return min(len(client.acknowledged) for client in clients) >= wanted
