"""Instances of stacks really run: user data configures itself and signals, or the stack fails."""

from collections.abc import Callable
from typing import Any

import pytest

from understudy.runtimes.roots import bubblewrap
from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(bubblewrap() is None, reason="bubblewrap is not installed"),
]

TEMPLATE = """
Parameters:
  Type: {Type: String, Default: t3.micro}
  Command: {Type: String, Default: 'true'}
Resources:
  Web:
    Type: AWS::EC2::Instance
    CreationPolicy:
      ResourceSignal: {Timeout: PT1M}
    Metadata:
      AWS::CloudFormation::Init:
        config:
          packages: {yum: {httpd: []}}
          files:
            /var/www/index.html: {content: 'configured', mode: '000644'}
          commands:
            01_copy: {command: 'cp /var/www/index.html /var/www/copy.html'}
            02_check: {command: !Ref Command}
    Properties:
      ImageId: ami-12345678
      InstanceType: !Ref Type
      UserData:
        Fn::Base64: !Sub |
          #!/bin/sh
          /opt/aws/bin/cfn-init --stack ${AWS::StackName} --resource Web --region ${AWS::Region}
          code=$?
          busybox httpd -p $HOST:8080 -h /var/www
          cfn-signal -e $code --stack ${AWS::StackName} --resource Web --region ${AWS::Region}
Outputs:
  Address: {Value: !GetAtt Web.PrivateIp}
  Instance: {Value: !Ref Web}
"""


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "5")


def deploy(engine: RunningEngine, name: str, **parameters: str) -> dict[str, str]:
    cloudformation = engine.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": each} for key, each in parameters.items()]
    cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, Parameters=given)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


def test_an_instance_configures_itself_signals_and_is_resized(engine: RunningEngine) -> None:
    outputs = deploy(engine, "web")
    identity = outputs["Instance"]
    ec2, cloudformation = engine.client("ec2"), engine.client("cloudformation")

    def instance() -> dict[str, Any]:
        found = ec2.describe_instances(InstanceIds=[identity])["Reservations"]
        return found[0]["Instances"][0]

    assert instance()["State"]["Name"] == "running"
    tags = {each["Key"]: each["Value"] for each in instance()["Tags"]}
    assert tags["understudy:runs"].startswith("user-data")
    assert instance()["PrivateIpAddress"] == outputs["Address"]
    log = (engine.state / "machines" / identity / "log").read_text()
    assert "packages are passed over: yum" in log
    own = engine.state / "machines" / identity / "root/var/www/copy.html"
    assert own.read_text() == "configured"

    cloudformation.update_stack(
        StackName="web",
        TemplateBody=TEMPLATE,
        Parameters=[{"ParameterKey": "Type", "ParameterValue": "m5.large"}],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName="web", WaiterConfig=WAIT)
    assert (instance()["InstanceId"], instance()["InstanceType"]) == (identity, "m5.large")
    # It was stopped and started again, with all that it had written.
    assert own.read_text() == "configured"
    cloudformation.delete_stack(StackName="web")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="web", WaiterConfig=WAIT)
    assert instance()["State"]["Name"] == "terminated"


def test_user_data_that_fails_signals_failure_and_the_stack_rolls_back(
    engine: RunningEngine,
) -> None:
    cloudformation = engine.client("cloudformation")
    with pytest.raises(Exception, match="ROLLBACK"):
        deploy(engine, "broken", Command="exit 4")

    def status() -> str:
        return cloudformation.describe_stacks(StackName="broken")["Stacks"][0]["StackStatus"]

    wait_for(lambda: status() == "ROLLBACK_COMPLETE")
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events]
    assert any("FAILURE signal" in reason for reason in reasons), reasons
