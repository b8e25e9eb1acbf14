"""Every operation of ECS and of Elastic Load Balancing, called through boto3."""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from understudy.control.plane import OPERATIONS
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

SUBNETS = ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]
NETWORK = {"awsvpcConfiguration": {"subnets": SUBNETS}}
SCRIPT = b"#!/bin/sh\nUNDERSTUDY_STAND_IN=5ms\nECS_CLUSTER=pool\n"
STAND_IN = [{"name": "UNDERSTUDY_STAND_IN", "value": "5ms"}]
CERTIFICATES = [{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}]
TAGS = [{"key": "a", "value": "b"}]


class Called:
    """A client, and the operations that have succeeded through it."""

    def __init__(self, engine: RunningEngine, service: str) -> None:
        self.api: Any = engine.client(service)
        self.done: set[str] = set()
        self.api.meta.events.register(f"after-call.{service}", self._note)

    def _note(self, model: Any, http_response: Any, **rest: Any) -> None:
        if http_response.status_code == 200:
            self.done.add(model.name)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    found = RunningEngine(tmp_path_factory.mktemp("engine") / "state", "--speed", "30")
    found.up()
    yield found
    found.down()


def forward(group: str) -> list[dict[str, str]]:
    return [{"Type": "forward", "TargetGroupArn": group}]


def balanced(api: Any, name: str, kind: str = "ip") -> tuple[str, str, str]:
    """The ARNs of a load balancer, its listener and its target group."""
    front = api.create_load_balancer(Name=name, Subnets=SUBNETS)["LoadBalancers"][0]
    group = api.create_target_group(
        Name=name, Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType=kind,
        HealthCheckPath="/ping", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
    )["TargetGroups"][0]  # fmt: skip
    listener = api.create_listener(
        LoadBalancerArn=front["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=forward(group["TargetGroupArn"]),
    )["Listeners"][0]
    return front["LoadBalancerArn"], listener["ListenerArn"], group["TargetGroupArn"]


def test_elastic_load_balancing(engine: RunningEngine) -> None:
    called = Called(engine, "elbv2")
    api = called.api
    front, listener, group = balanced(api, "all")
    api.describe_load_balancers(PageSize=1)
    api.describe_load_balancer_attributes(LoadBalancerArn=front)
    api.modify_load_balancer_attributes(
        LoadBalancerArn=front,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "61"}],
    )
    api.set_subnets(LoadBalancerArn=front, Subnets=SUBNETS)
    api.set_security_groups(LoadBalancerArn=front, SecurityGroups=["sg-1"])
    api.set_ip_address_type(LoadBalancerArn=front, IpAddressType="ipv4")
    _listeners(api, front, listener, group)
    path = [{"Field": "path-pattern", "Values": ["/a"]}]
    rule = api.create_rule(
        ListenerArn=listener, Priority=5, Conditions=path, Actions=forward(group)
    )["Rules"][0]["RuleArn"]
    assert len(api.describe_rules(ListenerArn=listener)["Rules"]) == 2
    api.modify_rule(RuleArn=rule, Conditions=path)
    api.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 7}])
    _groups(api, group)
    api.add_tags(ResourceArns=[rule], Tags=[{"Key": "a", "Value": "b"}])
    assert api.describe_tags(ResourceArns=[rule])["TagDescriptions"][0]["Tags"]
    api.remove_tags(ResourceArns=[rule], TagKeys=["a"])
    api.describe_account_limits()
    assert api.describe_ssl_policies(PageSize=2)["SslPolicies"][0]["Ciphers"]
    api.delete_rule(RuleArn=rule)
    api.delete_listener(ListenerArn=listener)
    api.delete_load_balancer(LoadBalancerArn=front)
    api.delete_target_group(TargetGroupArn=group)
    assert set(OPERATIONS["elbv2"]) - called.done == set()


def _listeners(api: Any, front: str, listener: str, group: str) -> None:
    api.describe_listeners(LoadBalancerArn=front)
    api.describe_listener_attributes(ListenerArn=listener)
    api.modify_listener(ListenerArn=listener, Port=81)
    api.modify_listener_attributes(
        ListenerArn=listener,
        Attributes=[{"Key": "routing.http.response.server.enabled", "Value": "false"}],
    )
    secure = api.create_listener(
        LoadBalancerArn=front,
        Protocol="HTTPS",
        Port=443,
        Certificates=CERTIFICATES,
        DefaultActions=forward(group),
    )["Listeners"][0]["ListenerArn"]
    api.add_listener_certificates(ListenerArn=secure, Certificates=CERTIFICATES)
    api.describe_listener_certificates(ListenerArn=secure)
    api.remove_listener_certificates(ListenerArn=secure, Certificates=CERTIFICATES)


def _groups(api: Any, group: str) -> None:
    api.describe_target_groups(PageSize=1)
    api.describe_target_group_attributes(TargetGroupArn=group)
    api.modify_target_group(TargetGroupArn=group, HealthCheckPath="/up")
    api.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    api.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.2"}])
    api.describe_target_health(TargetGroupArn=group, Include=["All"])
    api.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.2"}])


