"""Options of operations: stack policies, rollback triggers, protection, tokens, roles, EXPRESS."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:bad"


def statement(effect: str, action: str, resource: str = "*", **more: Any) -> Params:
    return {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource, **more}


def policy(*statements: Params) -> str:
    return json.dumps({"Statement": [*statements]})


EVERYTHING = statement("Allow", "Update:*")


# Stack policies


@pytest.mark.parametrize(
    ("denied", "wish", "ends"),
    [
        ("Update:Modify", {"A": thing(Size=2)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:Replace", {"A": thing(Size=2)}, "UPDATE_COMPLETE"),
        ("Update:Replace", {"A": thing(Kind="x", Size=1)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:Delete", {"B": thing()}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:*", {"A": thing(Size=2)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:*", {"A": thing(Size=1), "New": thing()}, "UPDATE_COMPLETE"),
    ],
    ids=[
        "it protects from a change",
        "a change is no replacement",
        "it protects from replacement",
        "it protects from removal",
        "it protects from everything",
        "it says nothing of new resources",
    ],
)
def test_a_policy_protects_resources_from_updates(
    stack: StackStory, denied: str, wish: Params, ends: str
) -> None:
    body = policy(EVERYTHING, statement("Deny", denied, "LogicalResourceId/A"))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=body)
    assert stack.update(wish) == ends
    reason = f"Action denied by stack policy: Statement [#2] does not allow [{denied}] for resource"
    assert any(reason in line for line in stack.events()) == (ends != "UPDATE_COMPLETE")


def test_what_no_statement_allows_is_denied(stack: StackStory) -> None:
    only_b = policy(statement("Allow", "Update:*", "LogicalResourceId/B"))
    stack.create({"A": thing(Size=1), "B": thing(Size=1)}, StackPolicyBody=only_b)
    assert stack.update({"A": thing(Size=1), "B": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert stack.update({"A": thing(Size=2), "B": thing(Size=2)}) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_may_name_types(stack: StackStory) -> None:
    condition = {"StringLike": {"ResourceType": ["Test::*"]}}
    body = policy(EVERYTHING, statement("Deny", "Update:*", Condition=condition))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=body)
    assert stack.update({"A": thing(Size=2)}) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_for_one_update_goes_before_the_stacks_own(stack: StackStory) -> None:
    closed = policy(statement("Deny", "Update:*"))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=closed)
    open_once = policy(EVERYTHING)
    assert stack.update({"A": thing(Size=2)}, StackPolicyDuringUpdateBody=open_once) == (
        "UPDATE_COMPLETE"
    )
    assert stack.ask("GetStackPolicy")["StackPolicyBody"] == closed
    assert stack.update({"A": thing(Size=3)}) == "UPDATE_ROLLBACK_COMPLETE"
    stack.call("SetStackPolicy", StackPolicyBody=open_once)
    assert stack.update({"A": thing(Size=3)}) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "body",
    ["{", json.dumps({"Statement": [{"Effect": "Maybe"}]}), policy(statement("Allow", "Delete:*"))],
    ids=["no JSON", "an unknown effect", "an unknown action"],
)
def test_an_invalid_policy_is_refused(stack: StackStory, account: Account, body: str) -> None:
    stack.create({"A": thing()})
    assert message(account, "SetStackPolicy", StackName="app", StackPolicyBody=body) == (
        "ValidationError: Error validating stack policy: Invalid stack policy"
    )


def test_a_policy_comes_as_text_or_by_address_not_both(stack: StackStory) -> None:
    stack.create({"A": thing()})
    both = {"StackPolicyBody": policy(EVERYTHING), "StackPolicyURL": "https://x"}
    assert message(stack.account, "SetStackPolicy", StackName="app", **both) == (
        "ValidationError: You cannot specify both StackPolicyURL and StackPolicyBody"
    )


def test_a_policy_is_fetched_from_its_address(real: StackStory, services: Services) -> None:
    real.create({"A": thing(Size=1)})
    services.ask("s3", "CreateBucket", Bucket="policies")
    body = policy(statement("Deny", "Update:*"))
    services.ask("s3", "PutObject", Bucket="policies", Key="p.json", Body=body.encode())
    real.call("SetStackPolicy", StackPolicyURL="https://s3.amazonaws.com/policies/p.json")
    assert real.ask("GetStackPolicy")["StackPolicyBody"] == body


# Rollback triggers


def alarm(account: Account, state: str) -> None:
    account.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="bad",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    account.call("cloudwatch", "SetAlarmState", AlarmName="bad", StateValue=state, StateReason="x")


def watched(minutes: int = 0) -> Params:
    triggers = [{"Arn": ALARM, "Type": "AWS::CloudWatch::Alarm"}]
    return {
        "RollbackConfiguration": {
            "RollbackTriggers": triggers,
            "MonitoringTimeInMinutes": minutes,
        }
    }


def test_an_alarm_rolls_an_update_back_while_it_runs(stack: StackStory, account: Account) -> None:
    alarm(account, "OK")
    stack.create({"A": thing(Size=1)})
    stack.update({"A": thing(Size=2, Seconds=500)}, run=60, **watched())
    alarm(account, "ALARM")
    assert stack.run(60) == "UPDATE_ROLLBACK_COMPLETE"
    reason = f"Rollback trigger {ALARM} went to ALARM state."
    assert any(reason in line for line in stack.events())


def test_an_alarm_rolls_a_creation_back_while_it_is_monitored(
    stack: StackStory, account: Account, things: Things
) -> None:
    alarm(account, "OK")
    assert stack.create({"A": thing()}, run=300, **watched(10)) == "CREATE_IN_PROGRESS"
    assert stack.resources == {"A": "CREATE_COMPLETE"}
    alarm(account, "ALARM")
    assert stack.run(60) == "ROLLBACK_COMPLETE"
    assert things.things == {}


def test_a_quiet_time_of_monitoring_ends_well(stack: StackStory, account: Account) -> None:
    alarm(account, "OK")
    assert stack.create({"A": thing()}, run=599, **watched(10)) == "CREATE_IN_PROGRESS"
    assert stack.run(10) == "CREATE_COMPLETE"
    found = stack.described["RollbackConfiguration"]
    assert found["MonitoringTimeInMinutes"] == 10
    assert found["RollbackTriggers"][0]["Arn"] == ALARM


def test_an_alarm_that_is_missing_rolls_back(stack: StackStory) -> None:
    assert stack.create({"A": thing(Seconds=100)}, **watched()) == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        ({"Arn": ALARM, "Type": "AWS::Fake"}, "Rollback Trigger Type not supported"),
        (
            {"Arn": "arn:aws:cloudwatch:us-east-1:000000000000:fake:x"},
            "RelativeId of a Rollback Trigger's ARN is incorrect",
        ),
    ],
    ids=["an unknown type", "no alarm"],
)
def test_a_wrong_trigger_is_refused(account: Account, trigger: Params, text: str) -> None:
    configuration = {"RollbackTriggers": [{"Type": "AWS::CloudWatch::Alarm", **trigger}]}
    body = template({"A": thing()})
    call = {"StackName": "app", "TemplateBody": body, "RollbackConfiguration": configuration}
    assert message(account, "CreateStack", **call) == f"ValidationError: {text}"


# Protection, tokens, roles, types


def test_termination_protection(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing()}, EnableTerminationProtection=True)
    assert message(account, "DeleteStack", StackName="app") == (
        "ValidationError: Stack [app] cannot be deleted while TerminationProtection is enabled"
    )
    assert stack.described["EnableTerminationProtection"] is True
    stack.call("UpdateTerminationProtection", EnableTerminationProtection=False)
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_token_is_on_every_event_of_its_operation(stack: StackStory) -> None:
    stack.create({"A": thing()}, ClientRequestToken="one")
    stack.update({"A": thing(Size=1)}, ClientRequestToken="two")
    tokens = [each["ClientRequestToken"] for each in stack.all_events()]
    assert tokens == ["one"] * 5 + ["two"] * 5


def test_a_role_that_nobody_may_assume_is_refused(real: StackStory, services: Services) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    call = {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(trust)}
    services.ask("iam", "CreateRole", **call)
    role = "arn:aws:iam::000000000000:role/r"
    body = template({"A": thing()})
    call = {"StackName": "app", "TemplateBody": body, "RoleARN": role}
    assert message(real.account, "CreateStack", **call) == (
        f"ValidationError: Role {role} is invalid or cannot be assumed"
    )


def test_only_types_that_the_caller_allows(account: Account) -> None:
    body = template({"A": thing()})
    call = {"StackName": "app", "TemplateBody": body, "ResourceTypes": ["AWS::EC2::*"]}
    assert message(account, "CreateStack", **call) == (
        "ValidationError: Resource type Test::Unit::Thing is not allowed by parameter "
        "ResourceTypes [AWS::EC2::*]"
    )


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


# Deletion


def test_a_deletion_that_fails_names_what_failed_and_can_leave_it(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"}), "C": thing()})
    things.refused.add(("DeleteThing", "B"))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to delete: [B]. "
    )
    assert stack.resources["C"] == "DELETE_COMPLETE"
    assert stack.delete(RetainResources=["B"]) == "DELETE_COMPLETE"
    assert [each["LogicalId"] for each in things.things.values()] == ["B"]


def test_resources_to_retain_are_for_a_failed_deletion_only(
    stack: StackStory, account: Account
) -> None:
    stack.create({"A": thing()})
    assert message(account, "DeleteStack", StackName="app", RetainResources=["A"]).endswith(
        "RetainResources can be specified only for a stack in DELETE_FAILED state"
    )


def test_a_forced_deletion_leaves_what_it_cannot_delete(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(), "B": thing()})
    things.refused.add(("DeleteThing", "A"))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.delete(DeletionMode="FORCE_DELETE_STACK") == "DELETE_COMPLETE"


def test_a_stack_is_deleted_in_reverse_order(stack: StackStory) -> None:
    stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"}), "C": thing()})
    stack.events()
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.events() == [
        "stack DELETE_IN_PROGRESS User Initiated",
        "C DELETE_IN_PROGRESS C1",
        "B DELETE_IN_PROGRESS B1",
        "C DELETE_COMPLETE C1",
        "B DELETE_COMPLETE B1",
        "A DELETE_IN_PROGRESS A1",
        "A DELETE_COMPLETE A1",
        "stack DELETE_COMPLETE",
    ]


def test_a_stack_that_does_not_exist_counts_as_deleted(account: Account) -> None:
    assert account.call("cloudformation", "DeleteStack", StackName="none") == {}


def test_a_stack_that_is_being_created_can_be_deleted(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(), "B": thing(Seconds=1000)}, run=10)
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}


def test_topics_are_told_of_every_event(real: StackStory, services: Services) -> None:
    topic = services.ask("sns", "CreateTopic", Name="events")["TopicArn"]
    queue = services.ask("sqs", "CreateQueue", QueueName="heard")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:heard"
    services.ask("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert real.create({"A": thing()}, NotificationARNs=[topic]) == "CREATE_COMPLETE"
    assert real.described["NotificationARNs"] == [topic]
    told: list[Params] = []
    while True:
        found = services.ask("sqs", "ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10)
        if not found.get("Messages"):
            break
        told += [json.loads(each["Body"]) for each in found["Messages"]]
    assert len(told) == 5
    assert {each["Subject"] for each in told} == {"AWS CloudFormation Notification"}
    assert any(
        "ResourceStatus='CREATE_COMPLETE'" in each["Message"]
        and "LogicalResourceId='A'" in each["Message"]
        for each in told
    )
