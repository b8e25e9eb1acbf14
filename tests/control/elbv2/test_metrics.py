"""What load balancers publish: names, dimensions, and what is absent where it is zero."""

import pytest

from understudy.control.balancer import Balanced, Turned
from understudy.control.elbv2.metrics import balancer_dimension, group_dimension
from understudy.control.events import BalancersServed, TargetsTurned
from understudy.control.sketch import Sketch
from understudy.testing.balancing import Web, balancer, group, listener, register, web
from understudy.testing.region import START, Region

ZONE = "us-east-1a"
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5")


def served(
    region: Region, front: Web, second: float, *, group: bool = True, **counts: float
) -> None:
    balanced = Balanced(
        front.balancer,
        front.group if group else "",
        ZONE,
        int(second),
        counts,
        Sketch((0.25, 0.5), (1.0, 1.0), 0.75, 0.25, 0.5) if group else Sketch(),
    )
    region.report(BalancersServed, served=(balanced,))


def values(region: Region, front: Web, name: str, statistic: str, *names: str) -> list[float]:
    there = {
        "LoadBalancer": balancer_dimension(front.balancer),
        "TargetGroup": group_dimension(front.group),
        "AvailabilityZone": ZONE,
    }
    dimensions = {each: there[each] for each in names}
    return region.statistics("AWS/ApplicationELB", name, statistic, START, **dimensions)


def busy() -> tuple[Region, Web]:
    """Four healthy targets of five; a minute with ten requests to the group."""
    region = Region()
    front = web(region)
    region.advance(1)
    register(region, front.group, *ADDRESSES)
    region.advance(9)
    down = Turned(front.group, ADDRESSES[-1], 8080, "unhealthy", "Target.Timeout", "")
    region.report(TargetsTurned, turned=(down,))
    served(region, front, START + 10, RequestCount=10.0, HTTPCode_Target_2XX_Count=9.0)
    served(region, front, START + 11, group=False, HTTPCode_ELB_503_Count=2.0, RuleEvaluations=3.0)
    region.advance(200)
    return region, front


def test_dimensions_are_the_ends_of_arns() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/front/50dc6c495c"
    assert balancer_dimension(arn) == "app/front/50dc6c495c"
    group = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/73e2d6bc24"
    assert group_dimension(group) == "targetgroup/web/73e2d6bc24"


# AWS: CloudWatch metrics for your Application Load Balancer.
@pytest.mark.parametrize(
    ("name", "statistic", "dimensions", "expected"),
    [
        pytest.param("RequestCount", "Sum", ("LoadBalancer",), [10.0], id="of the load balancer"),
        pytest.param(
            "RequestCount", "Sum", ("AvailabilityZone", "LoadBalancer"), [10.0], id="of a zone"
        ),
        pytest.param(
            "RequestCount",
            "Sum",
            ("LoadBalancer", "TargetGroup"),
            [10.0, 0.0, 0.0],
            id="of a group, zero while it is idle",
        ),
        pytest.param(
            "RequestCountPerTarget",
            "Sum",
            ("TargetGroup",),
            [2.5, 0.0, 0.0],
            id="per healthy target",
        ),
        pytest.param(
            "RequestCountPerTarget",
            "Sum",
            ("LoadBalancer", "TargetGroup"),
            [2.5, 0.0, 0.0],
            id="per healthy target, as target tracking asks for it",
        ),
        pytest.param(
            "HTTPCode_Target_2XX_Count",
            "Sum",
            ("LoadBalancer", "TargetGroup"),
            [9.0],
            id="codes are absent where there are none",
        ),
        pytest.param(
            "HTTPCode_Target_2XX_Count",
            "Average",
            ("LoadBalancer",),
            [1.0],
            id="averages of codes are 1",
        ),
        pytest.param(
            "HTTPCode_Target_5XX_Count", "Sum", ("LoadBalancer",), [], id="no errors, no metric"
        ),
        pytest.param(
            "HTTPCode_ELB_503_Count", "Sum", ("LoadBalancer",), [2.0], id="the balancer's own"
        ),
        pytest.param(
            "HTTPCode_ELB_503_Count",
            "Sum",
            ("LoadBalancer", "TargetGroup"),
            [],
            id="the balancer's own codes are of no group",
        ),
        pytest.param("RuleEvaluations", "Sum", ("LoadBalancer",), [3.0], id="rules evaluated"),
        pytest.param(
            "RuleEvaluations", "Sum", ("AvailabilityZone", "LoadBalancer"), [], id="but not by zone"
        ),
        pytest.param(
            "TargetResponseTime", "Average", ("LoadBalancer",), [0.375], id="seconds on average"
        ),
        pytest.param(
            "TargetResponseTime",
            "Maximum",
            ("LoadBalancer", "TargetGroup"),
            [0.5],
            id="seconds at most",
        ),
        pytest.param(
            "HealthyHostCount",
            "Average",
            ("LoadBalancer", "TargetGroup"),
            [4.0, 4.0, 4.0],
            id="healthy hosts",
        ),
        pytest.param(
            "UnHealthyHostCount",
            "Maximum",
            ("AvailabilityZone", "LoadBalancer", "TargetGroup"),
            [1.0, 1.0, 1.0],
            id="unhealthy hosts of a zone",
        ),
        pytest.param(
            "HealthyHostCount", "Average", ("LoadBalancer",), [], id="hosts are a group's"
        ),
    ],
)
def test_a_metric(
    name: str, statistic: str, dimensions: tuple[str, ...], expected: list[float]
) -> None:
    region, front = busy()
    found = values(region, front, name, statistic, *dimensions)
    assert found[: len(expected)] == pytest.approx(expected)
    assert bool(found) == bool(expected)


