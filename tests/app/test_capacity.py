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
from understudy.engine.engine import Engine
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
