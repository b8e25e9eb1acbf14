"""What alarms were seen to do in the field, told again in virtual time."""

from collections.abc import Callable
from itertools import pairwise

from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.signals import AlarmAction, Happened, Signal
from understudy.control.turn import Turn
from understudy.metrics.datapoint import of_value
from understudy.testing.cloudwatch import (
    SCALING_POLICY,
    alarm_params,
    at_second,
    cloudwatch_stage,
)
from understudy.testing.stage import Stage, instant

Load = Callable[[float], float | None]
"""What a service publishes of the minute that begins at a time; None for nothing."""


def live(stage: Stage, service: CloudWatch, metric: str, load: Load, until: str) -> None:
    """Publish minute after minute, each when it is over, until a time."""
    minute = stage.now - stage.now % 60
    end = instant(until)
    while minute + 60 <= end:
        stage.advance_to(minute + 60)
        value = load(minute)
        if value is not None:
            with stage.turn() as turn:
                service.publish("App", metric, (("Service", "web"),), of_value(minute, value), turn)
        minute += 60
    stage.advance_to(end)


def changes(service: CloudWatch) -> list[tuple[float, str]]:
    """When the state changed, from the history."""
    return [
        (item.at, item.summary.removeprefix("Alarm updated from "))
        for item in service.state.history
        if item.item_type == "StateUpdate"
    ]


def test_an_alarm_on_a_clients_metric_fires_seconds_after_the_minute() -> None:
    # AWS's example of partial data: last datapoint 11:25:00, query date 11:26:05.
    stage, service = cloudwatch_stage(instant("2022-11-08T11:20:00"))
    params = at_second(5, alarm_params(EvaluationPeriods=3, Threshold=0.0))
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    for minute in (23, 24, 25):
        at = instant(f"2022-11-08T11:{minute}:00")
        stage.advance_to(at + 1)
        datum = {
            "MetricName": params["MetricName"],
            "Dimensions": params["Dimensions"],
            "Value": 20000.0,
            "Timestamp": at,
        }
        stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.advance(120)
    times = [at for at, what in changes(service) if what.endswith("to ALARM")]
    assert times == [instant("2022-11-08T11:26:05")]


def test_an_alarm_on_a_service_that_publishes_late_fires_two_minutes_after() -> None:
    # RDS, last datapoint 23:18:00, state change 23:20:50: 110 s after that minute was over.
    for delay, expected in ((30.0, "23:19:50"), (60.0, "23:20:50")):
        service = CloudWatch(config=CloudWatchConfig(minute_delay=delay))
        stage, _ = cloudwatch_stage(instant("2021-07-14T23:10:00"), service)
        params = at_second(
            50,
            alarm_params(
                EvaluationPeriods=3,
                DatapointsToAlarm=3,
                Threshold=7.0,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
            ),
        )
        stage.call("cloudwatch", "PutMetricAlarm", **params)
        loads = {"23:16": 9.18, "23:17": 9.72, "23:18": 8.89}
        busy = {instant(f"2021-07-14T{clock}:00"): value for clock, value in loads.items()}
        live(
            stage,
            service,
            params["MetricName"],
            lambda at, busy=busy: busy.get(at, 1.0),
            "2021-07-14T23:22:00",
        )
        times = [at for at, what in changes(service) if what == "OK to ALARM"]
        assert times == [instant(f"2021-07-14T{expected}")]


def test_an_alarm_changes_at_the_same_second_of_the_minute_for_hours() -> None:
    # One alarm of three minutes was seen to change at 02:56:32, 05:53:32 and 09:51:32.
    stage, service = cloudwatch_stage(instant("2026-08-19T02:00:00"))
    params = at_second(
        32,
        alarm_params(
            Period=180,
            EvaluationPeriods=3,
            Statistic="Sum",
            Threshold=0.0,
            TreatMissingData="notBreaching",
        ),
    )
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    spells = (("02:45", "02:56"), ("05:42", "05:53"), ("09:40", "09:51"))
    busy = [
        (instant(f"2026-08-19T{start}:00"), instant(f"2026-08-19T{end}:00"))
        for start, end in spells
    ]

    def errors(at: float) -> float | None:
        return 1.0 if any(start <= at < end for start, end in busy) else None

    live(stage, service, params["MetricName"], errors, "2026-08-19T11:00:00")
    found = changes(service)
    assert len([what for _, what in found if what == "OK to ALARM"]) == 3
    assert {at % 60 for at, _ in found} == {32.0}


