"""Every operation of CloudWatch and of both scaling services, called through boto3.

What is not offered says so. Metrics are published in each protocol that CloudWatch speaks.
"""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from understudy.app.sources import Metric, Source, traffic_of
from understudy.base.diagnostic import InvalidInput
from understudy.control.plane import OPERATIONS
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

SERVICES = ("application-autoscaling", "autoscaling", "cloudwatch")
TOPIC = "arn:aws:sns:us-east-1:000000000000:nobody"
TARGETS = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/t/0123456789abcdef"


class Called:
    """Clients of one engine, and the operations of each service that have succeeded."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.done: dict[str, set[str]] = {service: set() for service in SERVICES}

    def client(self, service: str) -> Any:
        """A client that is listened to."""
        client = self.engine.client(service)
        client.meta.events.register(f"after-call.{service}", self._note(service), unique_id="note")
        return client

    def _note(self, service: str) -> Any:
        def note(model: Any, http_response: Any, **rest: Any) -> None:
            if http_response.status_code == 200:
                self.done[service].add(model.name)

        return note


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    found = RunningEngine(tmp_path_factory.mktemp("engine") / "state")
    found.up()
    yield found
    found.down()


@pytest.fixture(scope="module")
def called(engine: RunningEngine) -> Called:
    return Called(engine)


def now_of(engine: RunningEngine) -> datetime:
    """The time of an engine's world."""
    return datetime.fromtimestamp(engine.status()["world_time"], UTC)


def test_the_history_of_a_metric_is_traffic(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    minute = now_of(engine).replace(second=0, microsecond=0)
    name = {"Name": "LoadBalancer", "Value": "app/web/1"}
    data = [
        {
            "MetricName": "RequestCount",
            "Dimensions": [name],
            "Timestamp": minute - timedelta(minutes=back),
            "Value": count,
        }
        for back, count in ((60, 7.0), (60, 5.0), (58, 30.0), (57, 2.0))
    ]
    engine.client("cloudwatch").put_metric_data(Namespace="own", MetricData=data)
    metric = Metric("own", "RequestCount", "LoadBalancer=app/web/1", 1.0, engine.endpoint)
    found = traffic_of(Source(metric=metric))
    assert found.counts.tolist() == [12, 0, 30, 2]
    assert found.start == (minute - timedelta(hours=1)).timestamp()
    assert "1 of 4 minutes have no figure" in found.warnings[0].summary
    with pytest.raises(InvalidInput, match="tells of no request"):
        traffic_of(Source(metric=replace(metric, dimensions="LoadBalancer=app/other/2")))


def test_cloudwatch(called: Called) -> None:
    api = called.client("cloudwatch")
    now = now_of(called.engine)
    api.put_metric_data(
        Namespace="App",
        MetricData=[
            {"MetricName": "Load", "Value": 7.0, "Unit": "Count"},
            {"MetricName": "Load", "Values": [1.0, 9.0], "Counts": [3.0, 1.0], "Unit": "Count"},
            {
                "MetricName": "Load",
                "StatisticValues": {"SampleCount": 2, "Sum": 8, "Minimum": 3, "Maximum": 5},
                "Unit": "Count",
            },
        ],
    )
    start, end = now - timedelta(minutes=5), now + timedelta(minutes=5)
    statistics = api.get_metric_statistics(
        Namespace="App",
        MetricName="Load",
        Statistics=["SampleCount", "Sum", "Maximum"],
        Period=3600,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
    )
    assert sum(each["Sum"] for each in statistics["Datapoints"]) == 27.0
    metric = {"Metric": {"Namespace": "App", "MetricName": "Load"}, "Period": 60, "Stat": "Sum"}
    data = api.get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": metric, "ReturnData": False},
            {"Id": "e", "Expression": "m * 2"},
        ],
        StartTime=start,
        EndTime=end,
    )
    assert sum(data["MetricDataResults"][0]["Values"]) == 54.0
    assert api.list_metrics(Namespace="App")["Metrics"][0]["MetricName"] == "Load"

    api.put_metric_alarm(
        AlarmName="busy",
        Namespace="App",
        MetricName="Load",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    api.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("busy")')
    api.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a test")
    both = api.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert both["MetricAlarms"][0]["StateValue"] == "ALARM"
    assert both["CompositeAlarms"][0]["StateValue"] == "ALARM"
    assert api.describe_alarms_for_metric(Namespace="App", MetricName="Load")["MetricAlarms"]
    history = api.describe_alarm_history(AlarmName="busy", HistoryItemType="StateUpdate")
    summary = history["AlarmHistoryItems"][0]["HistorySummary"]
    assert summary == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    api.disable_alarm_actions(AlarmNames=["busy"])
    api.enable_alarm_actions(AlarmNames=["busy"])
    arn = both["MetricAlarms"][0]["AlarmArn"]
    api.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "ml"}])
    assert api.list_tags_for_resource(ResourceARN=arn)["Tags"][0]["Value"] == "ml"
    api.untag_resource(ResourceARN=arn, TagKeys=["team"])
    api.delete_alarms(AlarmNames=["any"])

    api.put_dashboard(DashboardName="board", DashboardBody=json.dumps({"widgets": []}))
    assert api.list_dashboards()["DashboardEntries"][0]["DashboardName"] == "board"
    assert api.get_dashboard(DashboardName="board")["DashboardBody"] == '{"widgets": []}'
    api.delete_dashboards(DashboardNames=["board"])
    watched = {"Namespace": "App", "MetricName": "Load", "Stat": "Average"}
    api.put_anomaly_detector(SingleMetricAnomalyDetector=watched)
    assert api.describe_anomaly_detectors()["AnomalyDetectors"]
    api.delete_anomaly_detector(SingleMetricAnomalyDetector=watched)


