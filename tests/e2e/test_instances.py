"""Instances of stacks really run: user data configures itself and signals, or the stack fails."""

import tarfile
import urllib.request
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from understudy.runtimes.addresses import address_of
from understudy.runtimes.roots import bubblewrap
from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(bubblewrap() is None, reason="bubblewrap is not installed"),
]

WAIT_SECONDS = 60.0
TEMPLATE = """
Parameters:
  Type: {Type: String, Default: t3.micro}
  Command: {Type: String, Default: 'true'}
  Word: {Type: String, Default: configured}
Resources:
  Web:
    Type: AWS::EC2::Instance
    CreationPolicy:
      ResourceSignal: {Timeout: PT30M}
    Metadata:
      AWS::CloudFormation::Init:
        config:
          packages: {yum: {httpd: []}}
          groups: {web: {gid: '4711'}}
          users: {server: {uid: '4712', groups: [web], homeDir: /var/www}}
          sources:
            /opt/site: https://s3.amazonaws.com/site/site.tar.gz
          files:
            /var/www/index.html:
              content: '{{word}}'
              context: {word: !Ref Word}
              mode: '000640'
            /var/www/link: {content: /var/www/index.html, mode: '120644'}
            /var/www/plain: {content: cGxhaW4=, encoding: base64}
            /etc/systemd/system/web.service:
              content: |
                [Service]
                WorkingDirectory=/var/www
                ExecStart=/bin/sh -c 'exec busybox httpd -f -p $HOST:8080 -h .'
            /etc/cfn/cfn-hup.conf:
              content: !Sub |
                [main]
                stack=${AWS::StackName}
                region=${AWS::Region}
                interval=1
            /etc/cfn/hooks.d/reload.conf:
              content: !Sub |
                [reload]
                triggers=post.update
                path=Resources.Web.Metadata.AWS::CloudFormation::Init
                action=cfn-init -s ${AWS::StackName} -r Web --region ${AWS::Region}
          commands:
            01_copy: {command: 'cp /var/www/index.html /var/www/copy.html'}
            02_check: {command: !Ref Command}
            03_not: {command: touch /var/www/not, test: 'test -e /nowhere'}
            04_where:
              command: 'pwd > /var/www/where; echo $A >> where'
              cwd: /var/www
              env: {A: b}
            05_fails: {command: [/bin/false], ignoreErrors: 'true'}
          services:
            systemd:
              web: {enabled: true, ensureRunning: true}
              unheard-of: {ensureRunning: true}
            sysvinit: {cfn-hup: {enabled: true, ensureRunning: true}}
    Properties:
      ImageId: ami-12345678
      InstanceType: !Ref Type
      UserData:
        Fn::Base64: !Sub |
          #!/bin/sh
          /opt/aws/bin/cfn-init --stack ${AWS::StackName} --resource Web --region ${AWS::Region}
          code=$?
          cfn-signal -e $code --stack ${AWS::StackName} --resource Web --region ${AWS::Region}
Outputs:
  Address: {Value: !GetAtt Web.PrivateIp}
  Instance: {Value: !Ref Web}
"""


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    engine = make_engine("--speed", "20")
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo("page.html")
        entry.size = len(b"unpacked")
        tar.addfile(entry, BytesIO(b"unpacked"))
    engine.client("s3").create_bucket(Bucket="site")
    engine.client("s3").put_object(Bucket="site", Key="site.tar.gz", Body=archive.getvalue())
    return engine


def deploy(engine: RunningEngine, name: str, **parameters: str) -> dict[str, str]:
    cloudformation = engine.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": each} for key, each in parameters.items()]
    cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, Parameters=given)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


def change(engine: RunningEngine, **parameters: str) -> None:
    cloudformation = engine.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": each} for key, each in parameters.items()]
    cloudformation.update_stack(StackName="web", TemplateBody=TEMPLATE, Parameters=given)
    cloudformation.get_waiter("stack_update_complete").wait(StackName="web", WaiterConfig=WAIT)


def said(address: str) -> str:
    """What the web server of an instance answers, "" where it does not."""
    try:
        with urllib.request.urlopen(f"http://{address}:8080/", timeout=2) as answer:
            return answer.read().decode()
    except OSError:
        return ""


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
    assert "packages are passed over: yum httpd" in log
    assert "services are passed over: systemd unheard-of" in log
    root = engine.state / "machines" / identity / "root"
    www, own = root / "var/www", root / "var/www/copy.html"
    assert own.read_text() == "configured"
    assert (www / "index.html").stat().st_mode & 0o777 == 0o640
    assert str((www / "link").readlink()) == "/var/www/index.html"
    assert (www / "plain").read_text() == "plain"
    assert (www / "where").read_text() == "/var/www\nb\n"
    assert not (www / "not").exists()
    assert (root / "opt/site/page.html").read_text() == "unpacked"
    assert "server:x:4712:" in (root / "etc/passwd").read_text()
    assert "web:x:4711:server" in (root / "etc/group").read_text()
    address = address_of(identity)
    wait_for(lambda: said(address) == "configured", WAIT_SECONDS, "its service does not serve")

    # cfn-hup sees that its metadata has changed, and has it carried out again.
    change(engine, Word="changed")
    wait_for(lambda: said(address) == "changed", WAIT_SECONDS, "the change is not carried out")

    change(engine, Word="changed", Type="m5.large")
    assert (instance()["InstanceId"], instance()["InstanceType"]) == (identity, "m5.large")
    # It was stopped and started again, with its service and all that it had written.
    wait_for(lambda: said(address) == "changed", WAIT_SECONDS, "its service is not started")
    assert own.read_text() == "changed"
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
