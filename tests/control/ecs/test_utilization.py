"""What clusters and services use, by AWS's worked examples."""

import pytest

from understudy.control.ecs.utilization import provider_reservation, reservation, utilization


@pytest.mark.parametrize(
    ("reserved", "registered", "percent"),
    [
        pytest.param(10240, 18432, 55, id="CPU units of a cluster"),
        pytest.param(20480, 33926, 60, id="MiB of a cluster"),
    ],
)
def test_what_tasks_reserve_of_a_cluster(reserved: int, registered: int, percent: int) -> None:
    # AWS: Amazon ECS CloudWatch metrics, cluster reservation. AWS drops the fraction.
    assert int(reservation(reserved, registered)) == percent


@pytest.mark.parametrize(
    ("used", "reserved", "percent"),
    [
        pytest.param(512, 1024, 50.0, id="512 of 1024 MiB"),
        pytest.param(128, 512, 25.0, id="128 of 512 CPU units"),
        pytest.param(128, 1024, 12.5, id="128 of 1024 MiB"),
    ],
)
def test_what_tasks_use_of_what_they_reserve(used: int, reserved: int, percent: float) -> None:
    # AWS: Amazon ECS CloudWatch metrics, service utilization.
    assert utilization(used, reserved) == percent


def test_a_capacity_provider_without_instances_reserves_twice() -> None:
    # AWS: Deep dive on Amazon ECS cluster auto scaling.
    assert provider_reservation(3, 0) == 200.0