def group(called: Called, name: str, **more: Any) -> Any:
    """A client of groups, with a group of that name."""
    api = called.client("autoscaling")
    api.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MaxSize=4,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
        LaunchConfigurationName="web",
        **{"MinSize": 0, **more},
    )
    return api


def serving(api: Any, name: str) -> list[str]:
    """The ids of a group's instances in service."""
    (found,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return [e["InstanceId"] for e in found["Instances"] if e["LifecycleState"] == "InService"]


def until_serving(api: Any, name: str, count: int) -> list[str]:
    """Wait for so many instances in service."""
    wait_for(lambda: len(serving(api, name)) == count, what=f"{name} has not {count} instances")
    return serving(api, name)


def test_launch_configurations_and_groups(called: Called) -> None:
    api = called.client("autoscaling")
    api.create_launch_configuration(
        LaunchConfigurationName="web", ImageId="ami-12345678", InstanceType="t3.micro"
    )
    assert api.describe_launch_configurations()["LaunchConfigurations"]
    group(called, "g", MinSize=1)
    until_serving(api, "g", 1)
    api.update_auto_scaling_group(AutoScalingGroupName="g", MaxSize=5)
    api.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=2)
    until_serving(api, "g", 2)
    assert len(api.describe_auto_scaling_instances()["AutoScalingInstances"]) == 2
    assert len(api.describe_scaling_activities(AutoScalingGroupName="g")["Activities"]) == 2
    tag = {"ResourceId": "g", "ResourceType": "auto-scaling-group", "Key": "team", "Value": "ml"}
    api.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": True}])
    assert api.describe_tags()["Tags"][0]["Value"] == "ml"
    api.delete_tags(Tags=[tag])
    api.suspend_processes(AutoScalingGroupName="g", ScalingProcesses=["AZRebalance"])
    api.resume_processes(AutoScalingGroupName="g")
    api.enable_metrics_collection(AutoScalingGroupName="g", Granularity="1Minute")
    api.disable_metrics_collection(AutoScalingGroupName="g")
    api.put_notification_configuration(
        AutoScalingGroupName="g",
        TopicARN=TOPIC,
        NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
    )
    assert api.describe_notification_configurations()["NotificationConfigurations"]
    api.delete_notification_configuration(AutoScalingGroupName="g", TopicARN=TOPIC)
    assert api.describe_account_limits()["MaxNumberOfAutoScalingGroups"] == 500
    assert api.describe_adjustment_types()["AdjustmentTypes"]
    assert api.describe_auto_scaling_notification_types()["AutoScalingNotificationTypes"]
    assert api.describe_lifecycle_hook_types()["LifecycleHookTypes"]
    assert api.describe_metric_collection_types()["Metrics"]
    assert api.describe_scaling_process_types()["Processes"]
    assert api.describe_termination_policy_types()["TerminationPolicyTypes"]


