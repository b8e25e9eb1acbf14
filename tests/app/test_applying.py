"""A recommendation is applied to the stack of a running engine through a change set."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.app.applying import Place, apply
from understudy.base.diagnostic import InvalidInput
from understudy.cli.audience import TerminalAudience
from understudy.recommend.patch import patched
from understudy.report.terminal import console
from understudy.sim.candidate import Candidate
from understudy.testing.candidates import template, tracking
from understudy.testing.engines import WAIT, RunningEngine, understudy_command

BEFORE = Candidate(1, 4, 1, (tracking(500.0),))
AFTER = Candidate(1, 6, 1, (tracking(720.0, ScaleOutCooldown=60, ScaleInCooldown=120),))


def test_without_an_engine_it_says_what_to_name() -> None:
    with pytest.raises(InvalidInput, match="--apply needs a running engine"):
        apply(Place("", "s"), "{}", TerminalAudience(console()))


@pytest.mark.processes
def test_the_policy_of_the_running_stack_is_the_recommended_one(
    make_engine: Callable[..., RunningEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    engine = make_engine()
    stacks, scaling = engine.client("cloudformation"), engine.client("application-autoscaling")
    body = template(BEFORE, "20ms")
    stacks.create_stack(StackName="s", TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=WAIT)
    audience = TerminalAudience(console())
    apply(Place(engine.endpoint, "s"), patched(body, AFTER), audience)
    policy = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"][0]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 720
    target = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"][0]
    assert target["MaxCapacity"] == 6
    assert "Applied to stack s" in capsys.readouterr().out


@pytest.mark.processes
def test_the_stack_that_a_recommendation_was_applied_to_is_rehearsed_as_it_runs(
    make_engine: Callable[..., RunningEngine], tmp_path: Path
) -> None:
    engine = make_engine("--speed", "60")
    stacks, body = engine.client("cloudformation"), template(BEFORE, "20ms")
    stacks.create_stack(StackName="s", TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=WAIT)
    after = tmp_path / "after.json"
    after.write_text(patched(body, AFTER))
    where = ("--endpoint-url", engine.endpoint, "--stack-name", "s", "--report", tmp_path / "found")
    call = ("rehearse", after, "--running", "--traffic", "steady(rate=1, duration=5m)", *where)
    other = understudy_command(*call)
    assert other.returncode == 2
    assert "Stack s has another template than the one given" in other.stderr
    apply(Place(engine.endpoint, "s"), after.read_text(), TerminalAudience(console()))
    assert understudy_command(*call, "--slo", "failed<50%").returncode == 0
    report = json.loads((tmp_path / "found/report.json").read_text())
    assert report["maximum"] == 6
    assert report["requests"]["succeeded"] > 0
    # It is simulated from the creation of the stack on, and left as it is.
    assert report["simulated"]["maximum"] == 6
    assert stacks.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


def test_a_running_stack_is_on_an_engine_that_is_named() -> None:
    call = ("rehearse", "no.yaml", "--running", "--traffic", "steady(rate=1, duration=5m)")
    found = understudy_command(*call)
    assert found.returncode == 2
    assert "--running needs a running engine" in found.stderr
