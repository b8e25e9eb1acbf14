"""Services and groups behind a load balancer: candidates, templates, and what sifts them."""

from pathlib import Path

import numpy as np
import pytest

from understudy.app.examples import example
from understudy.app.templates import checked
from understudy.recommend.document import NotPatchable
from understudy.recommend.families import (
    OF_FLEETS,
    OF_GROUPS,
    OF_SERVICES,
    Family,
    default_advice,
    families,
)
from understudy.recommend.patch import difference, patched
from understudy.recommend.policies import Room
from understudy.recommend.season import season
from understudy.recommend.sifting import as_variant
from understudy.recommend.terms import GROUP, SERVICE, Terms
from understudy.sim import patterns
from understudy.sim.candidate import Action, Candidate

SERVICES = example("fargate-inference/template.yaml").read_text()
GROUPS = example("web-tier/template.yaml").read_text()
OF = {"a service": (SERVICES, SERVICE), "a group": (GROUPS, GROUP)}
STEPPED = next(each for each in OF_FLEETS if each.name == "step scaling")
ON_CPU = next(each for each in OF_FLEETS if each.name == "target tracking on CPU")
ON_REQUESTS = next(each for each in OF_FLEETS if each.name == "target tracking on requests")


def room(terms: Terms) -> Room:
    limits = np.array([0.0, 3.0, 7.0, 12.0, 17.0, 22.0])
    days = patterns.diurnal(1.0, 20.0, duration=3 * 86_400.0)
    return Room(3.0, 5.0, 1.0, 1, 5, season(days, limits, 1_772_409_600.0, 240.0), terms)


ALL = [("a service", each) for each in OF_SERVICES] + [("a group", each) for each in OF_GROUPS]


@pytest.mark.parametrize(("kind", "family"), ALL, ids=[f"{kind}: {f.name}" for kind, f in ALL])
def test_every_family_makes_a_template_that_is_valid(
    family: Family, kind: str, tmp_path: Path
) -> None:
    text, terms = OF[kind]
    assert family in families(room(terms))
    candidate = family.make([0.5] * family.size, room(terms))
    path = tmp_path / "template.yaml"
    path.write_text(patched(text, candidate))
    found, problems = checked(path, {})
    assert found is not None
    assert problems == []
    policies = [each for each in found.resources.values() if each.type.endswith("ScalingPolicy")]
    assert len(policies) == len(candidate.policies)
    alarms = [each for each in found.resources.values() if each.type.endswith("::Alarm")]
    assert len(alarms) == sum(len(each.alarms) for each in candidate.policies)


def test_a_policy_on_the_same_metric_of_a_service_is_changed_in_place() -> None:
    tracked = ON_REQUESTS.make([0.5, 0.0, 0.9, 0.0], room(SERVICE))
    lines = difference(SERVICES, patched(SERVICES, tracked), "template.yaml").splitlines()[2:]
    assert [line.strip() for line in lines if line.startswith("+")] == [
        "+      MinCapacity: 1",
        "+      MaxCapacity: 5",
        "+        TargetValue: 102",
        "+        ScaleInCooldown: 600",
        "+        ScaleOutCooldown: 0",
    ]


def test_a_policy_of_a_group_names_its_group_and_warms_up_where_it_had_none() -> None:
    found = patched(GROUPS, ON_CPU.make([1.0, 0.3, 0.0, 0.0], room(GROUP)))
    policy = found[found.index("CpuPolicy:") : found.index("Outputs:")]
    assert "AutoScalingGroupName: !Ref Group" in policy
    assert "PredefinedMetricType: ASGAverageCPUUtilization" in policy
    assert "TargetValue: 95" in policy
    assert "EstimatedInstanceWarmup: 60" in policy
    assert "Cooldown" not in policy
    for gone in ("  Out:", "  In:", "  Busy:", "  Idle:", "  WorkingHours:", "  Evening:"):
        assert gone not in found


def test_steps_of_a_service_have_alarms_on_the_requests_of_each_target() -> None:
    found = patched(SERVICES, STEPPED.make([0.5] * 7, room(SERVICE)))
    alarm = found[found.index("OutAlarm:") : found.index("InPolicy:")]
    assert "MetricName: RequestCountPerTarget" in alarm
    assert "Value: !GetAtt Targets.TargetGroupFullName" in alarm
    assert "!Ref OutPolicy" in alarm


def test_a_new_policy_on_requests_names_balancer_and_targets() -> None:
    found = patched(GROUPS, ON_REQUESTS.make([0.5] * 4, room(GROUP)))
    label = "!Sub ${Balancer.LoadBalancerFullName}/${Targets.TargetGroupFullName}"
    assert f"ResourceLabel: {label}" in found


def test_actions_of_a_group_recur_as_unix_has_it() -> None:
    actions = (
        Action("mon-0730-4", "cron(30 7 ? * MON-FRI *)", 4),
        Action("mon-2000-1", "cron(0 20 ? * * *)", 1, 1),
    )
    found = patched(GROUPS, Candidate(1, 8, 1, (), actions))
    assert "Recurrence: 30 7 * * MON-FRI" in found
    assert "Recurrence: 0 20 * * *" in found
    assert "MinSize: '1'" in found or 'MinSize: "1"' in found
    assert "TimeZone" not in found