def test_instances(called: Called) -> None:
    api = group(called, "i", MinSize=0, DesiredCapacity=3)
    first, second, _ = until_serving(api, "i", 3)
    of = {"AutoScalingGroupName": "i"}
    api.set_instance_protection(InstanceIds=[first], **of, ProtectedFromScaleIn=True)
    api.set_instance_health(InstanceId=first, HealthStatus="Healthy")
    api.enter_standby(InstanceIds=[first], **of, ShouldDecrementDesiredCapacity=True)
    api.exit_standby(InstanceIds=[first], **of)
    until_serving(api, "i", 3)
    api.detach_instances(InstanceIds=[second], **of, ShouldDecrementDesiredCapacity=True)
    api.attach_instances(InstanceIds=[second], **of)
    api.suspend_processes(**of, ScalingProcesses=["AZRebalance"])
    *_, last = until_serving(api, "i", 3)
    api.terminate_instance_in_auto_scaling_group(
        InstanceId=last, ShouldDecrementDesiredCapacity=True
    )
    until_serving(api, "i", 2)


def test_traffic_sources(called: Called) -> None:
    api = group(called, "t")
    of = {"AutoScalingGroupName": "t"}
    api.attach_load_balancers(**of, LoadBalancerNames=["classic"])
    assert api.describe_load_balancers(**of)["LoadBalancers"]
    api.detach_load_balancers(**of, LoadBalancerNames=["classic"])
    api.attach_load_balancer_target_groups(**of, TargetGroupARNs=[TARGETS])
    assert api.describe_load_balancer_target_groups(**of)["LoadBalancerTargetGroups"]
    api.detach_load_balancer_target_groups(**of, TargetGroupARNs=[TARGETS])
    sources = [{"Identifier": TARGETS, "Type": "elbv2"}]
    api.attach_traffic_sources(**of, TrafficSources=sources)
    assert api.describe_traffic_sources(**of)["TrafficSources"]
    api.detach_traffic_sources(**of, TrafficSources=sources)


def test_group_policies_and_schedules(called: Called) -> None:
    api = group(called, "p")
    of = {"AutoScalingGroupName": "p"}
    api.put_scaling_policy(
        **of, PolicyName="more", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )
    assert api.describe_policies(**of)["ScalingPolicies"]
    api.execute_policy(**of, PolicyName="more")
    until_serving(api, "p", 1)
    pair = {
        "TargetValue": 50.0,
        "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
    }
    api.put_scaling_policy(
        **of,
        PolicyName="week",
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration={"MetricSpecifications": [pair]},
    )
    now = now_of(called.engine)
    forecast = api.get_predictive_scaling_forecast(
        **of, PolicyName="week", StartTime=now, EndTime=now + timedelta(hours=2)
    )
    assert forecast["CapacityForecast"]["Values"] == []
    api.delete_policy(**of, PolicyName="more")
    api.put_scheduled_update_group_action(
        **of, ScheduledActionName="morning", Recurrence="0 8 * * *", MinSize=1
    )
    actions = [
        {"ScheduledActionName": name, "Recurrence": f"{minute} 9 * * *", "MinSize": 1}
        for minute, name in enumerate(("noon", "night"))
    ]
    api.batch_put_scheduled_update_group_action(**of, ScheduledUpdateGroupActions=actions)
    assert len(api.describe_scheduled_actions(**of)["ScheduledUpdateGroupActions"]) == 3
    api.delete_scheduled_action(**of, ScheduledActionName="morning")
    names = ["noon", "night"]
    answer = api.batch_delete_scheduled_action(**of, ScheduledActionNames=names)
    assert answer["FailedScheduledActions"] == []