def test_ecs(engine: RunningEngine) -> None:
    called = Called(engine, "ecs")
    api = called.api
    _, _, group = balanced(engine.client("elbv2"), "web")
    _clusters(api)
    _pool(engine, api)
    web = register(api, "web", env=STAND_IN)
    balancer = {"containerName": "web", "containerPort": 8080, "targetGroupArn": group}
    service = {
        "serviceName": "web",
        "taskDefinition": web,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "desiredCount": 2,
        "loadBalancers": [balancer],
        "tags": TAGS,
    }
    api.create_service(**service)
    wait_for(lambda: steady(api), 60)
    assert "has reached a steady state." in events(api)[0]
    (task, _) = api.list_tasks(serviceName="web")["taskArns"]
    described = api.describe_tasks(tasks=[task])["tasks"][0]
    assert (described["lastStatus"], described["launchType"]) == ("RUNNING", "FARGATE")
    _definitions(api)
    api.list_services(maxResults=1)
    _deployments(api)
    own = {"taskDefinition": web, "launchType": "FARGATE", "networkConfiguration": NETWORK}
    _task_sets(api, own)
    ran = api.run_task(**own, count=1)["tasks"][0]["taskArn"]
    api.stop_task(task=ran)
    api.update_task_protection(cluster="default", tasks=[task], protectionEnabled=True)
    api.get_task_protection(cluster="default", tasks=[task])
    _instances(api)
    _settings(api, described["clusterArn"])
    api.delete_service(service="web", force=True)
    assert set(OPERATIONS["ecs"]) - called.done == set()


def _task_sets(api: Any, own: dict[str, Any]) -> None:
    """Of a service that somebody else deploys."""
    outer = {"service": "outer", "cluster": "default"}
    controller = {"type": "EXTERNAL"}
    api.create_service(serviceName="outer", desiredCount=0, deploymentController=controller)
    one = api.create_task_set(**outer, **own)["taskSet"]["id"]
    scale = {"value": 50.0, "unit": "PERCENT"}
    api.update_task_set(**outer, taskSet=one, scale=scale)
    api.update_service_primary_task_set(**outer, primaryTaskSet=one)
    assert api.describe_task_sets(**outer)["taskSets"][0]["status"] == "PRIMARY"
    api.delete_task_set(**outer, taskSet=one, force=True)
    api.delete_service(service="outer", force=True)


def register(api: Any, family: str, env: list[dict[str, str]]) -> str:
    container = {
        "name": family,
        "image": "understudy/stand-in",
        "portMappings": [{"containerPort": 8080}],
        "environment": env,
    }
    answer = api.register_task_definition(
        family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
        memory="512", containerDefinitions=[container],
    )  # fmt: skip
    return answer["taskDefinition"]["taskDefinitionArn"]


def steady(api: Any) -> bool:
    found = api.describe_services(services=["web"])["services"][0]
    return [each["rolloutState"] for each in found["deployments"]] == ["COMPLETED"]


def events(api: Any) -> list[str]:
    found = api.describe_services(services=["web"])["services"][0]
    return [each["message"] for each in found["events"]]


def _clusters(api: Any) -> None:
    api.create_cluster(tags=TAGS)
    api.create_cluster(clusterName="other")
    api.describe_clusters(include=["SETTINGS", "TAGS"])
    api.list_clusters(maxResults=1)
    api.update_cluster(cluster="other")
    api.update_cluster_settings(
        cluster="other", settings=[{"name": "containerInsights", "value": "enabled"}]
    )
    api.put_cluster_capacity_providers(
        cluster="other",
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
    )
    api.delete_cluster(cluster="other")


