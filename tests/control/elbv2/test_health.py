"""The life of a target, told in virtual time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.base.fault import Fault
from understudy.control.balancer import Balanced, Turned
from understudy.control.events import BalancersServed, EngineRestarted, SetBalancer, TargetsTurned
from understudy.testing.balancing import balancer, forward, group, health, listener, register, web
from understudy.testing.region import Region

A = "10.0.0.1"


def described(region: Region, arn: str, *addresses: str) -> list[dict[str, str]]:
    wanted = {"Targets": [{"Id": each} for each in addresses]} if addresses else {}
    answer = region.elbv2("DescribeTargetHealth", TargetGroupArn=arn, **wanted)
    return [each["TargetHealth"] for each in answer["TargetHealthDescriptions"]]


def turn(region: Region, arn: str, state: str, *why: str, address: str = A) -> None:
    region.report(TargetsTurned, turned=(Turned(arn, address, 8080, state, *why),))


def test_a_new_target_is_initial_then_healthy() -> None:
    region = Region()
    front = web(region)
    region.advance(10)
    register(region, front.group, A)
    assert described(region, front.group) == [
        {
            "State": "initial",
            "Reason": "Elb.RegistrationInProgress",
            "Description": "Target registration is in progress",
        }
    ]
    region.advance(1)
    assert health(region, front.group) == {A: "healthy"}
    assert described(region, front.group) == [{"State": "healthy"}]


def test_a_target_that_is_not_probed_yet_has_its_initial_health_checks() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, A)  # before the load balancer is active nobody probes
    region.report(EngineRestarted)
    turn(region, front.group, "initial")
    region.world.now += 5
    assert described(region, front.group) == [
        {
            "State": "initial",
            "Reason": "Elb.InitialHealthChecking",
            "Description": "Initial health checks in progress",
        }
    ]


def test_an_unhealthy_target_says_why() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, A)
    region.advance(5)
    why = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]")
    turn(region, front.group, "unhealthy", *why)
    assert described(region, front.group) == [
        {"State": "unhealthy", "Reason": why[0], "Description": why[1]}
    ]
    turn(region, front.group, "healthy")
    assert described(region, front.group) == [{"State": "healthy"}]


def test_an_instance_that_is_stopped_is_no_target_in_use() -> None:
    region = Region()
    front = web(region, TargetType="instance")
    launch = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}
    identity = region.call("ec2", "RunInstances", **launch)["Instances"][0]["InstanceId"]
    with pytest.raises(Fault, match=f"not in a running state and cannot be .*: '{identity}'$"):
        register(region, front.group, identity)
    region.advance(5)
    register(region, front.group, identity)
    region.advance(5)
    assert health(region, front.group) == {identity: "healthy"}
    region.call("ec2", "StopInstances", InstanceIds=[identity])
    region.advance(10)
    assert described(region, front.group) == [
        {
            "State": "unused",
            "Reason": "Target.InvalidState",
            "Description": "Target is in the stopped state",
        }
    ]


def test_a_target_of_a_group_that_nobody_uses_is_unused() -> None:
    region = Region()
    lonely = group(region)
    register(region, lonely, A)
    assert described(region, lonely) == [
        {
            "State": "unused",
            "Reason": "Target.NotInUse",
            "Description": (
                "Target group is not configured to receive traffic from the load balancer"
            ),
        }
    ]
    region.advance(60)
    listener(region, balancer(region), lonely)
    region.advance(5)
    assert health(region, lonely) == {A: "healthy"}


def test_a_target_in_a_zone_that_is_not_enabled_is_unused_and_not_probed() -> None:
    region = Region()
    front = web(region)
    target = {"Id": A, "AvailabilityZone": "us-east-1f"}
    region.elbv2("RegisterTargets", TargetGroupArn=front.group, Targets=[target])
    region.advance(60)
    assert described(region, front.group)[0]["Description"] == (
        "Target is in an Availability Zone that is not enabled for the load balancer"
    )
    assert region.commands(SetBalancer)[-1].balancer.groups[0].targets == ()


def test_a_target_that_was_never_registered() -> None:
    region = Region()
    front = web(region)
    assert described(region, front.group, A) == [
        {
            "State": "unused",
            "Reason": "Target.NotRegistered",
            "Description": "Target is not registered to the target group",
        }
    ]


def test_a_deregistered_target_drains_for_the_delay_and_is_gone() -> None:
    region = Region()
    front = web(region, {"deregistration_delay.timeout_seconds": "30"})
    register(region, front.group, A)
    region.advance(5)
    region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": A}])
    assert described(region, front.group) == [
        {
            "State": "draining",
            "Reason": "Target.DeregistrationInProgress",
            "Description": "Target deregistration is in progress",
        }
    ]
    assert region.commands(SetBalancer)[-1].balancer.groups[0].targets[0].draining
    region.advance(29.9)
    assert health(region, front.group) == {A: "draining"}
    region.advance(0.2)
    assert health(region, front.group) == {}
    assert region.commands(SetBalancer)[-1].balancer.groups[0].targets == ()


def test_draining_is_for_good_whatever_probes_say() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, A)
    region.advance(5)
    region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": A}])
    turn(region, front.group, "healthy")
    assert health(region, front.group) == {A: "draining"}


def test_a_target_that_is_registered_again_while_it_drains_starts_anew() -> None:
    region = Region()
    front = web(region, {"deregistration_delay.timeout_seconds": "30"})
    register(region, front.group, A)
    region.advance(5)
    region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": A}])
    region.advance(10)
    register(region, front.group, A)
    assert health(region, front.group) == {A: "initial"}
    region.advance(60)
    assert health(region, front.group) == {A: "healthy"}


def test_a_port_of_its_own_makes_another_target() -> None:
    region = Region()
    front = web(region)
    targets = [{"Id": A}, {"Id": A, "Port": 9090}]
    region.elbv2("RegisterTargets", TargetGroupArn=front.group, Targets=targets)
    region.advance(5)
    assert len(described(region, front.group)) == 2
    region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": A, "Port": 9090}])
    states = [each["State"] for each in described(region, front.group)]
    assert states == ["healthy", "draining"]


def test_health_checks_of_functions_are_off_unless_asked_for() -> None:
    region = Region()
    functions = group(
        region, TargetType="lambda", Protocol=None, Port=None, VpcId=None, Name="functions"
    )
    listener(region, balancer(region), functions)
    made = region.call("lambda", "CreateFunction", FunctionName="f", PackageType="Image", Role="r")
    name = made["FunctionArn"]
    with pytest.raises(Fault, match=f"permission to invoke {name} from target group {functions}"):
        region.elbv2("RegisterTargets", TargetGroupArn=functions, Targets=[{"Id": name}])
    region.call(
        "lambda", "AddPermission", FunctionName="f", StatementId="s", SourceArn=functions,
        Action="lambda:InvokeFunction", Principal="elasticloadbalancing.amazonaws.com",
    )  # fmt: skip
    region.elbv2("RegisterTargets", TargetGroupArn=functions, Targets=[{"Id": name}])
    assert described(region, functions)[0]["Reason"] == "Target.HealthCheckDisabled"
    with pytest.raises(Fault, match="TooManyTargets"):
        region.elbv2("RegisterTargets", TargetGroupArn=functions, Targets=[{"Id": f"{name}2"}])


def test_a_target_that_does_not_answer_soon_enough_is_unhealthy_first() -> None:
    """The stand-in's probes: an interval of 10 s, two failures, then three successes."""
    from understudy.control.stand_ins import StandInModel, StandIns, TaskModel
    from understudy.testing.tasks import launch_of

    world = StandIns(StandInModel(TaskModel(start=0.0, ready=25.0), first_probe=1.0))
    region = Region()
    front = web(
        region,
        HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=3,
        UnhealthyThresholdCount=2,
    )
    region.advance(1)
    register(region, front.group, A)
    world.perform(launch_of("t", address=A, port=8080), 0.0)
    events = world.perform(region.commands(SetBalancer)[-1], 0.0)
    turns = [(e.at, e.turned[0].state) for e in events if isinstance(e, TargetsTurned)]
    assert turns == [(11.0, "unhealthy"), (51.0, "healthy")]


