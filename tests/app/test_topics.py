"""Alarms and groups tell topics, and these deliver: to queues, and over HTTP on this machine."""

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes


class Listener:
    """An HTTP endpoint that keeps what it is sent, and refuses the first ``refuses`` of it."""

    def __init__(self, refuses: int = 0) -> None:
        self.received: list[tuple[Message, dict[str, Any]]] = []
        self.attempts = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.attempts += 1
                if listener.attempts <= refuses:
                    self.send_error(503)
                    return
                listener.received.append((self.headers, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/alarms"


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener(refuses=1)
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    found = RunningEngine(tmp_path / "state")
    found.up()
    yield found
    found.down()


def subscribed(engine: RunningEngine, url: str) -> tuple[str, str]:
    """A topic with a queue and an HTTP endpoint, and the queue's URL."""
    sns, sqs = engine.client("sns"), engine.client("sqs")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    queue = sqs.create_queue(QueueName="ops")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    return topic, queue


def arrived(engine: RunningEngine, queue: str) -> list[dict[str, Any]]:
    """What is in a queue now."""
    sqs = engine.client("sqs")
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in got:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(each["Body"]) for each in got]


def test_an_alarm_tells_its_topic(engine: RunningEngine, listener: Listener) -> None:
    topic, queue = subscribed(engine, listener.url)
    cloudwatch = engine.client("cloudwatch")
    missing = "arn:aws:sns:us-east-1:000000000000:nobody"
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="App",
        MetricName="Load",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic, missing],
    )
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a test")
    messages: list[dict[str, Any]] = []

    def is_told() -> bool:
        messages.extend(arrived(engine, queue))
        return bool(messages and listener.received)

    wait_for(is_told, what="the alarm told nobody")
    (queued,) = messages
    said = json.loads(queued["Message"])
    assert queued["Subject"] == 'ALARM: "busy" in US East (N. Virginia)'
    assert (said["AlarmName"], said["OldStateValue"], said["NewStateValue"]) == (
        "busy",
        "INSUFFICIENT_DATA",
        "ALARM",
    )
    assert said["NewStateReason"] == "a test"
    assert said["Trigger"]["MetricName"] == "Load"
    ((headers, posted),) = listener.received
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-topic-arn"] == topic
    assert json.loads(posted["Message"]) == said
    assert listener.attempts == 2
    items = cloudwatch.describe_alarm_history(AlarmName="busy", HistoryItemType="Action")
    told = sorted(each["HistorySummary"] for each in items["AlarmHistoryItems"])
    assert told[0].startswith(f'Failed to execute action {missing}. Received error: "')
    assert told[0].endswith('does not exist"')
    assert told[1] == f"Successfully executed action {topic}"


def test_what_was_delivered_is_not_delivered_again(
    engine: RunningEngine, listener: Listener
) -> None:
    topic, queue = subscribed(engine, listener.url)
    engine.client("sns").publish(TopicArn=topic, Message="hello")
    wait_for(lambda: bool(listener.received), what="nothing was posted")
    engine.kill()
    engine.up()
    (message,) = arrived(engine, queue)
    assert message["Message"] == "hello"
    assert len(listener.received) == 1


def test_a_group_tells_its_topic(engine: RunningEngine, listener: Listener) -> None:
    topic, queue = subscribed(engine, listener.url)
    engine.client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t3.micro"},
    )
    groups = engine.client("autoscaling")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
    )
    groups.put_notification_configuration(
        AutoScalingGroupName="web",
        TopicARN=topic,
        NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
    )
    groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    events: list[str] = []

    def is_told() -> bool:
        events.extend(json.loads(each["Message"])["Event"] for each in arrived(engine, queue))
        return len(events) == 2

    wait_for(is_told, what="the group told nobody")
    assert events == ["autoscaling:TEST_NOTIFICATION", "autoscaling:EC2_INSTANCE_LAUNCH"]
