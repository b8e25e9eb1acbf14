"""The live fleets as the terminal shows them."""

import pytest

from understudy.base.identity import Ids
from understudy.control.events import TasksMeasured
from understudy.control.task import Measured
from understudy.control.top import fleets
from understudy.control.turn import Turn
from understudy.control.views import FleetRow
from understudy.report.terminal import console
from understudy.report.top import top
from understudy.testing.hosts import group
from understudy.testing.region import Region
from understudy.testing.services import service


def rows(region: Region) -> dict[str, FleetRow]:
    """The fleets of a region by their resource."""
    turn = Turn(region.now, "us-east-1", Ids())
    return {each.resource: each for each in fleets(region.plane, "us-east-1", turn)}


def drawn(found: tuple[FleetRow, ...]) -> list[str]:
    screen = console(width=80)
    with screen.capture() as captured:
        screen.print(top(found, "2026-01-01 12:00:00 UTC", 60))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_fleet_has_two_lines() -> None:
    row = FleetRow(
        "service/prod/web", "Fargate 1 vCPU 2 GB", 4, 3, 1, 0, 2, 8, 45.2, 120.4, 61.0, 0.2
    )
    assert drawn((row,)) == [
        "2026-01-01 12:00:00 UTC, 60 world seconds a second",
        "   desired  in service  warming  leaving   req/s  latency   CPU       $/h",
        "service prod/web  Fargate 1 vCPU 2 GB",
        "  4 of 2-8           3        1        -    45.2    120ms   61%    0.2000",
    ]
    assert drawn(())[-1] == "Nothing is deployed."


# AWS Fargate Pricing, us-east-1: a quarter of $0.04048 and half of $0.004445 for each of two tasks.
def test_a_service_shows_its_capacity_cpu_and_cost() -> None:
    region = Region()
    story = service(region, 2, balanced=True)
    story.settle()
    for _ in range(4):
        region.advance(20)
        arns = region.ecs("ListTasks")["taskArns"]
        measured = tuple(Measured(arn, int(region.now) - 20, 128.0, 100.0) for arn in arns)
        region.report(TasksMeasured, measured=measured)
    region.advance(60)
    found = rows(region)["service/default/web"]
    assert (found.desired, found.in_service, found.pending) == (2, 2, 0)
    assert found.cpu_percent == pytest.approx(50.0)
    assert found.requests_per_second == 0.0
    assert found.usd_per_hour == pytest.approx(2 * (0.04048 / 4 + 0.004445 / 2))


def test_a_group_shows_its_bounds_and_type() -> None:
    region = Region()
    group(region, 3)
    region.advance(10)
    found = rows(region)["autoScalingGroup/hosts"]
    assert (found.instance_type, found.in_service, found.maximum) == ("m5.large", 3, 10)
    assert found.requests_per_second is None
