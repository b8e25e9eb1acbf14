"""A recommendation is applied to the stack of a running engine through a change set."""

from collections.abc import Callable

import pytest

from understudy.app.applying import Place, apply
from understudy.base.diagnostic import InvalidInput
from understudy.cli.audience import TerminalAudience
from understudy.recommend.patch import patched
from understudy.report.terminal import console
from understudy.sim.candidate import Candidate
from understudy.testing.candidates import template, tracking
from understudy.testing.engines import WAIT, RunningEngine

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