def test_after_a_restart_everything_is_said_and_probed_again() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, A)
    region.advance(5)
    before = len(region.commands(SetBalancer))
    region.report(EngineRestarted)
    assert health(region, front.group) == {A: "initial"}
    assert len(region.commands(SetBalancer)) == before + 1
    assert region.restored()


def test_what_a_turn_changes_is_said_once() -> None:
    region = Region()
    front = web(region)
    region.advance(5)
    before = len(region.commands(SetBalancer))
    register(region, front.group, A, "10.0.0.2", "10.0.0.3")
    assert len(region.commands(SetBalancer)) == before + 1


def test_reports_of_what_is_gone_are_passed_over() -> None:
    region = Region()
    turn(region, "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/x/1", "healthy")
    served = Balanced("arn:x", "", "us-east-1a", int(region.now), {"HTTPCode_ELB_5XX_Count": 1.0})
    region.report(BalancersServed, served=(served,))
    assert region.elbv2("DescribeTargetGroups")["TargetGroups"] == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["register", "deregister", "healthy", "unhealthy", "wait", "detach"]),
        st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_no_target_gets_requests_while_it_drains(steps: list[tuple[str, str]]) -> None:
    """Whatever happens, the data plane never hears of a draining target but as draining."""
    region = Region()
    front = web(region, {"deregistration_delay.timeout_seconds": "20"})
    region.advance(1)
    draining: dict[str, float] = {}
    for step, address in steps:
        if step == "register":
            register(region, front.group, address)
            draining.pop(address, None)
        elif step == "deregister":
            if health(region, front.group).get(address, "draining") != "draining":
                draining[address] = region.now + 20
            region.elbv2("DeregisterTargets", TargetGroupArn=front.group, Targets=[{"Id": address}])
        elif step == "wait":
            region.advance(7)
        elif step == "detach":
            region.elbv2(
                "ModifyListener", ListenerArn=front.listener, DefaultActions=forward(front.group)
            )
        else:
            turn(region, front.group, step, address=address)
        draining = {each: until for each, until in draining.items() if until > region.now}
        told = {
            each.id: each for each in region.commands(SetBalancer)[-1].balancer.groups[0].targets
        }
        shown = health(region, front.group)
        assert {each for each, target in told.items() if target.draining} == set(draining)
        assert {each for each, state in shown.items() if state == "draining"} == set(draining)
        assert set(told) == set(shown)
