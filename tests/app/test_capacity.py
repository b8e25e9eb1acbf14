"""Capacity from understudy.toml and from --scenario."""

from pathlib import Path

import pytest

from understudy.app.capacity import (
    Interruption,
    PoolLimit,
    Shortage,
    event_calls,
    read_events,
    read_settings,
    setting_calls,
)
from understudy.app.examples import example
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import simulate
from understudy.app.sources import Source
from understudy.app.worlds import WorldOptions
from understudy.base.diagnostic import InvalidInput
from understudy.control.capacity.words import ML_SHORTAGE
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
        read(*given)  # type: ignore[operator]
    return [each.summary for each in invalid.value.diagnostics]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        pytest.param(
            "shortage:ml.g5,40m", Shortage(type="ml.g5", lasts=2400.0), id="a family for 40 minutes"
        ),
        pytest.param(
            "shortage:p4d.24xlarge@1h,2h,left=3,zone=us-east-1a",
            Shortage(type="p4d.24xlarge", after=3600.0, lasts=7200.0, left=3, zone="us-east-1a"),
            id="a type in a zone from an hour on, three are left",
        ),
        pytest.param(
            "shortage:g5,1h,spot",
            Shortage(type="g5", lasts=3600.0, purchase="spot"),
            id="spot alone",
        ),
    ],
)
def test_a_shortage_is_told_in_a_line(told: str, meant: Shortage):
    assert read_events([told]).shortages == (meant,)


def test_an_interruption_is_told_in_a_line():
    told = read_events(["interruption:g5.xlarge@10m,count=2"])
    assert told.interruptions == (Interruption(type="g5.xlarge", after=600.0, count=2),)


def test_a_scenario_file_has_both(tmp_path: Path):
    path = tmp_path / "no-p4d.toml"
    path.write_text(
        '[[shortage]]\ntype = "p4d"\nafter = "10m"\nlasts = 600\n'
        '[[interruption]]\ntype = "g5"\ncount = 1\n'
    )
    told = read_events([str(path), "shortage:ml.g5,1m"])
    assert [each.type for each in told.shortages] == ["p4d", "ml.g5"]
    assert (told.shortages[0].after, told.shortages[0].lasts) == (600.0, 600.0)
    assert told.interruptions[0].count == 1


def test_every_mistake_of_scenarios_is_told():
    found = complaints(
        read_events,
        [
            "shortage:ml.g5",
            "shortage:ml.gg5,40m",
            "outage:x",
            "interruption:g5@soon",
            "shortage:g5,4m,colour=1",
        ],
    )
    assert found == [
        "--scenario shortage:ml.g5: a shortage lasts for one duration, such as 40m.",
        "--scenario outage:x is neither a scenario nor a file.",
        (
            "--scenario interruption:g5@soon: 'soon' is not a duration; write a number and a unit: "
            "200ms, 90s, 10m."
        ),
        "--scenario shortage:g5,4m,colour=1: there is no colour.",
        "ml.gg5 is no instance type or family.",
    ]


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


def test_events_are_set_to_the_start_of_the_traffic():
    told = read_events(["shortage:g5@1m,1h", "interruption:g5@2m"])
    (_, pools), (_, interruption) = event_calls(told, 1000.0)
    assert (pools["Pools"][0]["Since"], pools["Pools"][0]["For"]) == (1060.0, 3600.0)
    assert interruption["At"] == 1120.0


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


def test_a_simulated_shortage_holds_scaling_until_it_is_over():
    options = Options(
        example("digits-endpoint/template.yaml"),
        Source(str(example("traffic/lunch-rush.csv")), window="10m-60m"),
        world=WorldOptions(service_time="80ms", start_up="4m"),
        scenario=("shortage:*,15m",),
    )
    run = simulate(prepare(options).scenario())
    refused = [each for each in run.activities if each.status == "Unfulfilled"]
    done = [each for each in run.activities if each.status == "Successful"]
    assert refused
    assert max(each.at for each in refused) - run.started_at < 900
    assert min(each.at for each in done) - run.started_at >= 900
    assert {each.message.partition(" Reason: ")[2] for each in refused} == {ML_SHORTAGE}
