"""What happens to capacity, from --scenario."""

from pathlib import Path

import pytest

from understudy.app.examples import example
from understudy.app.scenarios import Interruption, Shortage, event_calls, later, read_events
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import simulate
from understudy.app.sources import Source
from understudy.app.worlds import WorldOptions
from understudy.base.diagnostic import InvalidInput
from understudy.control.capacity.words import ML_SHORTAGE


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
            "shortage:g5,4m,count=1",
            "shortage:g5,4m,left=few",
            "interruption:g5,40m",
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
        "--scenario shortage:g5,4m,count=1: there is no count.",
        "--scenario shortage:g5,4m,left=few: left=few is no whole number.",
        "--scenario interruption:g5,40m: there is no 40m.",
        "ml.gg5 is no instance type or family.",
    ]


def test_every_mistake_of_a_scenario_file_is_told(tmp_path: Path):
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[[outage]]\n[[shortage]]\ntype = "g5"\nafter = "soon"\n[[shortage]]\nleft = 1\n'
    )
    assert complaints(read_events, [str(path)]) == [
        f"{path} has no [[outage]].",
        (f"{path}: after: 'soon' is not a duration; write a number and a unit: 200ms, 90s, 10m."),
        f"{path}: [[shortage]] number 2: Object missing required field `type`.",
    ]


def test_what_is_left_of_events_later():
    told = read_events(
        ["shortage:g5@1m,1h", "shortage:p4d,1m", "interruption:g5@2m", "interruption:g5@1h"]
    )
    left = later(told, 600.0)
    assert [(each.type, each.after, each.lasts) for each in left.shortages] == [("g5", 0, 3060)]
    assert [each.after for each in left.interruptions] == [3000.0]


def test_events_are_set_to_the_start_of_the_traffic():
    told = read_events(["shortage:g5@1m,1h", "interruption:g5@2m"])
    (_, pools), (_, interruption) = event_calls(told, 1000.0)
    assert (pools["Pools"][0]["Since"], pools["Pools"][0]["For"]) == (1060.0, 3600.0)
    assert interruption["At"] == 1120.0


@pytest.mark.parametrize("in_a_file", [False, True], ids=["in line", "in a file"])
def test_a_simulated_shortage_holds_scaling_until_it_is_over(tmp_path: Path, in_a_file: bool):
    told = "shortage:*,15m"
    if in_a_file:
        told = str(tmp_path / "short.toml")
        Path(told).write_text('[[shortage]]\ntype = "*"\nlasts = "15m"\n')
    options = Options(
        example("digits-endpoint/template.yaml"),
        Source(str(example("traffic/lunch-rush.csv")), window="10m-60m"),
        world=WorldOptions(service_time="80ms", start_up="4m"),
        scenario=(told,),
    )
    run = simulate(prepare(options).scenario())
    refused = [each for each in run.activities if each.status == "Unfulfilled"]
    done = [each for each in run.activities if each.status == "Successful"]
    assert refused
    assert max(each.at for each in refused) - run.started_at < 900
    assert min(each.at for each in done) - run.started_at >= 900
    assert {each.message.partition(" Reason: ")[2] for each in refused} == {ML_SHORTAGE}


def test_spot_instances_that_are_taken_back_and_not_had_again_are_told(tmp_path: Path):
    text = example("web-tier/template.yaml").read_text()
    plain = text[text.index("      LaunchTemplate:\n") : text.index('      MinSize: "1"')]
    mixed = """      MixedInstancesPolicy:
        InstancesDistribution: {OnDemandPercentageAboveBaseCapacity: 0}
        LaunchTemplate:
          LaunchTemplateSpecification:
            LaunchTemplateId: !Ref Launch
            Version: !GetAtt Launch.LatestVersionNumber
"""
    template = tmp_path / "template.yaml"
    template.write_text(text.replace(plain, mixed))
    options = Options(
        template,
        Source(str(example("traffic/lunch-rush.csv")), window="10m-30m"),
        world=WorldOptions(service_time="80ms", start_up="1m"),
        scenario=("interruption:t3.small@2m", "shortage:t3.small@2m,12m,spot"),
    )
    run = simulate(prepare(options).scenario())
    texts = [each.text for each in run.failures]
    assert any("EC2 Spot instance interruption notice" in each for each in texts)
    assert any("Could not launch Spot Instances. UnfulfillableCapacity" in each for each in texts)
    assert min(each.at for each in run.failures) >= run.started_at + 120
