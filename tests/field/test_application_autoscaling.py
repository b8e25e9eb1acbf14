"""What others recorded of Application Auto Scaling on AWS, replayed in virtual time.

Each test names its case and where it was recorded. Where a recording leaves something out, the
comment says what is assumed.
"""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.ports import ScalableCapacity
from understudy.control.turn import Turn
from understudy.testing.scalables import Fleet
from understudy.testing.scaling_story import ScalingStory

ECS = "ecs:service:DesiredCount"
WEB = "service/c/web"
CPU = "ECSServiceAverageCPUUtilization"
VARIANT = "sagemaker:variant:DesiredInstanceCount"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")


def service(units: int, start: str = "2026-01-01T00:00:00", delay: float = 34.0) -> ScalingStory:
    """An ECS service; an activity of ECS closes in about 34 s (ecs-aas-doc-web-app)."""
    return ScalingStory(ECS, WEB, units, delay, at(start))


@pytest.mark.parametrize(
    ("target", "low"),
    [
        pytest.param(70.0, 63.0, id="ecs-timebox-alarms: Terraform export, eu-central-1"),
        pytest.param(50.0, 45.0, id="ecs-awslabs-sample-alarms: Terraform export of AWS Labs"),
    ],
)
def test_exported_alarms_of_ecs_cpu(target: float, low: float) -> None:
    story = service(1)
    story.register(1, 2)
    story.track(target, CPU)
    shapes = [
        (a["Threshold"], a["EvaluationPeriods"], a["Period"], a["Unit"], a["TreatMissingData"])
        for a in story.book.alarms.values()
    ]
    assert shapes == [
        (target, 3, 60, "Percent", "missing"),
        (low, 15, 60, "Percent", "missing"),
    ]


def test_the_alarms_of_a_load_balanced_service() -> None:
    # ecs-alb-1350: two workshops show "< 1350, 15 data points within 15 minutes".
    story = service(1)
    story.register(1, 2)
    label = "app/alb/1/targetgroup/web/2"
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    story.track(1500.0, "ALBRequestCountPerTarget", PredefinedMetricSpecification=metric)
    high, low = story.book.alarms.values()
    assert (high["EvaluationPeriods"], high["Period"]) == (3, 60)
    assert (low["Threshold"], low["EvaluationPeriods"], low["Period"]) == (1350.0, 15, 60)


def test_high_resolution_uses_the_same_metric_every_twenty_seconds() -> None:
    # ecs-hires-classmethod: dev.classmethod.jp, 2026-06-19.
    story = service(1)
    story.register(1, 2)
    story.track(70.0, f"{CPU}HighResolution")
    for alarm in story.book.alarms.values():
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS", "CPUUtilization")
        assert alarm["Period"] == 20


def test_ecs_wholesale_crm() -> None:
    # CPU 50, datapoints 63, 75.6 and 74: two became three, with one still pending.
    story = service(2)
    story.register(2, 6)
    story.track(50.0, CPU, ScaleOutCooldown=60, ScaleInCooldown=120)
    values = iter([63.0] * 6 + [75.6] * 6 + [74.0] * 6)
    story.metric = lambda now: next(values)
    story.run(180)
    assert (story.desired, story.running) == (3, 2)


def test_ecs_locust_2_6() -> None:
    # 375 requests a second on two tasks, for three minutes; six tasks, then 6 -> 5 -> minimum.
    # The target is not quoted; any from 3,750 to 4,499 a minute makes six of two.
    story = service(2)
    story.register(2, 10)
    metric = {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": "app/alb/1/targetgroup/web/2",
    }
    story.track(4000.0, "ALBRequestCountPerTarget", PredefinedMetricSpecification=metric)
    start = story.at
    story.metric = lambda now: 375.0 * 60 / story.running if now <= start + 180 else 0.0
    story.run(3 * 3600)
    assert [desired for _, desired in story.changes()] == [6, 5, 4, 3, 2]


