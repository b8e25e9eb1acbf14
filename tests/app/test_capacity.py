"""Capacity and commitments from understudy.toml."""

from pathlib import Path

import pytest

from understudy.app.capacity import (
    PoolLimit,
    limit_calls,
    quota_calls,
    read_settings,
    setting_calls,
)
from understudy.base.diagnostic import InvalidInput
from understudy.control.capacity.usage import bills
from understudy.engine.engine import Engine
from understudy.pricing.application import RI_FEE
from understudy.pricing.catalogue import BOOK
from understudy.pricing.rates import BookRates
from understudy.testing.region import Region

WHOLE = """
[[capacity.pool]]
type = "p4d"
count = 2
zone = "us-east-1a"

[capacity.quotas]
g = 64
"ml.g5.xlarge" = 4

[[commitments.reserved]]
type = "m5.large"
count = 3

[[commitments.savings-plan]]
hourly = "1.5"

[[commitments.capacity-reservation]]
type = "p4d.24xlarge"
zone = "us-east-1a"
count = 1
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "understudy.toml"
    path.write_text(text)
    return path


def complaints(read: object, *given: object) -> list[str]:
    with pytest.raises(InvalidInput) as invalid:
        read(*given)
    return [each.summary for each in invalid.value.diagnostics]


def test_settings_come_into_force_in_an_engine(tmp_path: Path):
    settings = read_settings(written(tmp_path, WHOLE))
    assert settings.pools == (PoolLimit(type="p4d", count=2, zone="us-east-1a"),)
    region = Region()
    for _ in range(2):  # Declared again, nothing is owned twice.
        for operation, params in setting_calls(settings):
            region.call("understudy", operation, **params)
    seen = region.call("understudy", "DescribeCapacity")
    assert {each["Key"]: each["Limit"] for each in seen["Quotas"]} == {"g": 64, "ml.g5.xlarge": 4}
    assert len(seen["Pools"]) == 1
    owned = region.plane.purchasing.commitments(region.now)
    assert [each.count for each in owned.reserved] == [3]
    assert [str(each.commitment) for each in owned.plans] == ["1.5"]
    assert len(region.plane.purchasing.reservations(region.now)) == 1


def test_capacity_holds_in_every_region_before_and_after_its_first_use(tmp_path: Path):
    settings = read_settings(written(tmp_path, '[[capacity.pool]]\ntype = "*"\ncount = 2\n'))
    region = Region()
    region.engine.region("eu-west-1")
    ((operation, params),) = setting_calls(settings)
    region.call("understudy", operation, **params)
    again = Engine.restore(region.config, region.engine.snapshot())
    for engine in (region.engine, again):
        rooms = [
            engine.region(name).plane.capacity.room("m5.large", f"{name}a", "on-demand", region.now)
            for name in ("us-east-1", "eu-west-1", "ap-south-1")
        ]
        assert rooms == [2, 2, 2]


def test_commitments_are_owned_in_their_regions_even_before_those_are_used(tmp_path: Path):
    text = """
[[commitments.reserved]]
type = "g5.xlarge"
count = 2
region = "us-west-2"
[[commitments.savings-plan]]
hourly = "1.5"
[[commitments.capacity-reservation]]
type = "m5.large"
zone = "eu-west-1a"
region = "eu-west-1"
count = 1
"""
    settings = read_settings(written(tmp_path, text))
    region = Region()
    ((operation, params),) = setting_calls(settings)
    region.call("understudy", operation, **params)
    assert set(region.engine.regions) == {"us-east-1", "us-west-2", "eu-west-1"}
    planes = {name: region.engine.region(name).plane for name in region.engine.regions}
    owned = {name: plane.purchasing.commitments(region.now) for name, plane in planes.items()}
    assert [each.region for each in owned["us-west-2"].reserved] == ["us-west-2"]
    assert {name: len(each.plans) for name, each in owned.items()} == {
        "us-east-1": 1,
        "us-west-2": 0,
        "eu-west-1": 0,
    }
    assert len(planes["eu-west-1"].purchasing.reservations(region.now)) == 1
    region.advance(3600)
    fees = [
        line.product
        for bill in bills(region.engine.used(region.now), BookRates(BOOK)).values()
        for line in bill.lines
        if line.kind == RI_FEE
    ]
    assert set(fees) == {"g5.xlarge"}


def test_a_zone_of_another_region_is_named(tmp_path: Path):
    text = """
[[commitments.reserved]]
type = "m5.large"
count = 1
zone = "eu-west-1a"
[[commitments.savings-plan]]
hourly = "1"
region = "Ireland"
"""
    path = written(tmp_path, text)
    assert complaints(read_settings, path) == [
        f"{path}: Ireland is no region of AWS.",
        f"{path}: eu-west-1a is no zone of us-east-1.",
    ]


def test_a_limit_of_the_command_line_holds_in_one_region():
    region = Region()
    for operation, params in [*limit_calls(["m5=1"]), *quota_calls(["g=8"])]:
        region.call("understudy", operation, **params)
    here, there = (region.engine.region(each).plane.capacity for each in ("us-east-1", "eu-west-1"))
    assert here.room("m5.large", "us-east-1a", "on-demand", region.now) == 1
    assert there.room("m5.large", "eu-west-1a", "on-demand", region.now) is None
    assert (here.state.limits, there.state.limits) == ({"g": 8}, {})


def test_every_mistake_of_settings_is_told(tmp_path: Path):
    text = """
[capacity]
polls = 1
quotas = { gpu = 1, g = -1 }
[[capacity.pool]]
type = "m5"
[[capacity.pool]]
type = "zz9"
count = -2
"""
    assert complaints(read_settings, written(tmp_path, text)) == [
        f"{tmp_path}/understudy.toml: [capacity] has no polls.",
        f"{tmp_path}/understudy.toml: [[pool]] number 1: Object missing required field `count`.",
        "gpu is no quota.",
        "The limit of g is -1.",
        "zz9 is no instance type or family.",
        "-2 instances of zz9 cannot be left.",
    ]


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path):
    (complaint,) = complaints(read_settings, written(tmp_path, "a = = 1"))
    assert "is no TOML" in complaint