def _pool(engine: RunningEngine, api: Any) -> None:
    """A cluster with an instance of a group, and a capacity provider."""
    api.create_cluster(clusterName="pool")
    engine.client("ec2").create_launch_template(
        LaunchTemplateName="hosts",
        LaunchTemplateData={
            "ImageId": "ami-0123456789abcdef0",
            "InstanceType": "m5.large",
            "UserData": b64encode(SCRIPT).decode(),
        },
    )
    scaling = engine.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="hosts",
        LaunchTemplate={"LaunchTemplateName": "hosts", "Version": "1"},
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        AvailabilityZones=["us-east-1a"],
    )
    (found,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    settings = {"autoScalingGroupArn": found["AutoScalingGroupARN"]}
    api.create_capacity_provider(name="hosts", autoScalingGroupProvider=settings)
    api.describe_capacity_providers()
    api.update_capacity_provider(
        name="hosts", autoScalingGroupProvider={"managedScaling": {"targetCapacity": 80}}
    )
    api.delete_capacity_provider(capacityProvider="hosts")
    wait_for(
        lambda: bool(api.list_container_instances(cluster="pool")["containerInstanceArns"]), 60
    )


def _definitions(api: Any) -> None:
    old = register(api, "old", STAND_IN)
    api.describe_task_definition(taskDefinition="web")
    api.list_task_definitions()
    api.list_task_definition_families()
    api.deregister_task_definition(taskDefinition=old)
    api.delete_task_definitions(taskDefinitions=[old])


def _deployments(api: Any) -> None:
    api.update_service(service="web", forceNewDeployment=True)
    (latest, first) = api.list_service_deployments(service="web")["serviceDeployments"]
    arn = latest["serviceDeploymentArn"]
    api.describe_service_deployments(serviceDeploymentArns=[arn])
    api.describe_service_revisions(serviceRevisionArns=[first["targetServiceRevisionArn"]])
    api.stop_service_deployment(serviceDeploymentArn=arn)


def _instances(api: Any) -> None:
    (arn,) = api.list_container_instances(cluster="pool")["containerInstanceArns"]
    on_pool: dict[str, Any] = {"cluster": "pool"}
    api.describe_container_instances(**on_pool, containerInstances=[arn])
    attribute = {"name": "rack", "value": "1", "targetId": arn}
    api.put_attributes(**on_pool, attributes=[attribute])
    api.list_attributes(**on_pool, targetType="container-instance")
    api.delete_attributes(**on_pool, attributes=[attribute])
    container = {"name": "app", "image": "app:1", "memory": 64, "environment": STAND_IN}
    api.register_task_definition(family="bridge", containerDefinitions=[container])
    api.start_task(**on_pool, taskDefinition="bridge", containerInstances=[arn])
    api.update_container_instances_state(**on_pool, containerInstances=[arn], status="DRAINING")
    api.deregister_container_instance(**on_pool, containerInstance=arn, force=True)


def _settings(api: Any, cluster: str) -> None:
    api.put_account_setting(name="containerInsights", value="enabled")
    api.put_account_setting_default(name="awsvpcTrunking", value="enabled")
    api.list_account_settings(effectiveSettings=True)
    api.delete_account_setting(name="containerInsights")
    api.tag_resource(resourceArn=cluster, tags=TAGS)
    api.list_tags_for_resource(resourceArn=cluster)
    api.untag_resource(resourceArn=cluster, tagKeys=["a"])


def test_what_a_task_writes_is_in_cloudwatch_logs(engine: RunningEngine) -> None:
    ecs, logs = engine.client("ecs"), engine.client("logs")
    ecs.create_cluster(clusterName="logged")
    options = {
        "awslogs-group": "/ecs/logged",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "web",
        "awslogs-create-group": "true",
    }
    container = {
        "name": "app",
        "image": "app",
        "environment": STAND_IN,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    ecs.register_task_definition(
        family="logged", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
        memory="512", executionRoleArn="arn:aws:iam::000000000000:role/ecs",
        containerDefinitions=[container],
    )  # fmt: skip
    ran = ecs.run_task(
        cluster="logged", taskDefinition="logged", launchType="FARGATE",
        networkConfiguration=NETWORK,
    )["tasks"][0]  # fmt: skip
    stream = f"web/app/{ran['taskArn'].rpartition('/')[2]}"

    def said() -> str:
        found = logs.describe_log_groups(logGroupNamePrefix="/ecs/logged")["logGroups"]
        if not found:
            return ""
        events = logs.get_log_events(logGroupName="/ecs/logged", logStreamName=stream)["events"]
        return "\n".join(each["message"] for each in events)

    wait_for(lambda: "A stand-in serves at" in said(), 30, "nothing is logged")
    ecs.stop_task(cluster="logged", task=ran["taskArn"])


def test_access_logs_are_in_the_bucket(engine: RunningEngine) -> None:
    api, s3 = engine.client("elbv2"), engine.client("s3")
    s3.create_bucket(Bucket="access-logs")
    balancer, _, _ = balanced(api, "logged")
    on = {"enabled": "true", "bucket": "access-logs", "prefix": "web"}
    attributes = [{"Key": f"access_logs.s3.{key}", "Value": each} for key, each in on.items()]
    api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)
    name = api.describe_load_balancers(Names=["logged"])["LoadBalancers"][0]["DNSName"]
    request = Request(f"{engine.endpoint}/none", headers={"Host": name})
    with pytest.raises(HTTPError, match="503"):
        urlopen(request, timeout=10)

    def listed() -> list[str]:
        found = s3.list_objects_v2(Bucket="access-logs", Prefix="web/AWSLogs/000000000000/")
        return [each["Key"] for each in found.get("Contents", [])]

    wait_for(lambda: bool(listed()), 60, "no log is delivered")
    (key,) = listed()
    assert "_elasticloadbalancing_us-east-1_app.logged." in key
    body = s3.get_object(Bucket="access-logs", Key=key)["Body"].read()
    (line,) = gzip.decompress(body).decode().splitlines()
    assert line.startswith("http ")
    assert f'"GET http://{name}:80/none HTTP/1.1"' in line
