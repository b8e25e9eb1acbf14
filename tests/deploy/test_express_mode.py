"""EXPRESS mode: what has been asked for is not waited for. AWS: Express mode."""

from understudy.testing.stack_story import StackStory, thing


def test_in_express_mode_nobody_waits_for_stability(stack: StackStory) -> None:
    express = {"DeploymentConfig": {"Mode": "EXPRESS"}}
    resources = {"A": thing(Seconds=1000), "B": thing(Seconds=1000, Needs={"Ref": "A"})}
    assert stack.create(resources, run=5, **express) == "CREATE_COMPLETE"
    assert stack.described["DeploymentConfig"]["Mode"] == "EXPRESS"
    assert stack.delete(run=5, **express) == "DELETE_COMPLETE"


def test_what_is_not_waited_for_in_express_mode_has_its_attributes(stack: StackStory) -> None:
    launch = {"ImageId": "ami-1", "InstanceType": "m5.large"}
    group = {
        "MinSize": "1",
        "MaxSize": "1",
        "AvailabilityZones": ["us-east-1a"],
        "LaunchConfigurationName": {"Ref": "Launch"},
    }
    resources = {
        "Launch": {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": launch},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Subnets": ["subnet-1", "subnet-2"]},
        },
    }
    outputs = {
        "Group": {"Value": {"Fn::GetAtt": ["Group", "AutoScalingGroupARN"]}},
        "Address": {"Value": {"Fn::GetAtt": ["Balancer", "DNSName"]}},
    }
    stack.create(
        resources,
        run=2,
        sections={"Outputs": outputs},
        DeploymentConfig={"Mode": "EXPRESS"},
    )
    assert stack.status == "CREATE_COMPLETE", stack.events()
    shown = {each["OutputKey"]: each["OutputValue"] for each in stack.described["Outputs"]}
    assert shown["Group"].startswith("arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:")
    assert shown["Address"].endswith(".elb.amazonaws.com")


MODEL = {"ExecutionRoleArn": "arn:aws:iam::000000000000:role/r", "PrimaryContainer": {"Image": "i"}}


VARIANT = {
    "VariantName": "all",
    "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m5.large",
}


SERVED = {
    "Machine": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-1"}},
    "Model": {"Type": "AWS::SageMaker::Model", "Properties": MODEL},
    "Config": {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {"ProductionVariants": [VARIANT]},
    },
    "Endpoint": {
        "Type": "AWS::SageMaker::Endpoint",
        "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
    },
    "Target": {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 1,
            "MaxCapacity": 2,
            "ServiceNamespace": "sagemaker",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ResourceId": {"Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/all"},
        },
    },
}


def test_instances_and_endpoints_are_not_waited_for_in_express_mode(stack: StackStory) -> None:
    # AWS: Express mode; an instance takes a minute here, an endpoint too.
    express = {"DeploymentConfig": {"Mode": "EXPRESS"}}
    assert stack.create(SERVED, run=2, **express) == "CREATE_COMPLETE", stack.events()
    changed = {**SERVED, "Machine": {**SERVED["Machine"]}}
    changed["Machine"]["Properties"] = {"ImageId": "ami-1", "InstanceType": "m5.xlarge"}
    stack.run(120)
    assert stack.update(changed, run=20, **express) == "UPDATE_COMPLETE", stack.events()
    stack.run(120)
    assert stack.delete(run=2, **express) == "DELETE_COMPLETE", stack.events()


def test_an_endpoint_that_is_not_ready_yet_is_waited_for_before_it_is_changed(
    stack: StackStory,
) -> None:
    express = {"DeploymentConfig": {"Mode": "EXPRESS"}}
    served = {name: each for name, each in SERVED.items() if name != "Target"}
    stack.create(served, run=2, **express)
    larger = {"ProductionVariants": [{**VARIANT, "InstanceType": "ml.m5.xlarge"}]}
    config = {"Type": "AWS::SageMaker::EndpointConfig", "Properties": larger}
    assert stack.update({**served, "Config": config}, run=2, **express) == "UPDATE_IN_PROGRESS"
    assert stack.run(300) == "UPDATE_COMPLETE", stack.events()


def test_the_mode_that_the_cdk_sends_changes_nothing(stack: StackStory) -> None:
    standard = {"DeploymentConfig": {"Mode": "STANDARD"}}
    assert stack.create({"A": thing(Seconds=100)}, run=5, **standard) == "CREATE_IN_PROGRESS"