def test_ecs_aas_doc_web_app() -> None:
    # AWS CLI reference, describe-scaling-activities: the texts, and 33.94 s from start to end.
    story = ScalingStory(ECS, "service/default/web-app", 2, 33.94, 1462575838.171)
    story.register(1, 4)
    arn = story.step("web-app-cpu-lt-25", (None, 0, -1))
    story.watch("web-app-cpu-lt-25", arn, "LessThanThreshold", 25.0, periods=1)
    story.metric = lambda now: 10.0
    story.run(100)
    (activity,) = story.activities()
    assert activity["Description"] == "Setting desired count to 1."
    assert activity["Cause"] == (
        "monitor alarm web-app-cpu-lt-25 in state ALARM triggered policy web-app-cpu-lt-25"
    )
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 1. Change successfully fulfilled by ecs."
    )
    assert activity["EndTime"] - activity["StartTime"] == pytest.approx(33.94)


def test_sm_async_48() -> None:
    # A jump to 48 instances took 425.689 s. Starting count and target are not quoted: 1 and 10.
    resource = "endpoint/e-async-5/variant/variant1"
    story = ScalingStory(VARIANT, resource, 1, 425.689, at("2025-03-26T02:25:13.498000"))
    story.register(1, 48)
    metric = "SageMakerVariantInvocationsPerInstance"
    high = story.track(10.0, metric)["Alarms"][0]["AlarmName"]
    story.metric = lambda now: 10_000.0
    story.run(180)
    story.metric = lambda now: 10.0
    story.run(600)
    (activity,) = story.activities()
    assert activity["Description"] == "Setting desired instance count to 48."
    assert activity["Cause"] == f"monitor alarm {high} in state ALARM triggered policy {metric}"
    assert clock(activity["StartTime"]) == "02:28:13"
    assert clock(activity["EndTime"]) == "02:35:19"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 48. Change successfully fulfilled by sagemaker."
    )


def test_sm_inprogress_24() -> None:
    # An activity may be in progress for 24 minutes without a reason; nothing is asked for twice.
    story = ScalingStory(VARIANT, "endpoint/e/variant/v", 1, delay=1e9)
    story.register(1, 8)
    story.track(5.0, "SageMakerVariantConcurrentRequestsPerModelHighResolution")
    story.metric = lambda now: 20.0
    story.run(24 * 60 + 30)
    (activity,) = story.activities()
    assert activity["StatusCode"] == "InProgress"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 4. "
        "Waiting for change to be fulfilled by sagemaker."
    )
    assert "EndTime" not in activity
    assert story.at - activity["StartTime"] == 24 * 60


@pytest.mark.parametrize("provisioning", [480.0, 900.0])
def test_sm_stream_8_15(provisioning: float) -> None:
    # An instance is InService after 8 to 15 minutes; the scale-out cooldown of 300 s starts then.
    story = ScalingStory(VARIANT, "endpoint/e/variant/v", 1, delay=provisioning)
    story.register(1, 8)
    out = story.step("out", (0, None, 1), Cooldown=300)
    for _ in range(40):
        story.alarm(out, (9.0,), 1.0, "GreaterThanThreshold")
        story.run(60)
    second, first = story.activities()[-2:]
    assert first["EndTime"] - first["StartTime"] == provisioning
    assert 300 <= second["StartTime"] - first["EndTime"] <= 360


def test_aas_ddb_316() -> None:
    # With its low alarm long in ALARM a table was raised by hand; 41 s later it was active again,
    # at 82 s it was scaled in, at 92 s it was back. Here a service of one unit more.
    story = service(10, delay=10.0)
    story.register(10, 20)
    story.track(70.0, CPU)
    story.metric = lambda now: 0.0
    story.run(3600 + 38)
    raised = story.at
    story.fleet.put(WEB, 11, unscalable="TargetServicePutResourceAsUnscalable")
    story.run(41)
    story.fleet.put(WEB, 11)
    story.run(300)
    changes = [(now - raised, desired) for now, desired in story.changes()]
    assert changes == [(82, 10)]
    assert story.activities()[0]["EndTime"] - raised == 92