def test_an_alarm_that_does_more_keeps_the_rest_of_it() -> None:
    told = GROUPS.replace("        - !Ref Out\n", "        - !Ref Out\n        - arn:topic\n")
    found = patched(told, ON_CPU.make([0.5] * 4, room(GROUP)))
    busy = found[found.index("  Busy:") : found.index("CpuPolicy:")]
    assert "arn:topic" in busy
    assert "!Ref Out" not in busy


def test_a_group_with_two_balancers_says_that_it_cannot_be_told_which() -> None:
    group = "AWS::ElasticLoadBalancingV2::TargetGroup"
    second = GROUPS.replace(
        "  Targets:\n",
        f"  Second:\n    Type: {group}\n    Properties:\n      VpcId: v\n\n  Targets:\n",
        1,
    )
    with pytest.raises(NotPatchable, match=f"has 2 resources of {group}"):
        patched(second, ON_REQUESTS.make([0.5] * 4, room(GROUP)))


@pytest.mark.parametrize("terms", [SERVICE, GROUP], ids=["a service", "a group"])
def test_the_default_advice_is_seventy_percent_of_the_processors(terms: Terms) -> None:
    (policy,) = default_advice(room(terms)).policies
    assert policy.configuration["TargetValue"] == 70
    alike = as_variant(default_advice(room(terms)), terms, 5.0, {}).policies[0].configuration
    # 70 % of the 300 requests that an instance can serve in a minute.
    assert alike["TargetValue"] == pytest.approx(210)
    assert alike["ScaleOutCooldown"] == 300
    metric = alike["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_steps_of_a_group_wait_as_long_as_it_warms_up() -> None:
    candidate = STEPPED.make([0.5] * 7, room(GROUP))
    out = as_variant(candidate, GROUP, 5.0, {}).policies[0]
    assert (
        out.configuration["Cooldown"]
        == candidate.policies[0].configuration["EstimatedInstanceWarmup"]
    )
    assert out.alarms[0]["MetricName"] == "InvocationsPerInstance"
    assert out.alarms[0]["Threshold"] == candidate.policies[0].alarms[0]["Threshold"]


FAST = next(each for each in OF_SERVICES if each.name == "target tracking on CPU (20 s)")
WARM = next(each for each in OF_GROUPS if each.name == "warm pool and target tracking")
PREDICTED = next(each for each in OF_FLEETS if each.name.startswith("predictive"))


def test_a_policy_every_20_seconds_has_the_service_measured_as_often() -> None:
    found = patched(SERVICES, FAST.make([0.5] * 4, room(SERVICE)))
    assert "PredefinedMetricType: ECSServiceAverageCPUUtilizationHighResolution" in found
    service = found[found.index("  Service:") : found.index("  Scaling:")]
    assert "Monitoring:" in service
    assert "- CPUUtilization" in service
    assert "ResolutionSeconds: 20" in service


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("a service", "PredictiveScalingPolicyConfiguration"),
        ("a group", "PredictiveScalingConfiguration"),
    ],
)
def test_a_forecast_is_made_from_the_requests_of_the_load_balancer(kind: str, member: str) -> None:
    text, terms = OF[kind]
    found = patched(text, PREDICTED.make([0.5] * 6, room(terms)))
    policy = found[found.index("ForecastPolicy:") : found.index("Outputs:")]
    assert "PolicyType: PredictiveScaling" in policy
    assert f"{member}:" in policy
    assert "PredefinedMetricType: ALBRequestCount" in policy
    label = "${Balancer.LoadBalancerFullName}/${Targets.TargetGroupFullName}"
    assert f"ResourceLabel: !Sub {label}" in policy
    assert "Mode: ForecastAndScale" in policy


def test_a_warm_pool_is_put_in_changed_and_taken_away() -> None:
    candidate = WARM.make([0.5, 0.5, 0.5, 0.0, 0.5], room(GROUP))
    first = patched(GROUPS, candidate)
    pool = first[first.index("  WarmPool:") : first.index("Outputs:")]
    assert "AutoScalingGroupName: !Ref Group" in pool
    assert "PoolState: Stopped" in pool
    assert "MaxGroupPreparedCapacity: 3" in pool
    larger = patched(first, WARM.make([0.5, 0.5, 0.5, 0.0, 1.0], room(GROUP)))
    assert larger.count("AWS::AutoScaling::WarmPool") == 1
    assert "MaxGroupPreparedCapacity: 5" in larger
    assert "WarmPool" not in patched(first, ON_CPU.make([0.5] * 4, room(GROUP)))


def test_policies_are_named_by_what_they_look_at() -> None:
    found = patched(GROUPS, ON_REQUESTS.make([0.5] * 4, room(GROUP)))
    assert "  RequestsPolicy:" in found
    assert "Invocations" not in found


def test_tasks_and_instances_of_another_size() -> None:
    candidate = ON_REQUESTS.make([0.5] * 4, room(SERVICE))
    tasks = patched(SERVICES, candidate, "Fargate 1 vCPU 2 GB")
    task = tasks[tasks.index("  Task:") : tasks.index("  Service:")]
    assert "Cpu: '1024'" in task or 'Cpu: "1024"' in task
    assert "Memory: '2048'" in task or 'Memory: "2048"' in task
    group = patched(GROUPS, ON_REQUESTS.make([0.5] * 4, room(GROUP)), "t3.medium")
    launch = group[group.index("  Launch:") : group.index("  Group:")]
    assert "InstanceType: t3.medium" in launch
