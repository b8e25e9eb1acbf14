"""Composite alarms: their rule, their cause, their suppressor, their cycles."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.base.fault import Fault
from understudy.control.signals import AlarmAction
from understudy.testing.cloudwatch import SCALING_POLICY, TOPIC, alarm_params, cloudwatch_stage
from understudy.testing.stage import Stage, instant

START = instant("2026-01-10T12:00:00Z")
ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"


def stage_with(*names: str) -> Stage:
    """Metric alarms that nobody evaluates: their metric does not exist and is ignored."""
    stage, _ = cloudwatch_stage(START)
    for name in names:
        stage.call("cloudwatch", "PutMetricAlarm", **alarm_params(name, TreatMissingData="ignore"))
    return stage


def compose(stage: Stage, rule: str, name: str = "both", **more: Any) -> None:
    params = {"AlarmName": name, "AlarmRule": rule, "AlarmActions": [TOPIC], "OKActions": [TOPIC]}
    stage.call("cloudwatch", "PutCompositeAlarm", **{**params, **more})
    stage.advance(0)


def force(stage: Stage, name: str, state: str) -> None:
    stage.call(
        "cloudwatch", "SetAlarmState", AlarmName=name, StateValue=state, StateReason="forced"
    )


def shown(stage: Stage, name: str = "both") -> dict[str, Any]:
    answer = stage.call(
        "cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=["CompositeAlarm"]
    )
    return answer["CompositeAlarms"][0]


def acts(stage: Stage, name: str = "both") -> list[tuple[float, str]]:
    return [
        (at - START, signal.new_state)
        for at, signal in stage.given(AlarmAction)
        if signal.alarm_name == name
    ]


def test_a_composite_alarm_is_evaluated_when_it_is_put_and_when_a_child_changes() -> None:
    stage = stage_with("a", "b")
    compose(stage, "ALARM(a) AND NOT ALARM(b)")
    alarm = shown(stage)
    assert alarm["StateValue"] == "OK"
    assert alarm["StateReason"] == f"{ARN}both was created and its alarm rule evaluates to OK"
    assert [each["arn"] for each in json.loads(alarm["StateReasonData"])["triggeringAlarms"]] == [
        f"{ARN}a",
        f"{ARN}b",
    ]
    stage.advance(5)
    force(stage, "a", "ALARM")
    alarm = shown(stage)
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"] == (
        f"{ARN}a transitioned to ALARM at Saturday 10 January, 2026 12:00:05 UTC"
    )
    assert json.loads(alarm["StateReasonData"]) == {
        "triggeringAlarms": [
            {
                "arn": f"{ARN}a",
                "state": {"value": "ALARM", "timestamp": "2026-01-10T12:00:05.000+0000"},
            }
        ]
    }
    force(stage, "b", "ALARM")
    assert acts(stage) == [(0, "OK"), (5, "ALARM"), (5, "OK")]


def test_composites_of_composites_follow_within_the_same_turn() -> None:
    stage = stage_with("a")
    compose(stage, "ALARM(a)", "one")
    compose(stage, f'ALARM("{ARN}one")', "two")
    compose(stage, "ALARM(two) AND ALARM(a)", "three")
    force(stage, "a", "ALARM")
    assert [shown(stage, name)["StateValue"] for name in ("one", "two", "three")] == ["ALARM"] * 3


def test_a_changed_rule_is_evaluated_and_the_state_kept_if_it_says_the_same() -> None:
    stage = stage_with("a")
    compose(stage, "ALARM(a)")
    stage.advance(9)
    compose(stage, "NOT ALARM(a)")
    alarm = shown(stage)
    assert alarm["StateReason"] == f"{ARN}both was updated and its alarm rule evaluates to ALARM"
    compose(stage, "TRUE")
    assert shown(stage)["StateUpdatedTimestamp"] == START + 9


# AWS: Create a composite alarm, Alarm suppression: WaitPeriod 2 minutes, ExtensionPeriod 3.
SUPPRESSION = [
    ("no suppressor comes", [(2, "child", "ALARM")], [(4, "ALARM")]),
    (
        "the suppressor comes in time and stays",
        [(2, "child", "ALARM"), (3, "suppressor", "ALARM")],
        [],
    ),
    (
        "another change begins another wait",
        [(2, "child", "ALARM"), (3, "child", "OK")],
        [(5, "OK")],
    ),
    (
        "the extension begins when the suppressor goes",
        [(2, "child", "ALARM"), (3, "suppressor", "ALARM"), (6, "suppressor", "OK")],
        [(9, "ALARM")],
    ),
    (
        "a suppressor that is there already suppresses at once",
        [(1, "suppressor", "ALARM"), (2, "child", "ALARM"), (6, "suppressor", "OK")],
        [(9, "ALARM")],
    ),
    (
        "a change during the extension begins a wait",
        [
            (2, "child", "ALARM"),
            (3, "suppressor", "ALARM"),
            (6, "suppressor", "OK"),
            (8, "child", "OK"),
        ],
        [(10, "OK")],
    ),
    (
        "a suppressor that comes back during the extension",
        [
            (2, "child", "ALARM"),
            (3, "suppressor", "ALARM"),
            (6, "suppressor", "OK"),
            (7, "suppressor", "ALARM"),
        ],
        [],
    ),
    (
        "the state at the end of the extension is acted on",
        [
            (2, "child", "ALARM"),
            (3, "suppressor", "ALARM"),
            (4, "child", "OK"),
            (6, "suppressor", "OK"),
        ],
        [(9, "OK")],
    ),
    (
        "nothing is owed, so nothing happens when the suppressor goes",
        [(2, "child", "ALARM"), (5, "suppressor", "ALARM"), (6, "suppressor", "OK")],
        [(4, "ALARM")],
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [case[1:] for case in SUPPRESSION],
    ids=[case[0] for case in SUPPRESSION],
)
def test_actions_wait_for_the_suppressor(
    changes: list[tuple[int, str, str]], expected: list[tuple[int, str]]
) -> None:
    stage = stage_with("child", "suppressor")
    force(stage, "suppressor", "OK")
    compose(
        stage,
        "ALARM(child)",
        ActionsSuppressor="suppressor",
        ActionsSuppressorWaitPeriod=120,
        ActionsSuppressorExtensionPeriod=180,
    )
    stage.advance(1200)
    begun, before = stage.now, len(acts(stage))
    for minute, name, state in changes:
        stage.advance_to(begun + 60 * minute)
        force(stage, name, state)
    stage.advance_to(begun + 1800)
    found = [((at + START - begun) / 60, state) for at, state in acts(stage)[before:]]
    assert found == expected


def test_what_suppresses_the_actions_is_shown() -> None:
    stage = stage_with("child", "suppressor")
    compose(
        stage,
        "ALARM(child)",
        ActionsSuppressor="suppressor",
        ActionsSuppressorWaitPeriod=120,
        ActionsSuppressorExtensionPeriod=180,
    )
    stage.advance(300)
    assert "ActionsSuppressedBy" not in shown(stage)
    seen = []
    for name, state in (("child", "ALARM"), ("suppressor", "ALARM"), ("suppressor", "OK")):
        force(stage, name, state)
        seen.append(shown(stage)["ActionsSuppressedBy"])
    assert seen == ["WaitPeriod", "Alarm", "ExtensionPeriod"]
    assert shown(stage)["ActionsSuppressedReason"] == "Actions suppressed by ExtensionPeriod"
    stage.advance(300)
    assert "ActionsSuppressedBy" not in shown(stage)


def test_a_cycle_ends_the_evaluation() -> None:
    # AWS: PutCompositeAlarm: evaluation stops if CloudWatch detects a cycle.
    stage = stage_with("a")
    compose(stage, "ALARM(a)", "one")
    compose(stage, "ALARM(one)", "two")
    compose(stage, "ALARM(a) AND NOT ALARM(two)", "one")
    force(stage, "a", "ALARM")
    assert shown(stage, "one")["StateValue"] == "ALARM"
    assert shown(stage, "two")["StateValue"] == "ALARM"
    with pytest.raises(Fault, match="Cannot delete one as there are composite"):
        stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["one"])
    compose(stage, "FALSE", "two")
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["one"])


rules = st.lists(
    st.tuples(
        st.sampled_from(["NOT ALARM", "ALARM", "OK"]),
        st.sampled_from(["a", "c0", "c1", "c2", "c3"]),
        st.sampled_from(["AND", "OR"]),
        st.sampled_from(["NOT ALARM", "ALARM", "OK"]),
        st.sampled_from(["a", "c0", "c1", "c2", "c3"]),
    ),
    min_size=4,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(rules, st.lists(st.sampled_from(["OK", "ALARM"]), max_size=4))
def test_evaluation_ends_whatever_refers_to_whatever(
    drawn: list[tuple[str, str, str, str, str]], states: list[str]
) -> None:
    stage = stage_with("a")
    for number in range(4):
        compose(stage, "FALSE", f"c{number}")
    for number, (one, left, mark, two, right) in enumerate(drawn):
        compose(stage, f"{one}({left}) {mark} {two}({right})", f"c{number}")
    for state in states:
        force(stage, "a", state)
    stage.advance(60)
    assert all(shown(stage, f"c{number}")["StateValue"] in ("OK", "ALARM") for number in range(4))


def test_children_and_parents() -> None:
    stage = stage_with("a", "b")
    compose(stage, "ALARM(a)", "one")
    compose(stage, "ALARM(one) OR ALARM(b)", "two")
    answer = stage.call("cloudwatch", "DescribeAlarms", ChildrenOfAlarmName="two")
    assert answer == {
        "MetricAlarms": [
            {
                "AlarmName": "b",
                "AlarmArn": f"{ARN}b",
                "StateValue": "INSUFFICIENT_DATA",
                "StateUpdatedTimestamp": START,
            }
        ],
        "CompositeAlarms": [
            {
                "AlarmName": "one",
                "AlarmArn": f"{ARN}one",
                "StateValue": "OK",
                "StateUpdatedTimestamp": START,
            }
        ],
    }
    answer = stage.call("cloudwatch", "DescribeAlarms", ParentsOfAlarmName="one")
    assert answer["CompositeAlarms"] == [{"AlarmName": "two", "AlarmArn": f"{ARN}two"}]
    for wrong in (
        {"ChildrenOfAlarmName": "two", "StateValue": "OK"},
        {"ChildrenOfAlarmName": "two", "ParentsOfAlarmName": "one"},
        {"ChildrenOfAlarmName": "a"},
    ):
        with pytest.raises(Fault) as refused:
            stage.call("cloudwatch", "DescribeAlarms", **wrong)
        assert refused.value.code == "ValidationError"


def test_what_others_depend_on_is_not_deleted() -> None:
    stage = stage_with("a", "b", "mute")
    compose(stage, "ALARM(a) OR ALARM(b)", "one")
    compose(
        stage,
        "ALARM(a)",
        "two",
        ActionsSuppressor="mute",
        ActionsSuppressorWaitPeriod=1,
        ActionsSuppressorExtensionPeriod=1,
    )
    for names, message in (
        (["a"], "Cannot delete a as there are composite alarm(s) depending on it."),
        (["a", "b"], "Cannot delete a,b as there are composite alarm(s) depending on them."),
        (["mute"], "Cannot delete mute as there are composite alarm(s) depending on it."),
        (["one", "two"], "You can delete at most one composite alarm in a request."),
    ):
        with pytest.raises(Fault) as refused:
            stage.call("cloudwatch", "DeleteAlarms", AlarmNames=names)
        assert refused.value.message == message
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["two"])
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["one", "a", "b", "mute"])
    assert stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"AlarmRule": " ALARM(a)"},
            "AlarmRule must not contain leading or trailing whitespace or be null",
        ),
        ({"AlarmRule": "ALARM(a) AND"}, "Error in AlarmRule: Unexpected end of expression"),
        (
            {"AlarmRule": "ALARM(a) OR OK(x) OR OK(y)"},
            "Could not save the composite alarm as alarms [x, y] in the alarm rule do not exist",
        ),
        (
            {"AlarmActions": [SCALING_POLICY]},
            f"Action {SCALING_POLICY} is not supported for composite alarms.",
        ),
        (
            {"OKActions": ["arn:aws:automate:us-east-1:ec2:stop"]},
            "Action arn:aws:automate:us-east-1:ec2:stop is not supported for composite alarms.",
        ),
        (
            {"ActionsSuppressor": "a"},
            (
                "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required "
                "when ActionsSuppressor is specified."
            ),
        ),
        (
            {"ActionsSuppressorWaitPeriod": 1},
            "ActionsSuppressorWaitPeriod can only be specified with ActionsSuppressor.",
        ),
        (
            {
                "ActionsSuppressor": "x",
                "ActionsSuppressorWaitPeriod": 1,
                "ActionsSuppressorExtensionPeriod": 1,
            },
            "Could not save the composite alarm as suppressor alarm x does not exist",
        ),
        ({"AlarmName": "a"}, "An alarm of another type with the name a already exists."),
    ],
    ids=lambda each: each[:50] if isinstance(each, str) else "",
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    stage = stage_with("a")
    with pytest.raises(Fault) as refused:
        compose(stage, **{"rule": "ALARM(a)", **changes})
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)