def test_aas_ddb_no_reenforce() -> None:
    # Below the minimum by hand, and no alarm: no activity in 726 s, nor later.
    story = service(10)
    story.register(10, 20)
    story.track(70.0, CPU)
    story.fleet.put(WEB, 5)
    story.run(726)
    assert story.activities(not_scaled=True) == []
    story.run(3600)
    assert story.desired == 5
    story.call("RegisterScalableTarget")
    assert story.desired == 10


def test_aas_ddb_idle_scalein() -> None:
    # Idle since five minutes before the policy was made: scaled in ten minutes after it.
    story = service(5)
    story.register(1, 10)
    story.metric = lambda now: 0.0
    story.run(300)
    made = story.at
    story.track(70.0, CPU)
    story.run(900)
    assert story.changes()[0][0] - made == 600


def test_ecs_sdr_no_datapoints() -> None:
    # An idle alarm that treats missing data as breaching has no datapoints: the action fails in the
    # second of the transition, with this text, and there is no activity.
    story = service(4, "2026-01-01T07:14:56")
    story.register(1, 4)
    arn = story.step("sdr-priority-scale-in", (None, 0, -1))
    summary = story.alarm(arn, (), 1.0, "LessThanThreshold")
    assert summary == "Failed to execute AutoScaling action: Metric data points must be provided"
    assert story.activities(not_scaled=True) == []
    assert story.desired == 4


def test_ecs_sdr_stepin_drain() -> None:
    # In ALARM from 07:37:56, invoked at every :56; the metric is there from 07:44:00 on, that is, a
    # whole minute of it from 07:45:00. 4 -> 3 at 07:45:56, then one every 360 to 375 s.
    story = service(4, "2026-01-01T07:37:56")
    story.register(1, 4)
    arn = story.step("sdr-priority-scale-in", (None, 0, -1))
    said: list[str] = []
    while story.at < at("2026-01-01T08:05:00"):
        points = (0.0,) if story.at >= at("2026-01-01T07:45:00") else ()
        said.append(story.alarm(arn, points, 1.0, "LessThanThreshold"))
        story.run(60)
    failed = "Failed to execute AutoScaling action: Metric data points must be provided"
    assert [summary == failed for summary in said[:9]] == [True] * 8 + [False]
    times = [now for now, _ in story.changes()]
    assert clock(times[0]) == "07:45:56"
    assert [desired for _, desired in story.changes()] == [3, 2, 1]
    assert all(360 <= later - now <= 375 for now, later in pairwise(times))


def test_ecs_chatapi_reinvoke() -> None:
    # One uninterrupted ALARM, a cooldown of 300 s: 3 -> 2 at 00:15:32, 2 -> 1 at 00:21:32.
    story = service(3, "2026-07-31T00:14:32")
    story.register(1, 3)
    arn = story.step("in", (None, 0, -1), Cooldown=300)
    story.watch("idle", arn, "LessThanOrEqualToThreshold", 20.0, periods=1)
    story.metric = lambda now: 2.0
    story.run(900)
    changes = [(clock(now), desired) for now, desired in story.changes()]
    assert changes == [("00:15:32", 2), ("00:21:32", 1)]
    assert len(story.actions) == 15


def test_ecs_blog_backend_roundtrip() -> None:
    # CPU is about 10 percent. The target is lowered from 60 to 1: 2 -> 4. It is restored before
    # 13:50:37: the new low alarm sees the old datapoints, and 4 -> 3 -> 2 are 360 s apart.
    story = service(2, "2026-01-01T13:20:37")
    story.register(2, 4)
    story.track(60.0, CPU)
    story.metric = lambda now: 10.0
    story.run(25 * 60)
    story.track(1.0, CPU)
    story.run(4 * 60)
    story.track(60.0, CPU)
    story.run(30 * 60)
    (out, four), (first, three), (second, two) = story.changes()
    assert (four, three, two) == (4, 3, 2)
    assert 0 < first - out <= 240
    assert clock(first) == "13:50:37"
    assert second - first == 360


