"""Fargate tasks and load balancers."""

from fractions import Fraction

import pytest

from understudy.pricing import balancer, fargate
from understudy.pricing.balancer import Traffic, capacity_units
from understudy.pricing.fargate import Task, task_seconds


@pytest.mark.parametrize(
    ("task", "seconds"),
    [
        pytest.param(Task(256, 512, 0.0, 10.0), 60, id="a minute at least"),
        pytest.param(Task(256, 512, 0.0, 90.2), 91, id="rounded up to the second"),
        pytest.param(Task(256, 512, 0.0, 10.0, "WINDOWS"), 300, id="five minutes on windows"),
        pytest.param(Task(256, 512, 5.0, 5.0), 0, id="a task that never was is free"),
    ],
)
def test_billable_seconds_of_a_task(task: Task, seconds: int):
    assert task_seconds(task) == seconds


def test_tasks_are_billed_by_vcpu_and_memory():
    # AWS Fargate Pricing, example 1: 5 tasks, 10 minutes a day for 30 days, 1 vCPU, 2 GB.
    tasks = [Task(1024, 2048, 0.0, 600.0)] * 150
    found = {item.product: amount / 3600 for item, amount in fargate.metered(tasks, "r").items()}
    assert found == {"Fargate-vCPU-Hours:perCPU": 25, "Fargate-GB-Hours": 50}
    assert found["Fargate-vCPU-Hours:perCPU"] * Fraction("0.04048") == Fraction("1.012")


def test_arm_has_prices_of_its_own():
    found = fargate.metered([Task(512, 1024, 0.0, 3600.0, "ARM64")], "us-east-1")
    assert {item.product for item in found} == {
        "Fargate-ARM-vCPU-Hours:perCPU",
        "Fargate-ARM-GB-Hours",
    }


@pytest.mark.parametrize(
    ("traffic", "units"),
    [
        # AWS, Elastic Load Balancing pricing, examples 1 and 2 of Application Load Balancers.
        pytest.param(
            Traffic(3600, 120, 1_080_000_000, 0, 18_000, 60), "1.08", id="bytes are used most"
        ),
        pytest.param(
            Traffic(360_000, 24_000, 3_600_000_000, 0, 1_440_000, 20), "8", id="connections are"
        ),
        pytest.param(Traffic(lambda_bytes=10**9), "2.5", id="lambda targets count 0.4 GB"),
        pytest.param(Traffic(requests=7_200_000, rules=12), "4", id="ten rules are free"),
        pytest.param(Traffic(), "0", id="an idle balancer uses none"),
    ],
)
def test_capacity_units_are_those_of_the_dimension_used_most(traffic: Traffic, units: str):
    assert capacity_units(traffic) == Fraction(units)


def test_a_balancer_is_billed_for_hours_begun():
    found = balancer.metered(3500.0, 7300.0, [Traffic(active_connections=6000)], "us-east-1")
    assert [(item.product, amount / 3600) for item, amount in found.items()] == [
        ("LoadBalancerUsage", 3),
        ("LCUUsage", 2),
    ]
    assert list(balancer.metered(5.0, 5.0, [], "us-east-1").values()) == [0, 0]