def test_hooks(called: Called) -> None:
    api = group(called, "h")
    of = {"AutoScalingGroupName": "h", "LifecycleHookName": "setup"}
    api.put_lifecycle_hook(**of, LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING")
    name = {"AutoScalingGroupName": "h"}
    assert api.describe_lifecycle_hooks(**name)["LifecycleHooks"]
    api.set_desired_capacity(**name, DesiredCapacity=1)

    def waiting() -> list[str]:
        (found,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=["h"])[
            "AutoScalingGroups"
        ]
        instances = found["Instances"]
        return [e["InstanceId"] for e in instances if e["LifecycleState"] == "Pending:Wait"]

    wait_for(lambda: bool(waiting()), what="no instance waits")
    (instance,) = waiting()
    api.record_lifecycle_action_heartbeat(**of, InstanceId=instance)
    api.complete_lifecycle_action(**of, InstanceId=instance, LifecycleActionResult="CONTINUE")
    until_serving(api, "h", 1)
    api.delete_lifecycle_hook(**of)


def test_instances_are_launched_in_one_call(called: Called) -> None:
    data = {"ImageId": "ami-1", "InstanceType": "t3.micro"}
    template = {"LaunchTemplateName": "at-once"}
    called.engine.client("ec2").create_launch_template(**template, LaunchTemplateData=data)
    api = called.client("autoscaling")
    of = {"AutoScalingGroupName": "at-once"}
    zones = ["us-east-1a"]
    api.create_auto_scaling_group(
        **of, MinSize=0, MaxSize=2, AvailabilityZones=zones, LaunchTemplate=template
    )
    answer = api.launch_instances(**of, RequestedCapacity=2, ClientToken="once")
    assert until_serving(api, "at-once", 2) == answer["Instances"][0]["InstanceIds"]
    api.delete_auto_scaling_group(**of, ForceDelete=True)


def test_pools_and_refreshes(called: Called) -> None:
    api = group(called, "r", DesiredCapacity=2)
    until_serving(api, "r", 2)
    of = {"AutoScalingGroupName": "r"}
    api.put_warm_pool(**of, MinSize=1)
    assert api.describe_warm_pool(**of)["WarmPoolConfiguration"]["MinSize"] == 1
    api.delete_warm_pool(**of, ForceDelete=True)
    preferences = {"MinHealthyPercentage": 50, "InstanceWarmup": 3600}
    api.start_instance_refresh(**of, Preferences=preferences)
    assert api.describe_instance_refreshes(**of)["InstanceRefreshes"][0]["Status"]
    api.cancel_instance_refresh(**of)

    def ended() -> bool:
        found = api.describe_instance_refreshes(**of)["InstanceRefreshes"][0]["Status"]
        return found in {"Cancelled", "RollbackSuccessful"}

    wait_for(ended, what="the refresh goes on")
    ec2 = called.engine.client("ec2")
    data = {"ImageId": "ami-12345678", "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName="new", LaunchTemplateData=data)
    wanted = {"LaunchTemplate": {"LaunchTemplateName": "new", "Version": "1"}}
    api.update_auto_scaling_group(**of, **wanted)
    ec2.create_launch_template_version(
        LaunchTemplateName="new", LaunchTemplateData={**data, "InstanceType": "t3.large"}
    )
    newer = {"LaunchTemplate": {"LaunchTemplateName": "new", "Version": "2"}}
    api.start_instance_refresh(**of, DesiredConfiguration=newer, Preferences=preferences)
    api.rollback_instance_refresh(**of)


def test_groups_and_configurations_are_deleted(called: Called) -> None:
    api = called.client("autoscaling")
    names = [
        g["AutoScalingGroupName"] for g in api.describe_auto_scaling_groups()["AutoScalingGroups"]
    ]
    for name in names:
        api.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    wait_for(
        lambda: not api.describe_auto_scaling_groups()["AutoScalingGroups"], what="a group is left"
    )
    api.delete_launch_configuration(LaunchConfigurationName="web")


def test_application_auto_scaling(called: Called) -> None:
    api = called.client("application-autoscaling")
    target = {
        "ServiceNamespace": "custom-resource",
        "ResourceId": "https://example.com/targets/1",
        "ScalableDimension": "custom-resource:ResourceType:Property",
    }
    arn = api.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)["ScalableTargetARN"]
    found = api.describe_scalable_targets(ServiceNamespace="custom-resource")
    assert found["ScalableTargets"][0]["ScalableTargetARN"] == arn
    api.put_scaling_policy(
        **target,
        PolicyName="step",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    )
    policies = api.describe_scaling_policies(ServiceNamespace="custom-resource")
    assert policies["ScalingPolicies"][0]["PolicyName"] == "step"
    api.put_scheduled_action(
        **target,
        ScheduledActionName="noon",
        Schedule="cron(0 12 * * ? *)",
        ScalableTargetAction={"MinCapacity": 2},
    )
    actions = api.describe_scheduled_actions(ServiceNamespace="custom-resource")
    assert actions["ScheduledActions"][0]["ScheduledActionName"] == "noon"

    def activities() -> list[Any]:
        answer = api.describe_scaling_activities(ServiceNamespace="custom-resource")
        return answer["ScalingActivities"]

    wait_for(lambda: activities()[0]["StatusCode"] == "Successful", what="nothing has scaled")
    api.tag_resource(ResourceARN=arn, Tags={"team": "ml"})
    assert api.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "ml"}
    api.untag_resource(ResourceARN=arn, TagKeys=["team"])
    api.delete_scheduled_action(**target, ScheduledActionName="noon")
    api.delete_scaling_policy(**target, PolicyName="step")
    api.deregister_scalable_target(**target)


