"""A load balancer made by boto3 serves real targets, and CloudWatch shows what it did."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes


class Hello(BaseHTTPRequestHandler):
    """Says hello, and closes the connection."""

    def do_GET(self) -> None:
        body = b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_balancer_serves_and_is_measured(
    make_engine: Callable[..., RunningEngine], server: ThreadingHTTPServer
) -> None:
    engine = make_engine("--speed", "30")
    elb, port = engine.client("elbv2"), server.server_address[1]
    group = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=port, VpcId="vpc-1", TargetType="ip",
        HealthCheckIntervalSeconds=10,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    front = elb.create_load_balancer(Name="front", Subnets=["subnet-a", "subnet-b"])
    arn, name = (front["LoadBalancers"][0][key] for key in ("LoadBalancerArn", "DNSName"))
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )

    def ask() -> tuple[int, bytes]:
        request = urllib.request.Request(f"{engine.endpoint}/", headers={"Host": name})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    wait_for(lambda: ask()[0] == 503)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": port}])
    wait_for(lambda: health(elb, group) == ["healthy"])
    assert [ask() for _ in range(10)] == [(200, b"hello")] * 10
    cloudwatch = engine.client("cloudwatch")
    dimensions = [{"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]}]

    def total(metric: str) -> float:
        now = datetime.fromtimestamp(engine.note["world_epoch"], UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=3),
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return sum(each["Sum"] for each in found)

    # Each request stands for 30, as each second of ours is 30 of the world.
    wait_for(lambda: total("HTTPCode_Target_2XX_Count") == 300)
    assert total("HTTPCode_ELB_503_Count") > 0
    server.shutdown()
    server.server_close()
    wait_for(lambda: health(elb, group) == ["unhealthy"])
    # Nobody healthy is left, so requests go to all: to one that refuses them.
    wait_for(lambda: ask()[0] == 502)


def health(elb: Any, group: str) -> list[str]:
    described = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [each["TargetHealth"]["State"] for each in described]
