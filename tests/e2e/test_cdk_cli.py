"""The unmodified CDK CLI on an app with an endpoint, an Auto Scaling group and a Fargate service.

What CDK puts around them is there too: a VPC, a bucket that empties itself and the default security
group that is closed, both by functions in Node.js, roles, log groups and the image of the group as
a parameter of Systems Manager.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.testing.engines import RunningEngine

PROGRAM = os.environ.get("UNDERSTUDY_CDK") or shutil.which("cdk")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(PROGRAM is None, reason="the CDK CLI is not installed"),
    pytest.mark.skipif(
        shutil.which("node") is None or importlib.util.find_spec("aws_cdk") is None,
        reason="needs node and aws-cdk-lib",
    ),
]

APP = """
import sys

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker

QUICK = {"UNDERSTUDY_STAND_IN": "lognormal(p50=5ms, p99=10ms)"}


class Network(cdk.Stack):
    def __init__(self, scope, name):
        super().__init__(scope, name)
        self.vpc = ec2.Vpc(self, "Vpc", max_azs=2, restrict_default_security_group=True)
        s3.Bucket(
            self, "Scratch", bucket_name="scratch-of-cdk", auto_delete_objects=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


class Web(cdk.Stack):
    def __init__(self, scope, name, vpc):
        super().__init__(scope, name)
        service = patterns.ApplicationLoadBalancedFargateService(
            self, "Service", vpc=vpc, desired_count=1,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_registry("understudy/stand-in"),
                container_port=8080, environment=QUICK,
            ),
        )
        service.target_group.configure_health_check(path="/ping", healthy_threshold_count=2)
        scaling = service.service.auto_scale_task_count(max_capacity=4)
        scaling.scale_on_request_count(
            "Requests", requests_per_target=100, target_group=service.target_group
        )


class Fleet(cdk.Stack):
    def __init__(self, scope, name, vpc, size):
        super().__init__(scope, name)
        group = autoscaling.AutoScalingGroup(
            self, "Group", vpc=vpc, instance_type=ec2.InstanceType(size),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(), max_capacity=3,
            update_policy=autoscaling.UpdatePolicy.replacing_update(),
        )
        group.scale_on_cpu_utilization("Cpu", target_utilization_percent=50)


class Model(cdk.Stack):
    def __init__(self, scope, name, size):
        super().__init__(scope, name)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        model = sagemaker.CfnModel(
            self, "Model", execution_role_arn=role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image="understudy/stand-in", environment=QUICK
            ),
        )
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name="AllTraffic", model_name=model.attr_model_name, instance_type=size,
            initial_instance_count=1, initial_variant_weight=1,
        )
        config = sagemaker.CfnEndpointConfig(self, "Config", production_variants=[variant])
        sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name="by-cdk",
            endpoint_config_name=config.attr_endpoint_config_name,
        )
        logs.LogGroup(self, "Log", removal_policy=cdk.RemovalPolicy.DESTROY)


SIZES = {"first": ("ml.m5.large", "t3.micro"), "next": ("ml.c5.large", "t3.small")}
for folder, (model, instance) in SIZES.items():
    app = cdk.App(outdir=folder)
    network = Network(app, "Network")
    Web(app, "Web", network.vpc)
    Fleet(app, "Fleet", network.vpc, instance)
    Model(app, "Model", model)
    app.synth()
"""


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    """An engine in which health checks do not take long."""
    return make_engine("--speed", "20")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the app synthesised twice: at first, and with other instances."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP)
    subprocess.run([sys.executable, "app.py"], cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def cdk(app: Path, engine: RunningEngine) -> Callable[..., str]:
    """Runs the CDK CLI, which has to succeed; what it said."""
    return lambda *arguments: engine.cdk(str(PROGRAM), *arguments, cwd=app)


def ids(engine: RunningEngine, stack: str) -> dict[str, str]:
    """The physical ids of a stack's resources by their types; of several of one type, the last."""
    api = engine.client("cloudformation")
    found = api.describe_stack_resources(StackName=stack)["StackResources"]
    return {each["ResourceType"]: each["PhysicalResourceId"] for each in found}


def test_the_cdk_cli_deploys_compares_replaces_and_destroys_fleets(
    cdk: Callable[..., str], engine: RunningEngine
) -> None:
    api = engine.client("cloudformation")
    cdk("bootstrap", "aws://000000000000/us-east-1", "--app", "first")
    cdk("deploy", "--all", "--app", "first", "--require-approval", "never")
    assert engine.invoke("by-cdk")
    address = ids(engine, "Web")["AWS::ElasticLoadBalancingV2::LoadBalancer"]
    (balancer,) = engine.client("elbv2").describe_load_balancers(LoadBalancerArns=[address])[
        "LoadBalancers"
    ]
    request = urllib.request.Request(
        f"{engine.endpoint}/invocations", data=b"{}", headers={"Host": balancer["DNSName"]}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200

    same = cdk("deploy", "--all", "--app", "first", "--require-approval", "never")
    assert same.count("(no changes)") == 4
    first = {stack: ids(engine, stack) for stack in ("Fleet", "Model")}

    diff = cdk("diff", "--all", "--app", "next")
    assert "[~] AWS::SageMaker::EndpointConfig Config Config replace" in diff
    assert "Number of stacks with differences: 2" in diff
    cdk("deploy", "--all", "--app", "next", "--require-approval", "never")
    after = {stack: ids(engine, stack) for stack in ("Fleet", "Model")}
    group, config = "AWS::AutoScaling::AutoScalingGroup", "AWS::SageMaker::EndpointConfig"
    assert after["Fleet"][group] != first["Fleet"][group]
    assert after["Model"][config] != first["Model"][config]
    sagemaker = engine.client("sagemaker")
    served = sagemaker.describe_endpoint(EndpointName="by-cdk")["EndpointConfigName"]
    assert served in after["Model"][config]

    engine.client("s3").put_object(Bucket="scratch-of-cdk", Key="left", Body=b"behind")
    cdk("destroy", "--all", "--force", "--app", "next")
    left = {each["StackName"] for each in api.describe_stacks()["Stacks"]}
    assert left == {"CDKToolkit"}
    buckets = engine.client("s3").list_buckets()["Buckets"]
    assert "scratch-of-cdk" not in {each["Name"] for each in buckets}