def test_processed_bytes_are_the_load_balancers() -> None:
    region, front = busy()
    served(region, front, START + 230, RequestCount=1.0, ProcessedBytes=1000.0)
    region.advance(200)
    assert values(region, front, "ProcessedBytes", "Sum", "LoadBalancer") == [1000.0]
    assert values(region, front, "ProcessedBytes", "Sum", "LoadBalancer", "TargetGroup") == []


def test_a_network_load_balancer_counts_flows_and_no_requests() -> None:
    region = Region()
    targets = group(region, Protocol="TCP")
    front = balancer(region, Type="network")
    listener(region, front, targets, Protocol="TCP")
    register(region, targets, ADDRESSES[0])
    flows = Balanced(
        front, "", ZONE, int(START + 10), {"ActiveFlowCount": 3.0, "NewFlowCount": 2.0}
    )
    region.report(BalancersServed, served=(flows,))
    region.advance(200)
    metrics = region.call("cloudwatch", "ListMetrics", Namespace="AWS/NetworkELB")["Metrics"]
    names = {each["MetricName"] for each in metrics}
    assert names == {"ActiveFlowCount", "HealthyHostCount", "NewFlowCount", "UnHealthyHostCount"}
    of = {"LoadBalancer": balancer_dimension(front)}
    for name, statistic, value in (
        ("ActiveFlowCount", "Maximum", 3.0),
        ("NewFlowCount", "Sum", 2.0),
    ):
        assert region.statistics("AWS/NetworkELB", name, statistic, START, **of) == [value]


def test_without_a_healthy_target_requests_are_shared_by_all_that_are_registered() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, *ADDRESSES)
    served(region, front, START + 1, RequestCount=10.0)
    region.advance(100)
    assert values(region, front, "RequestCountPerTarget", "Sum", "TargetGroup")[0] == 2.0


def test_a_group_without_targets_publishes_nothing() -> None:
    region = Region()
    front = web(region)
    region.advance(300)
    assert values(region, front, "RequestCount", "Sum", "LoadBalancer", "TargetGroup") == []
    register(region, front.group, ADDRESSES[0])
    region.advance(300)
    before = values(region, front, "RequestCount", "Sum", "LoadBalancer", "TargetGroup")
    assert before
    region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": ADDRESSES[0]}])
    region.advance(301)
    drained = values(region, front, "RequestCount", "Sum", "LoadBalancer", "TargetGroup")
    region.advance(600)
    now = values(region, front, "RequestCount", "Sum", "LoadBalancer", "TargetGroup")
    assert len(now) <= len(drained) + 2  # the minute that was under way
