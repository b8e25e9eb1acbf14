"""Options of operations: rollback triggers, protection, tokens, roles, types, topics."""

import json

import pytest

from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:bad"


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
