"""Why nothing happens, in sentences."""

from copy import deepcopy

import pytest

from understudy.control.application_autoscaling import explain
from understudy.control.signals import AlarmAction
from understudy.scaling.decision import Decision
from understudy.testing.scaling_story import ScalingStory

METRIC = "SageMakerVariantInvocationsPerInstance"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
VARIANT = "endpoint/digits/variant/blue"


def alarm(arn: str, *datapoints: float, above: bool = True, state: str = "ALARM") -> AlarmAction:
    comparison = "GreaterThanThreshold" if above else "LessThanThreshold"
    name = "busy" if above else "idle"
    return AlarmAction(arn, name, f"arn:{name}", "OK", state, "", datapoints, 100.0, comparison)


def sentences(story: ScalingStory, *alarms: AlarmAction) -> dict[str, str]:
    before = deepcopy(story.service.state)
    told = explain(story.service, DIMENSION, VARIANT, story.at, alarms)
    assert story.service.state == before
    return {f"{one.policy} {one.alarm}".strip(): one.sentence for one in told}


def test_what_it_would_do(story: ScalingStory) -> None:
    arn = story.track(100.0, METRIC)["PolicyARN"]
    said = explain(story.service, DIMENSION, VARIANT, story.at, [alarm(arn, 350.0)])
    assert [one.sentence for one in said] == ["It would change the capacity from 1 to 4."]
    assert isinstance(said[0].outcome, Decision)
    assert story.changes() == []


@pytest.mark.parametrize(
    ("datapoints", "above", "units", "state", "sentence"),
    [
        ((90.0,), True, 4, "OK", "The alarm is in state OK."),
        ((), True, 4, "INSUFFICIENT_DATA", "The alarm is in state INSUFFICIENT_DATA."),
        ((), True, 4, "ALARM", "The alarm has no datapoints."),
        ((95.0,), True, 4, "ALARM", "The metric is near enough to its target."),
        ((150.0,), True, 8, "ALARM", "It is at its maximum capacity of 8."),
        ((0.0,), False, 1, "ALARM", "It is at its minimum capacity of 1."),
        (
            (85.0,),
            False,
            2,
            "ALARM",
            "Removing one more would push the metric back above its target.",
        ),
    ],
)
def test_why_not(
    story: ScalingStory,
    datapoints: tuple[float, ...],
    above: bool,
    units: int,
    state: str,
    sentence: str,
) -> None:
    story.fleet.put(VARIANT, units)
    arn = story.track(100.0, METRIC)["PolicyARN"]
    told = sentences(story, alarm(arn, *datapoints, above=above, state=state))
    assert list(told.values()) == [sentence]


def test_cooldowns_with_the_time_they_last(story: ScalingStory) -> None:
    arn = story.track(100.0, METRIC)["PolicyARN"]
    story.alarm(arn, (150.0,), 100.0, "GreaterThanThreshold")
    busy = alarm(arn, 120.0)
    key = f"{METRIC} busy"
    assert sentences(story, busy)[key] == "It waits for the scaling activity in progress."
    story.run(30 + 40)
    assert sentences(story, busy)[key] == "The scale-out cooldown lasts 4m20s more."
    story.run(400)
    story.alarm(arn, (10.0,), 90.0, "LessThanThreshold")
    story.run(30 + 100)
    story.fleet.put(VARIANT, 3)
    idle = sentences(story, alarm(arn, 10.0, above=False))
    assert idle[f"{METRIC} idle"] == "The scale-in cooldown lasts 3m20s more."


def test_suspension_and_a_service_that_holds(story: ScalingStory) -> None:
    arn = story.track(100.0, METRIC)["PolicyARN"]
    story.call("RegisterScalableTarget", SuspendedState={"DynamicScalingOutSuspended": True})
    assert sentences(story, alarm(arn, 150.0)) == {
        f"{METRIC} busy": "Scaling in this direction is suspended."
    }
    story.fleet.put(VARIANT, 4, unscalable="TargetServicePutResourceAsUnscalable")
    assert sentences(story, alarm(arn, 0.0, above=False)) == {
        f"{METRIC} idle": "The service does not let the resource be scaled in now."
    }


def test_several_policies(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 4)
    tracking = story.track(100.0, METRIC)["PolicyARN"]
    customized = {"MetricName": "m", "Namespace": "n", "Statistic": "Average"}
    other = story.call(
        "PutScalingPolicy",
        PolicyName="other",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100.0,
            "CustomizedMetricSpecification": customized,
        },
    )["PolicyARN"]
    story.step("unwatched", (0, None, 1))
    told = sentences(
        story, alarm(tracking, 0.0, above=False), alarm(other, 95.0, above=False, state="OK")
    )
    assert told == {
        f"{METRIC} idle": "Another policy is not ready to scale in.",
        "other idle": "The alarm is in state OK.",
        "unwatched": "No alarm names this policy.",
    }
    agreed = sentences(story, alarm(tracking, 0.0, above=False), alarm(other, 0.0, above=False))
    assert agreed[f"{METRIC} idle"] == "It would change the capacity from 4 to 3."


def test_a_step_policy_without_a_fitting_step(story: ScalingStory) -> None:
    arn = story.step("out", (50, None, 1), (0, 50, 0))
    assert sentences(story, alarm(arn, 90.0)) == {
        "out busy": "The metric falls into none of the policy's steps."
    }
    assert sentences(story, alarm(arn, 110.0)) == {
        "out busy": "It has the capacity that the policy asks for: 1."
    }


def test_no_target_no_explanation(story: ScalingStory) -> None:
    assert explain(story.service, DIMENSION, "endpoint/x/variant/y", story.at, []) == ()