def test_ecs_chatapi_step_aug18() -> None:
    # p95 latency against 20 s: two more from 7 s above it on, one less at or below it (15 minutes).
    # Set 3 at 22:10:07, 2 at 22:26:39, 1 at 22:32:39. The start count is assumed to be 1.
    story = service(1, "2026-08-18T22:09:07")
    story.register(1, 3)
    out = story.step("out", (0, 7, 1), (7, None, 2), Cooldown=120)
    fewer = story.step("in", (None, 0, -1), Cooldown=300)
    story.watch("slow", out, "GreaterThanThreshold", 20.0, periods=1)
    story.watch("fast", fewer, "LessThanOrEqualToThreshold", 20.0, periods=15)
    story.metric = lambda now: 29.0 if now <= at("2026-08-18T22:10:07") else 3.0
    story.run(3600)
    (grown, three), (first, two), (second, one) = story.changes()
    assert (three, two, one) == (3, 2, 1)
    assert clock(grown) == "22:10:07"
    assert 900 <= first - grown <= 992
    assert second - first == 360


def test_aas_appstream_limit() -> None:
    # AWS documentation: a minimum of 150 at a limit of 100 fails at once, with the service's words.
    reason = (
        "The Instance type 'stream.standard.medium' capacity limit for fleet sample-fleet' was "
        "exceeded. Requested: 150, Limit: 100 (Service: AmazonAppStream; Status Code: 400; Error "
        "Code: LimitExceededException; Request ID: 1; Proxy: null)."
    )

    class Limited(Fleet):
        def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
            raise Fault("LimitExceededException", reason)

    dimension = "appstream:fleet:DesiredCapacity"
    story = ScalingStory(dimension, "fleet/sample-fleet", 2)
    fleet = Limited(dimension, "appstream", "desired capacity")
    fleet.resources["fleet/sample-fleet"] = ScalableCapacity(2, 2)
    story.service.scalables = {dimension: fleet}
    story.register(150, 200)
    (activity,) = story.activities()
    assert activity["Description"] == "Setting desired capacity to 150."
    assert activity["StatusCode"] == "Failed"
    assert activity["StatusMessage"] == (f"Failed to set desired capacity to 150. Reason: {reason}")
    assert activity["Cause"] == "minimum capacity was set to 150"


def test_an_asynchronous_endpoint_leaves_zero_by_its_backlog() -> None:
    # AWS: Autoscale an asynchronous endpoint: HasBacklogWithoutCapacity >= 1 in 2 of 2 minutes,
    # step [0, inf) +1, cooldown 300. Target tracking alone would stay at zero: it has no data.
    story = ScalingStory(VARIANT, "endpoint/e/variant/v", 0, delay=600.0)
    story.register(0, 5)
    members: dict[str, Any] = {"Cooldown": 300, "MetricAggregationType": "Average"}
    arn = story.step("from-zero", (0, None, 1), **members)
    story.watch("backlog", arn, "GreaterThanOrEqualToThreshold", 1.0, periods=2)
    start = story.at
    story.metric = lambda now: 1.0 if story.running == 0 else 0.0
    story.run(3600)
    assert [(now - start, desired) for now, desired in story.changes()] == [(120, 1)]


def test_ecs_hires_aws_bench() -> None:
    # AWS's benchmark: high-resolution CPU triggers 86 s (+-20) after the load, 109 s until it runs.
    # The 363 s of the minute metric are not replayed: three minutes and a delay make 240 s at most.
    story = service(2, delay=23.0)
    story.register(2, 8)
    story.track(50.0, "ECSServiceAverageCPUUtilizationHighResolution")
    start = story.at + 600.0
    visible = start + 20.0 + 10.0  # A whole period, and the delay after which it can be seen.
    story.metric = lambda now: 95.0 if now >= visible else 20.0
    story.run(900)
    (triggered, _), *_ = story.changes()
    assert triggered - start == pytest.approx(86, abs=20)