def test_predictive_scaling_of_a_service(called: Called) -> None:
    ecs = called.engine.client("ecs")
    ecs.create_cluster(clusterName="c")
    container = {"name": "w", "image": "nginx", "memory": 64}
    ecs.register_task_definition(family="w", containerDefinitions=[container])
    ecs.create_service(cluster="c", serviceName="w", taskDefinition="w", desiredCount=0)
    api = called.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/c/w",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    api.register_scalable_target(**target, MinCapacity=0, MaxCapacity=4)
    pair = {"PredefinedMetricType": "ECSServiceCPUUtilization"}
    metric = {"TargetValue": 50.0, "PredefinedMetricPairSpecification": pair}
    api.put_scaling_policy(
        **target,
        PolicyName="week",
        PolicyType="PredictiveScaling",
        PredictiveScalingPolicyConfiguration={"MetricSpecifications": [metric]},
    )
    now = now_of(called.engine)
    forecast = api.get_predictive_scaling_forecast(
        **target, PolicyName="week", StartTime=now, EndTime=now + timedelta(hours=2)
    )
    assert forecast["CapacityForecast"]["Values"] == []
    api.deregister_scalable_target(**target)


def test_every_operation_has_been_called(called: Called) -> None:
    for service in SERVICES:
        assert set(OPERATIONS[service]) - called.done[service] == set()


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_not_offered_says_so(engine: RunningEngine, service: str) -> None:
    client = engine.client(service, "eu-west-1", parameter_validation=False)
    for name in sorted(set(client.meta.service_model.operation_names) - set(OPERATIONS[service])):
        with pytest.raises(ClientError) as refused:
            client._make_api_call(name, {})
        assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"
        assert f"does not offer {service}:{name}" in str(refused.value)


def speak(engine: RunningEngine, protocol: str, operation: str, params: Any) -> Any:
    """Call CloudWatch in one of its protocols; its answer."""
    model = engine.client("cloudwatch").meta.service_model
    operation_model = model.operation_model(operation)
    wire = create_serializer(protocol, False).serialize_to_request(params, operation_model)
    wire["context"] = {}
    prepare_request_dict(wire, endpoint_url=engine.endpoint)
    body = wire["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body)
    scope = "20260101/us-east-1/monitoring/aws4_request"
    headers = {
        **wire["headers"],
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/{scope}, Signature=none",
    }
    content = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(wire["url"], content, headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answered = {
            "status_code": answer.status,
            "headers": dict(answer.headers),
            "body": answer.read(),
        }
    return create_parser(protocol).parse(answered, operation_model.output_shape)


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
def test_metrics_are_published_in_every_protocol(engine: RunningEngine, protocol: str) -> None:
    now = now_of(engine)
    dimensions = [{"Name": "Protocol", "Value": protocol}]
    data = [
        {"MetricName": "Spoken", "Dimensions": dimensions, "Timestamp": now, **value}
        for value in (
            {"Value": 1.5},
            {"Values": [2.5, 3.0], "Counts": [2.0, 1.0]},
            {"StatisticValues": {"SampleCount": 4.0, "Sum": 8.0, "Minimum": 1.0, "Maximum": 3.0}},
        )
    ]
    speak(engine, protocol, "PutMetricData", {"Namespace": "Talk", "MetricData": data})
    asked = {
        "Namespace": "Talk",
        "MetricName": "Spoken",
        "Dimensions": dimensions,
        "Statistics": ["Sum", "SampleCount", "Minimum", "Maximum"],
        "Period": 3600,
        "StartTime": now - timedelta(hours=1),
        "EndTime": now + timedelta(hours=1),
    }
    (point,) = speak(engine, protocol, "GetMetricStatistics", asked)["Datapoints"]
    assert (point["Sum"], point["SampleCount"]) == (17.5, 8.0)
    assert (point["Minimum"], point["Maximum"]) == (1.0, 3.0)