def test_a_step_policy_is_asked_without_datapoints_while_nothing_is_published() -> None:
    # treat_missing_data=breaching over ten idle minutes: every transition fails in its own second.
    failed = "Failed to execute AutoScaling action: Metric data points must be provided"
    service = CloudWatch()

    def policy(signal: Signal, turn: Turn) -> None:
        if isinstance(signal, Happened):
            return
        assert isinstance(signal, AlarmAction)
        if not signal.datapoints and not signal.repeated:
            service.record_action(signal.alarm_name, signal.action, failed, turn)

    stage, _ = cloudwatch_stage(instant("2026-07-01T06:15:00"), service, policy)
    params = at_second(
        33,
        alarm_params(
            EvaluationPeriods=10,
            ComparisonOperator="LessThanThreshold",
            Threshold=1.0,
            Statistic="Sum",
            TreatMissingData="breaching",
            AlarmActions=[SCALING_POLICY],
        ),
    )
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    first, last = instant("2026-07-01T06:21:00"), instant("2026-07-01T06:24:00")
    live(
        stage,
        service,
        params["MetricName"],
        lambda at: 50.0 if first <= at < last else None,
        "2026-07-01T07:00:00",
    )
    found = changes(service)
    assert [what for _, what in found] == [
        "INSUFFICIENT_DATA to ALARM",
        "ALARM to OK",
        "OK to ALARM",
    ]
    failures = [item.at for item in service.state.history if item.summary == failed]
    assert failures == [at for at, what in found if what.endswith("to ALARM")]
    assert all(at % 60 == 33 for at in failures)


def invocations(second: int, start: str, until: str) -> list[float]:
    """When a scaling policy is invoked during one uninterrupted ALARM."""
    stage, service = cloudwatch_stage(instant(start))
    params = at_second(second, alarm_params(AlarmActions=[SCALING_POLICY]))
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    live(stage, service, params["MetricName"], lambda _: 20.0, until)
    assert len(changes(service)) == 1
    return [at for at, _ in stage.given(AlarmAction)]


def test_a_cooldown_ends_with_the_first_invocation_after_it_on_the_alarms_own_second() -> None:
    # One ALARM, cooldown 300 s: 3 to 2 at 00:15:32, 2 to 1 at 00:21:32. The cooldown begins when
    # the activity is over, some seconds after the invocation.
    times = invocations(32, "2026-07-31T00:10:00", "2026-07-31T00:30:00")
    began = instant("2026-07-31T00:15:32")
    assert began in times
    activity_over = began + 5
    assert next(at for at in times if at >= activity_over + 300) == instant("2026-07-31T00:21:32")


def test_a_policy_is_invoked_on_the_second_at_which_the_alarm_changed() -> None:
    # State change 21:22:22, invoked 21:27:22 with ALARM as old and new state.
    times = invocations(22, "2024-12-05T21:21:00", "2024-12-05T21:30:00")
    assert instant("2024-12-05T21:22:22") not in times  # the minute 21:21 is seen from :30 on
    assert instant("2024-12-05T21:27:22") in times
    assert {later - at for at, later in pairwise(times)} == {60.0}


def test_datapoints_from_before_a_policy_was_made_let_it_scale_in_early() -> None:
    # A table without traffic; policy created about 00:47:50, scaled in at 00:58:09: less than the
    # 15 minutes of the alarm, because the table had published since it was made, about 00:42.
    stage, service = cloudwatch_stage(instant("2026-10-09T00:42:00"))
    params = at_second(
        9,
        alarm_params(
            EvaluationPeriods=15,
            ComparisonOperator="LessThanThreshold",
            Threshold=150.0,
            Statistic="Sum",
            AlarmActions=[SCALING_POLICY],
        ),
    )
    live(stage, service, params["MetricName"], lambda _: 0.0, "2026-10-09T00:47:50")
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    live(stage, service, params["MetricName"], lambda _: 0.0, "2026-10-09T01:05:00")
    assert changes(service)[-1] == (instant("2026-10-09T00:58:09"), "OK to ALARM")
    assert stage.given(AlarmAction)[0][0] == instant("2026-10-09T00:58:09")
