"""Alarms in virtual time: when they look, what they can see, when they act."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.cloudwatch.state import CloudWatchState
from understudy.control.signals import AlarmAction
from understudy.metrics.datapoint import metric_key, of_value, of_values
from understudy.testing.cloudwatch import (
    SCALING_POLICY,
    TOPIC,
    alarm_params,
    at_second,
    cloudwatch_stage,
    evaluation_second,
)
from understudy.testing.stage import Stage, instant

START = instant("2026-01-10T12:00:00Z")
MINUTE = 60.0


class Story:
    """One alarm and its metric. Times are seconds since 12:00."""

    def __init__(self, service: CloudWatch | None = None, second: int = 50, **changes: Any) -> None:
        self.stage, self.service = cloudwatch_stage(START, service)
        self.params = at_second(second, alarm_params(**changes))
        self.changes: list[tuple[float, str]] = []

    def put(self, **more: Any) -> None:
        self.stage.call("cloudwatch", "PutMetricAlarm", **{**self.params, **more})

    def publish(self, minute: float, value: float, resolution: int = 60, count: float = 1) -> None:
        """A service publishes a value of the period that begins at a minute."""
        namespace, _, dimensions = metric_key("App", "", [("Service", "web")])
        point = of_value(START + MINUTE * minute, value, count)
        with self.stage.turn() as turn:
            self.service.publish(
                namespace,
                self.params["MetricName"],
                dimensions,
                point,
                turn,
                resolution=resolution,
            )

    def send(self, minute: float, value: float, resolution: int = 60) -> None:
        """A client puts a value with a timestamp."""
        datum = {
            "MetricName": self.params["MetricName"],
            "Dimensions": self.params["Dimensions"],
            "Value": value,
            "Timestamp": START + MINUTE * minute,
            "StorageResolution": resolution,
        }
        self.stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])

    def state(self) -> str:
        state = self.service.alarm_state("busy")
        assert state is not None
        return state

    def run(self, until: float) -> list[tuple[float, str]]:
        """Let time pass; the changes of state on the way, each with its second."""
        found: list[tuple[float, str]] = []
        while self.stage.now < START + until:
            before = self.state()
            self.stage.advance(1)
            if self.state() != before:
                found.append((self.stage.now - START, self.state()))
        return found

    def actions(self) -> list[tuple[float, str, bool, tuple[float, ...]]]:
        return [
            (at - START, signal.new_state, signal.repeated, signal.datapoints)
            for at, signal in self.stage.given(AlarmAction)
        ]


def test_an_alarm_is_evaluated_every_minute_at_its_own_second() -> None:
    story = Story(second=50)
    story.put()
    for minute, value in enumerate([5.0, 20.0, 5.0, 20.0]):
        story.send(minute, value)
    assert story.run(5 * MINUTE) == [
        (110, "OK"),
        (170, "ALARM"),
        (230, "OK"),
        (290, "ALARM"),
    ]


def test_the_second_depends_on_the_definition_and_not_on_the_name() -> None:
    one, two = alarm_params("a"), alarm_params("TargetTracking-b-AlarmHigh-0d1e")
    assert evaluation_second(one) == evaluation_second(two)
    others = {evaluation_second({**one, "MetricName": f"m{number}"}) for number in range(300)}
    assert len(others) == 60


def test_data_from_before_the_creation_of_an_alarm_is_used() -> None:
    # AWS: Using Amazon CloudWatch alarms: a new alarm evaluates what there is.
    story = Story(second=50, EvaluationPeriods=3)
    for minute in (-3, -2, -1):
        story.send(minute, 20.0)
    story.put()
    assert story.run(MINUTE) == [(50, "ALARM")]


def test_what_a_service_publishes_is_seen_half_a_minute_after_its_minute() -> None:
    early, late = Story(second=29), Story(second=30)
    for story in (early, late):
        story.put()
        story.publish(0, 20.0)
    assert early.run(4 * MINUTE)[0] == (149, "ALARM")
    assert late.run(4 * MINUTE)[0] == (90, "ALARM")


def test_a_minute_that_is_not_over_is_not_seen_even_if_it_was_published() -> None:
    story = Story(second=10)
    story.put()
    story.send(0, 20.0)
    story.stage.advance(59)
    assert story.state() == "INSUFFICIENT_DATA"
    assert story.run(2 * MINUTE) == [(70, "ALARM")]


def test_delays_are_parameters_of_the_world() -> None:
    story = Story(CloudWatch(config=CloudWatchConfig(minute_delay=100.0)), second=50)
    story.put()
    story.publish(0, 20.0)
    assert story.run(4 * MINUTE) == [(170, "ALARM")]


@pytest.mark.parametrize(("resolution", "delay"), [(10, 5), (20, 10), (1, 5)])
def test_high_resolution_metrics_are_seen_sooner(resolution: int, delay: int) -> None:
    story = Story(second=9, Period=20)
    story.put()
    story.publish(0, 20.0, resolution=resolution)
    seen = 20 + delay
    due = next(second for second in range(9, 99, 10) if second >= seen)
    assert story.run(due) == [(due, "ALARM")]


def test_a_high_resolution_alarm_is_evaluated_every_ten_seconds() -> None:
    # AWS: Alarm evaluation.
    story = Story(second=3, Period=10, TreatMissingData="ignore")
    story.put()
    for step, value in enumerate([20.0, 5.0, 20.0, 20.0, 5.0]):
        story.send(step / 6, value, resolution=1)
    assert story.run(60) == [(13, "ALARM"), (23, "OK"), (33, "ALARM"), (53, "OK")]


def test_an_alarm_of_ten_seconds_finds_gaps_in_a_metric_of_minutes() -> None:
    # AWS: PutMetricAlarm, Period: it might often lapse into INSUFFICIENT_DATA.
    story = Story(second=3, Period=10)
    story.put()
    for minute in range(4):
        story.publish(minute, 20.0)
    story.run(4 * MINUTE)
    assert story.state() == "INSUFFICIENT_DATA"


def test_a_five_minute_alarm_slides_by_the_minute() -> None:
    # AWS: Alarm evaluation: minutes 1 to 5, then 2 to 6. The range is three periods long.
    story = Story(second=0, Period=300, Statistic="Sum", Threshold=99.0)
    story.put()
    story.send(3, 100.0)
    assert story.run(20 * MINUTE) == [(240, "ALARM"), (1140, "INSUFFICIENT_DATA")]


def test_a_wall_clock_alarm_looks_at_whole_hours_of_its_zone() -> None:
    service = CloudWatch(zones=ZoneInfo)
    story = Story(
        service,
        second=0,
        Period=3600,
        Statistic="Sum",
        EvaluationWindow={"WallClockWindow": {"Timezone": "Asia/Kolkata"}},
    )
    story.put()
    story.send(3, 100.0)
    assert story.run(40 * MINUTE)[0] == (1800, "ALARM")


def test_a_scaling_action_is_invoked_again_every_minute_and_a_topic_is_not() -> None:
    # AWS: Using Amazon CloudWatch alarms, Alarm actions.
    story = Story(second=32, EvaluationPeriods=2, AlarmActions=[TOPIC, SCALING_POLICY])
    story.put()
    for minute in range(5):
        story.send(minute, 20.0 + minute)
    story.run(5 * MINUTE + 40)
    assert story.actions() == [
        (152, "ALARM", False, (20.0, 21.0)),
        (152, "ALARM", False, (20.0, 21.0)),
        (212, "ALARM", True, (21.0, 22.0)),
        (272, "ALARM", True, (22.0, 23.0)),
        (332, "ALARM", True, (23.0, 24.0)),
    ]
    repeated = story.stage.given(AlarmAction)[-1][1]
    assert (repeated.action, repeated.old_state) == (SCALING_POLICY, "ALARM")


def test_a_high_resolution_alarm_invokes_its_policy_again_once_a_minute() -> None:
    story = Story(second=3, Period=10, AlarmActions=[SCALING_POLICY])
    story.put()
    for step in range(24):
        story.send(step / 6, 20.0, resolution=1)
    story.run(4 * MINUTE)
    assert [at for at, *_ in story.actions()] == [13, 73, 133, 193]


def test_actions_of_ok_and_insufficient_data_are_invoked_too() -> None:
    story = Story(
        second=50, OKActions=[TOPIC], InsufficientDataActions=[TOPIC], AlarmActions=[TOPIC]
    )
    story.put()
    story.send(0, 20.0)
    story.send(1, 5.0)
    story.run(10 * MINUTE)
    assert [(at, state) for at, state, *_ in story.actions()] == [
        (110, "ALARM"),
        (170, "OK"),
        (350, "INSUFFICIENT_DATA"),
    ]


def test_without_actions_enabled_states_change_in_silence() -> None:
    story = Story(AlarmActions=[TOPIC, SCALING_POLICY], ActionsEnabled=False)
    story.put()
    story.send(0, 20.0)
    story.send(1, 20.0)
    assert story.run(3 * MINUTE) == [(110, "ALARM")]
    assert story.actions() == []


def test_a_state_that_was_set_lasts_until_the_next_evaluation() -> None:
    # AWS: SetAlarmState.
    story = Story(second=50, OKActions=[TOPIC], AlarmActions=[TOPIC])
    story.put()
    for minute in range(4):
        story.send(minute, 5.0)
    story.run(130)
    story.stage.call(
        "cloudwatch", "SetAlarmState", AlarmName="busy", StateValue="ALARM", StateReason="test"
    )
    assert story.run(4 * MINUTE) == [(170, "OK")]
    assert [(at, state) for at, state, *_ in story.actions()] == [
        (110, "OK"),
        (130, "ALARM"),
        (170, "OK"),
    ]


def test_a_policy_is_not_invoked_twice_within_a_minute_of_a_state_that_was_set() -> None:
    story = Story(second=50, AlarmActions=[SCALING_POLICY])
    story.put()
    for minute in range(6):
        story.send(minute, 20.0)
    story.stage.advance(100)
    story.stage.call(
        "cloudwatch", "SetAlarmState", AlarmName="busy", StateValue="ALARM", StateReason="test"
    )
    story.run(4 * MINUTE)
    assert [at for at, *_ in story.actions()] == [100, 170, 230]


def test_an_alarm_made_again_has_one_evaluation_a_minute_and_a_deleted_one_none() -> None:
    story = Story(second=50, AlarmActions=[SCALING_POLICY])
    for _ in range(3):
        story.put()
        story.stage.advance(5)
    for minute in range(8):
        story.send(minute, 20.0)
    story.stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["busy"])
    story.put()
    story.run(4 * MINUTE)
    assert [at for at, *_ in story.actions()] == [110, 170, 230]
    story.stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["busy"])
    count = len(story.stage.signals)
    story.stage.advance(600)
    assert len(story.stage.signals) == count


def test_an_alarm_that_watches_another_metric_from_now_on_looks_at_that_one() -> None:
    story = Story(second=50)
    story.put()
    story.send(0, 20.0)
    story.run(2 * MINUTE)
    story.put(MetricName="Nothing")
    story.run(6 * MINUTE)
    assert story.state() == "INSUFFICIENT_DATA"


def test_a_percentile_with_few_samples_keeps_its_state() -> None:
    # AWS: Percentile-based alarms and low data samples: 10 / (1 - 0.9) = 100 samples.
    def story_of(low: str | None) -> Story:
        story = Story(
            second=50,
            Statistic=None,
            ExtendedStatistic="p90",
            EvaluateLowSampleCountPercentile=low,
        )
        story.put()
        with story.stage.turn() as turn:
            for minute, count in enumerate([99.0, 100.0]):
                point = of_values(START + 60 * minute, [1.0, 20.0], [1.0, count - 1])
                story.service.publish(
                    "App", story.params["MetricName"], (("Service", "web"),), point, turn
                )
        return story

    assert story_of("ignore").run(3 * MINUTE) == [(170, "ALARM")]
    assert story_of("evaluate").run(3 * MINUTE) == [(110, "ALARM")]
    assert story_of(None).run(3 * MINUTE) == [(110, "ALARM")]
    assert story_of("ignore").run(9 * MINUTE)[-1][1] == "INSUFFICIENT_DATA"


def test_alarms_on_dynamodb_always_ignore_missing_data() -> None:
    # AWS: PutMetricAlarm, TreatMissingData.
    story = Story(second=50, Namespace="AWS/DynamoDB", TreatMissingData="breaching")
    story.put()
    story.run(5 * MINUTE)
    assert story.state() == "INSUFFICIENT_DATA"


def math_alarm(text: str, **more: Any) -> dict[str, Any]:
    def metric(query_id: str, name: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": False}

    return {
        **alarm_params(
            MetricName=None, Namespace=None, Dimensions=None, Statistic=None, Period=None
        ),
        "Metrics": [
            metric("errors", "Errors"),
            metric("calls", "Calls"),
            {"Id": "e1", "Expression": text, "ReturnData": True},
        ],
        **more,
    }


def test_an_alarm_on_metric_maths() -> None:
    stage, service = cloudwatch_stage(START)
    params = math_alarm("100 * errors / calls", EvaluationPeriods=2, AlarmActions=[TOPIC])
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    with stage.turn() as turn:
        for minute, (errors, calls) in enumerate([(0.0, 50.0), (6.0, 50.0), (8.0, 50.0)]):
            service.publish("App", "Errors", (), of_value(START + 60 * minute, errors), turn)
            service.publish("App", "Calls", (), of_value(START + 60 * minute, calls), turn)
    stage.advance(270)
    ((at, signal),) = stage.given(AlarmAction)
    assert signal.datapoints == (12.0, 16.0)
    assert signal.reason.startswith("Threshold Crossed: 2 datapoints [16.0 (10/01/26 12:02:00), ")
    assert 180 + 30 <= at - START < 180 + 90


def test_maths_is_seen_when_the_slowest_of_its_metrics_is() -> None:
    stage, service = cloudwatch_stage(START)
    params = math_alarm("errors + calls")
    second = evaluation_second(params)
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    datum = {"MetricName": "Errors", "Value": 20.0, "Timestamp": START}
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    with stage.turn() as turn:
        service.publish("App", "Calls", (), of_value(START, 20.0), turn)
    stage.advance(60 + second)
    assert (service.alarm_state("busy") == "ALARM") is (second >= 30)


def test_an_expression_that_cannot_be_computed_says_so_in_the_alarm() -> None:
    stage, _ = cloudwatch_stage(START)
    stage.call("cloudwatch", "PutMetricAlarm", **math_alarm("AVG(errors)"))
    stage.advance(60)
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert alarm["EvaluationState"] == "EVALUATION_ERROR"
    assert alarm["StateReason"] == "'e1' does not return a single time series"
    stage.call("cloudwatch", "PutMetricAlarm", **math_alarm("errors"))
    stage.advance(60)
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert "EvaluationState" not in alarm


def test_warm_up_ends_when_the_window_is_full_or_when_it_is_over() -> None:
    # AWS: Alarm warm-up periods.
    def story_of(**more: Any) -> Story:
        story = Story(
            second=50,
            TreatMissingData="breaching",
            EvaluationPeriods=2,
            WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 5, **more},
        )
        story.put()
        return story

    assert story_of().run(10 * MINUTE) == [(350, "ALARM")]
    early = story_of()
    early.send(0, 20.0)
    early.send(1, 20.0)
    assert early.run(10 * MINUTE) == [(170, "ALARM")]
    waiting = story_of(OnlyStartEvaluatingAfterWarmUpPeriodEnds=True)
    waiting.send(0, 20.0)
    waiting.send(1, 20.0)
    assert waiting.run(10 * MINUTE)[0][0] == 350


def test_a_snapshot_goes_on_as_the_original_does() -> None:
    story = Story(second=50, EvaluationPeriods=2, AlarmActions=[SCALING_POLICY])
    story.put()
    for minute in range(4):
        story.send(minute, 20.0)
    story.run(200)
    encoded = msgspec.msgpack.encode(story.service.state)
    again = msgspec.msgpack.decode(encoded, type=CloudWatchState)
    assert again == story.service.state
    twin = CloudWatch(again)
    key = ("alarm", "busy", again.alarms["busy"].incarnation)
    signals = []
    for service in (story.service, twin):
        stage = Stage(START + 230)
        with stage.turn() as turn:
            service.on_timer(key, turn)
        signals.append(stage.signals)
    assert signals[0] == signals[1] != []
    assert msgspec.msgpack.encode(twin.state) == msgspec.msgpack.encode(story.service.state)


def test_what_is_ready_for_deleted_alarms_is_let_go() -> None:
    stage, service = cloudwatch_stage(START)
    for number in range(20):
        with stage.turn() as turn:
            service.put(alarm_params(f"alarm-{number}"), turn)
        stage.advance(60)
        with stage.turn() as turn:
            service.delete((f"alarm-{number}",), turn)
        stage.advance(60)
    assert len(service._watches) <= 2


def test_a_wall_clock_day_is_a_day_of_utc_if_no_zone_is_named() -> None:
    story = Story(second=0, Period=86400, EvaluationWindow={"WallClockWindow": {}})
    story.put()
    story.send(0, 20.0)
    story.stage.advance(13 * 3600)
    assert story.state() == "ALARM"


points = st.lists(
    st.tuples(st.integers(-3, 8), st.sampled_from([5.0, 20.0])), min_size=0, max_size=12
)


@settings(max_examples=40, deadline=None)
@given(points, st.integers(1, 3), st.sampled_from(["missing", "ignore", "breaching"]))
def test_the_state_depends_on_visible_datapoints_only(
    published: list[tuple[int, float]], periods: int, treat: str
) -> None:
    """Datapoints of periods that cannot be seen yet change nothing."""

    def state(hidden: bool) -> str:
        params = alarm_params(EvaluationPeriods=periods, TreatMissingData=treat)
        stage, service = cloudwatch_stage(START)
        stage.call("cloudwatch", "PutMetricAlarm", **params)
        seen = START + 5 * MINUTE + evaluation_second(params)
        with stage.turn() as turn:
            for minute, value in published:
                point = of_value(START + MINUTE * minute, value)
                visible = point.timestamp + 60 + 30 <= seen
                if visible or hidden:
                    service.publish("App", "Load", (("Service", "web"),), point, turn)
        stage.advance_to(seen)
        found = service.alarm_state("busy")
        assert found is not None
        return found

    assert state(hidden=False) == state(hidden=True)
