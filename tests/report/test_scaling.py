"""What scaling would do, and what it has done, as the terminal shows it."""

from rich.console import RenderableType

from understudy.control.explanation import AlarmSaid, Explained, PolicySaid, SubjectSaid
from understudy.engine.scaling import ActivitySaid
from understudy.report.scaling import explanation, history
from understudy.report.terminal import console

AT = 1_772_452_800.0
HIGH = "TargetTracking-web-AlarmHigh-5f5f4cf0-2a61-4c6e-9b2c-0f5a9c2f1a11"


def lines(shown: RenderableType) -> list[str]:
    printer = console(width=90)
    with printer.capture() as captured:
        printer.print(shown)
    return [line.rstrip() for line in captured.get().rstrip().splitlines()]


def test_an_explanation() -> None:
    high = AlarmSaid(
        HIGH,
        "ALARM",
        61.0,
        "CPUUtilization (Average) > 50 in 3 of 3 periods of 1m00s",
        (81.25, 90.0, 88.5),
        "It would change the capacity from 2 to 4.",
        "",
    )
    rush = AlarmSaid(
        "rush-hour",
        "INSUFFICIENT_DATA",
        827.0,
        "Request (Sum) > 1000 in 1 period of 1m00s",
        (),
        "The alarm is in state INSUFFICIENT_DATA.",
        "Nobody publishes App Request.",
    )
    policies = (
        PolicySaid("cpu", "TargetTrackingScaling", "keep ASGAverageCPUUtilization at 50", (high,)),
        PolicySaid("rush", "StepScaling", "+1 [+0..]", (rush,)),
        PolicySaid("week", "PredictiveScaling", "forecast only", (), "It acts on its forecast."),
    )
    subject = SubjectSaid(
        "Auto Scaling group",
        "web",
        "2 desired, 2 in service, between 1 and 6",
        ("Scheduled action morning runs in 18h05m.",),
        policies,
    )
    assert lines(explanation(Explained(AT, (subject,)))) == [
        "Auto Scaling group web",
        "  2 desired, 2 in service, between 1 and 6",
        "  Scheduled action morning runs in 18h05m.",
        "",
        "  cpu (TargetTrackingScaling): keep ASGAverageCPUUtilization at 50",
        "    AlarmHigh is ALARM for 1m01s",
        "      CPUUtilization (Average) > 50 in 3 of 3 periods of 1m00s; it sees 81.25, 90, 88.5",
        "      -> It would change the capacity from 2 to 4.",
        "",
        "  rush (StepScaling): +1 [+0..]",
        "    rush-hour is INSUFFICIENT_DATA for 13m47s",
        "      Request (Sum) > 1000 in 1 period of 1m00s; it sees no datapoint",
        "      Nobody publishes App Request.",
        "      -> Nothing, as it is not in ALARM.",
        "",
        "  week (PredictiveScaling): forecast only",
        "    It acts on its forecast.",
        "",
        "As of 2026-03-02 12:00:00Z.",
    ]


def test_what_does_not_scale_says_so() -> None:
    assert lines(explanation(Explained(AT, ()))) == [
        "Nothing scales here: there is no group, no scalable target."
    ]
    assert lines(history((), 0)) == ["Nothing has scaled."]


def test_activities_tell_a_cause_once() -> None:
    cause = "At 2026-03-02T12:00:00Z a user request created an AutoScalingGroup."
    seen = [
        ActivitySaid("web", AT + n, AT + 32 + n, "Successful", f"Launching i-{n}", cause)
        for n in range(2)
    ]
    seen.append(
        ActivitySaid(
            "endpoint/e/variant/v",
            AT + 86400,
            AT + 86400,
            "Failed",
            "Attempting to scale due to alarm triggered",
            f"monitor alarm {HIGH} in state ALARM triggered policy p",
            "",
            ("AlreadyAtMaxCapacity",),
        )
    )
    assert lines(history(seen, 7)) == [
        "2026-03-02",
        "12:00:00Z  web  Launching i-0  Successful after 32s",
        f"           {cause}",
        "12:00:01Z  web  Launching i-1  Successful after 32s",
        "2026-03-03",
        "12:00:00Z  endpoint/e/variant/v  Attempting to scale due to alarm triggered  Failed after",
        "0ms",
        "           monitor alarm AlarmHigh in state ALARM triggered policy p",
        "           AlreadyAtMaxCapacity",
        "4 earlier ones; --last 0 shows all.",
    ]
