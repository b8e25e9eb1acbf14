"""A recommendation is put into the user's own template."""

import json
from pathlib import Path

import numpy as np
import pytest

from understudy.app.examples import example
from understudy.app.templates import checked
from understudy.recommend.families import OF_VARIANTS, Family, families
from understudy.recommend.patch import NotPatchable, difference, patched
from understudy.recommend.policies import Room
from understudy.recommend.season import season
from understudy.recommend.worth import Worth
from understudy.sim import patterns
from understudy.sim.candidate import Action, Candidate
from understudy.testing.candidates import template, tracking

TEXT = example("stand-in-endpoint/template.yaml").read_text()
TRACKED = Candidate(2, 9, 2, (tracking(300.0, ScaleOutCooldown=30, ScaleInCooldown=60),))


def test_only_the_lines_that_differ_are_changed() -> None:
    diff = difference(TEXT, patched(TEXT, TRACKED), "template.yaml").splitlines()
    assert [line for line in diff[2:] if line[0] in "+-"] == [
        "-      MinCapacity: !Ref MinCapacity",
        "-      MaxCapacity: !Ref MaxCapacity",
        "+      MinCapacity: 2",
        "+      MaxCapacity: 9",
        "-        TargetValue: !Ref TargetInvocationsPerInstance",
        "-        ScaleOutCooldown: 60",
        "-        ScaleInCooldown: 300",
        "+        TargetValue: 300",
        "+        ScaleOutCooldown: 30",
        "+        ScaleInCooldown: 60",
    ]


def test_a_template_that_says_it_already_stays_as_it_is() -> None:
    once = patched(TEXT, TRACKED)
    assert patched(once, TRACKED) == once


def test_comments_and_order_are_kept() -> None:
    text = TEXT.replace(
        "        ScaleOutCooldown: 60", "        # quick\n        ScaleOutCooldown: 60"
    )
    found = patched(text, TRACKED)
    assert "        # quick\n        ScaleOutCooldown: 30" in found
    assert found.index("LatencyAlarm") > found.index("ScalingPolicy")
    assert "# AWS: Deep Learning Containers" in found


LOADS = np.geomspace(0.1, 25.0, 100)
WORTH = Worth(LOADS, np.maximum(LOADS[:, None] - 5.0 * np.arange(6), 0.0))


def room() -> Room:
    limits = np.array([0.0, 3.0, 7.0, 12.0, 17.0, 22.0])
    days = patterns.diurnal(1.0, 20.0, duration=3 * 86_400.0)
    return Room(3.0, 5.0, 1.0, 1, 5, season(days, limits, 1_772_409_600.0, 240.0), worth=WORTH)


@pytest.mark.parametrize("family", OF_VARIANTS, ids=lambda family: family.name)
def test_every_family_makes_a_template_that_is_valid(family: Family, tmp_path: Path) -> None:
    assert family in families(room())
    candidate = family.make([0.5] * family.size, room())
    path = tmp_path / "template.yaml"
    path.write_text(patched(TEXT, candidate))
    found, problems = checked(path, {})
    assert found is not None
    assert [each for each in problems if "MinCapacity" not in str(each)] == []
    policies = [each for each in found.resources.values() if each.type.endswith("ScalingPolicy")]
    assert len(policies) == len(candidate.policies)


def test_policies_that_are_no_longer_wanted_go_with_their_alarms() -> None:
    simple = next(each for each in OF_VARIANTS if each.name.startswith("simple"))
    alarmed = patched(TEXT, simple.make([0.5] * 7, room()))
    assert "OutAlarm" in alarmed
    back = patched(alarmed, TRACKED)
    assert "OutAlarm" not in back
    assert "LatencyAlarm" in back


def test_a_json_template_stays_json() -> None:
    text = template(Candidate(1, 4, 1, (tracking(500.0),)))
    scheduled = Candidate(2, 4, 2, (), (Action("day", "cron(0 8 * * ? *)", 3),))
    found = json.loads(patched(text, scheduled))["Resources"]
    action = found["Target"]["Properties"]["ScheduledActions"][0]["ScalableTargetAction"]
    assert action == {"MinCapacity": 3}
    assert "Policy0" not in found


def test_a_template_without_a_scalable_target_is_refused() -> None:
    with pytest.raises(NotPatchable, match="has 0 resources of"):
        patched("Resources: {}\n", TRACKED)
