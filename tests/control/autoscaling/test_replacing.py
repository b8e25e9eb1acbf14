"""Health, lifetimes, zones, spot signals and shortages: what a group replaces, and how."""

from collections.abc import Callable

import pytest

from understudy.base.arn import DEFAULT_REGION
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.autoscaling.state import Instance
from understudy.control.events import EngineRestarted, InstanceFailed, Launch, SpotNoticed
from understudy.control.turn import Turn
from understudy.testing.group_story import GroupStory


class Balancer:
    """A load balancer: who is registered, who is sick, and how long it takes to drain."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.registered: list[str] = []
        self.sick: set[str] = set()

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        self.registered.append(instance_id)

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        if instance_id in self.registered:
            self.registered.remove(instance_id)
        return self.seconds

    def healthy(self, source: str, instance_id: str) -> bool:
        return instance_id not in self.sick


def lose(story: GroupStory, instance: Instance) -> None:
    story.tell(InstanceFailed(story.at, DEFAULT_REGION, instance.id, "terminated"))


def test_a_lost_instance_is_replaced_at_once(story: GroupStory) -> None:
    story.create(2, 4)
    story.run(60)
    lost = story.instances()[0]
    lose(story, lost)
    assert story.states() == ["InService", "Pending", "Terminating"]
    story.run(1)
    launch, termination = sorted(story.activities()[:2], key=lambda each: each["Description"])
    assert launch["Cause"] == (
        "At 2026-05-28T20:28:00Z an instance was launched in response to an unhealthy instance "
        "needing to be replaced."
    )
    assert termination["Description"] == f"Terminating EC2 instance: {lost.id}"
    assert termination["Cause"] == (
        "At 2026-05-28T20:28:00Z an instance was taken out of service in response to an EC2 health "
        "check indicating it has been terminated or stopped."
    )
    assert story.states() == ["InService", "InService"]


def test_an_instance_set_unhealthy_is_replaced(story: GroupStory) -> None:
    story.create(2, 4)
    (identity,) = story.ids()
    story.call("SetInstanceHealth", InstanceId=identity, HealthStatus="Unhealthy")
    story.run(1)
    assert identity not in [each.id for each in story.instances()]
    assert "in response to a user health-check." in story.activities()[1]["Cause"]


def test_the_grace_period_is_respected_unless_told_otherwise(story: GroupStory) -> None:
    story.create(1, 4, HealthCheckGracePeriod=300)
    (identity,) = story.ids()
    story.call("SetInstanceHealth", InstanceId=identity, HealthStatus="Unhealthy")
    assert story.instances()[0].healthy
    story.call(
        "SetInstanceHealth",
        InstanceId=identity,
        HealthStatus="Unhealthy",
        ShouldRespectGracePeriod=False,
    )
    assert not story.instances()[0].healthy


@pytest.mark.parametrize(("desired", "batch"), [(5, 1), (20, 2), (40, 4)])
def test_unhealthy_instances_go_a_tenth_at_a_time(
    story: GroupStory, desired: int, batch: int
) -> None:
    story.create(desired, 50, DefaultInstanceWarmup=120)
    story.run(300)
    for identity in story.ids(desired):
        story.call("SetInstanceHealth", InstanceId=identity, HealthStatus="Unhealthy")
    story.run(1)
    assert sum(each.healthy for each in story.instances()) == batch
    story.run(118)
    assert sum(each.healthy for each in story.instances()) == batch
    story.run(2)
    assert sum(each.healthy for each in story.instances()) == 2 * batch


def test_a_maintenance_policy_launches_first(story: GroupStory) -> None:
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    story.create(4, 6, InstanceMaintenancePolicy=policy)
    story.of("PutLifecycleHook", LifecycleHookName="h", LifecycleTransition=LAUNCHING)
    for identity in story.ids(4):
        story.call("SetInstanceHealth", InstanceId=identity, HealthStatus="Unhealthy")
    story.run(1)
    assert story.states() == ["InService"] * 4 + ["Pending:Wait"] * 2
    for each in story.instances("Pending:Wait"):
        complete(story, each)
    story.run(1)
    assert story.states() == ["InService"] * 4 + ["Pending:Wait"] * 2
    assert sum(each.healthy for each in story.instances("InService")) == 2


LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"


def complete(story: GroupStory, instance: Instance) -> None:
    story.of(
        "CompleteLifecycleAction",
        LifecycleHookName="h",
        LifecycleActionResult="CONTINUE",
        InstanceId=instance.id,
    )


def test_load_balancers_find_sick_instances_after_the_grace_period() -> None:
    balancer = Balancer()
    story = GroupStory(balancing=balancer)
    story.create(2, 4, TargetGroupARNs=["tg"], HealthCheckType="ELB", HealthCheckGracePeriod=120)
    sick = story.ids()[0]
    balancer.sick.add(sick)
    story.run(119)
    assert sick in [each.id for each in story.instances()]
    story.run(31)
    assert sick not in [each.id for each in story.instances()]
    assert "in response to an ELB system health check failure." in story.activities()[1]["Cause"]
    assert sorted(balancer.registered) == sorted(each.id for each in story.instances())


def test_termination_waits_for_draining() -> None:
    # Recorded: about 300 s of draining, then some 45 s (asg-godbolt-elb: 304.5 s; jp: 345 s).
    balancer = Balancer(300.0)
    story = GroupStory(config=GroupConfig(termination_delay=45.0), balancing=balancer)
    story.create(0, 4, 1, TargetGroupARNs=["tg"])
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(299)
    (activity, _) = story.activities()
    assert activity["StatusCode"] == "WaitingForELBConnectionDraining"
    assert activity["Description"].endswith(" - Waiting For ELB Connection Draining.")
    story.run(46)
    (activity, _) = story.activities()
    assert activity["StatusCode"] == "Successful"
    assert not activity["Description"].endswith("Draining.")
    assert activity["EndTime"] - activity["StartTime"] == 345


@pytest.mark.parametrize(
    ("suspended", "left"),
    [
        pytest.param("ReplaceUnhealthy", ["InService"], id="nothing is replaced"),
        pytest.param("HealthCheck", ["InService"], id="nothing is found unhealthy"),
        pytest.param("Terminate", ["InService"], id="nothing is terminated"),
        pytest.param("Launch", [], id="nothing is launched"),
    ],
)
def test_suspended_processes(story: GroupStory, suspended: str, left: list[str]) -> None:
    story.create(1, 4)
    story.of("SuspendProcesses", ScalingProcesses=[suspended])
    lose(story, story.instances()[0])
    story.run(120)
    assert story.states() == left
    story.of("ResumeProcesses", ScalingProcesses=[suspended])
    story.run(120)
    assert len(story.instances("InService")) == 1


def test_old_instances_are_replaced_one_at_a_time(story: GroupStory) -> None:
    day = 86400
    story.create(3, 6, MaxInstanceLifetime=day, DefaultInstanceWarmup=600)
    first = {each.id for each in story.instances()}
    story.run(day)
    assert len(first & {each.id for each in story.instances("InService")}) == 2
    story.run(599)
    assert len(first & {each.id for each in story.instances("InService")}) == 2
    story.run(1)
    assert len(first & {each.id for each in story.instances("InService")}) == 1
    story.run(1800)
    assert not first & {each.id for each in story.instances()}


def test_zones_are_balanced_again_launching_first(story: GroupStory) -> None:
    story.create(4, 8)
    away = [each.id for each in story.instances() if each.zone == "us-east-1a"]
    story.of("SuspendProcesses", ScalingProcesses=["AZRebalance"])
    story.refuse = lambda launch: (
        None if zone_of(story, launch) == "us-east-1b" else "InsufficientInstanceCapacity"
    )
    for identity in away:
        lose(story, story.group.instances[identity])
    story.run(30)
    assert zones(story) == {"us-east-1b": 4}
    story.refuse = lambda launch: None
    story.run(120)
    most = 0
    story.of("ResumeProcesses", ScalingProcesses=["AZRebalance"])
    for _ in range(60):
        story.run(1)
        most = max(most, len(story.instances()))
    assert zones(story) == {"us-east-1a": 2, "us-east-1b": 2}
    assert most <= 5
    causes = [each["Cause"] for each in story.activities()]
    assert any(
        "An instance was launched to aid in balancing the group's zones." in c for c in causes
    )
    assert any("resulting in more than desired number of instances" in cause for cause in causes)


def zone_of(story: GroupStory, launch: Launch) -> str:
    return story.group.instances[launch.instance_id].zone


def zones(story: GroupStory) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in story.instances("InService"):
        found[each.zone] = found.get(each.zone, 0) + 1
    return found


def test_a_shortage_in_one_zone_is_evaded(story: GroupStory) -> None:
    story.refuse = lambda launch: (
        "InsufficientInstanceCapacity" if zone_of(story, launch) == "us-east-1a" else None
    )
    story.create(2, 4)
    story.run(5)
    assert zones(story) == {"us-east-1b": 2}
    failed = [each for each in story.activities() if each["StatusCode"] == "Failed"]
    text = (
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not "
        "have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). "
        "Our system will be working on provisioning additional capacity. You can currently get "
        "t3.micro capacity by not specifying an Availability Zone in your request or choosing "
        "us-east-1b. Launching EC2 instance failed."
    )
    assert failed[0]["StatusMessage"] == text
    assert failed[0]["Description"] == f"Launching a new EC2 instance.  Status Reason: {text}"


def test_a_balanced_only_group_keeps_trying(story: GroupStory) -> None:
    story.refuse = lambda launch: (
        "InsufficientInstanceCapacity" if zone_of(story, launch) == "us-east-1a" else None
    )
    spread = {"CapacityDistributionStrategy": "balanced-only"}
    story.create(2, 4, AvailabilityZoneDistribution=spread)
    story.run(100)
    assert zones(story) == {"us-east-1b": 1}
    story.refuse = lambda launch: None
    story.run(300)
    assert zones(story) == {"us-east-1a": 1, "us-east-1b": 1}


def test_a_shortage_everywhere_is_waited_out(story: GroupStory) -> None:
    story.refuse = lambda launch: "InsufficientInstanceCapacity"
    story.create(2, 4)
    story.run(3600)
    attempts = len(story.launched)
    assert story.states() == []
    assert 4 < attempts < 60
    story.refuse = lambda launch: None
    story.run(900)
    assert story.states() == ["InService", "InService"]


@pytest.mark.parametrize(
    ("reason", "status", "message"),
    [
        pytest.param(
            "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU "
            "limit of 0 allows for the instance bucket that the specified instance type belongs "
            "to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an "
            "adjustment to this limit.",
            "Failed",
            "Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more "
            "vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that "
            "the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. "
            "Launching EC2 instance failed.",
            id="EC2 refuses",
        ),
        pytest.param(
            "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
            "Cancelled",
            "Instance became unhealthy while waiting for instance to be in InService state. "
            "Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an "
            "incorrect state",
            id="the instance does not come up",
        ),
    ],
)
def test_the_texts_of_launches_that_fail(
    story: GroupStory, reason: str, status: str, message: str
) -> None:
    story.refuse = lambda launch: reason
    story.create(1, 4)
    (activity, *_) = story.activities()
    assert (activity["StatusCode"], activity["StatusMessage"]) == (status, message)
    story.run(59)
    assert len(story.launched) == 1
    story.run(1)
    assert len(story.launched) == 2


def mixed(story: GroupStory, **more: object) -> None:
    story.create(
        2,
        4,
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": story.template(),
                "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "c5.large"}],
            },
            "InstancesDistribution": {
                "OnDemandPercentageAboveBaseCapacity": 0,
                "SpotAllocationStrategy": "capacity-optimized",
            },
        },
        **more,
    )


def notice(story: GroupStory, instance: Instance, kind: str) -> None:
    story.tell(SpotNoticed(story.at, DEFAULT_REGION, instance.id, kind))  # pyright: ignore


def test_an_interrupted_spot_instance_is_replaced(story: GroupStory) -> None:
    mixed(story)
    first = story.instances()[0]
    notice(story, first, "interruption")
    story.run(1)
    assert first.id not in [each.id for each in story.instances()]
    assert len(story.instances("InService")) == 2


@pytest.mark.parametrize("rebalances", [True, False])
def test_capacity_rebalancing_launches_first(story: GroupStory, rebalances: bool) -> None:
    mixed(story, CapacityRebalance=rebalances)
    story.of("PutLifecycleHook", LifecycleHookName="h", LifecycleTransition=LAUNCHING)
    first = story.instances()[0]
    notice(story, first, "rebalance-recommendation")
    story.run(1)
    assert len(story.instances("InService")) == 2
    assert len(story.instances("Pending:Wait")) == (1 if rebalances else 0)
    for each in story.instances("Pending:Wait"):
        complete(story, each)
    story.run(1)
    assert (first.id in [each.id for each in story.instances()]) != rebalances


def test_rebalancing_waits_if_only_the_same_pool_is_left(story: GroupStory) -> None:
    spot = {"InstanceMarketOptions": {"MarketType": "spot"}}
    story.create(
        1,
        4,
        CapacityRebalance=True,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate=story.template("spot", **spot),
    )
    notice(story, story.instances()[0], "rebalance-recommendation")
    story.run(1)
    assert story.states() == ["InService"]


SETTERS: list[Callable[[GroupStory], None]] = [
    lambda story: lose(story, story.instances()[0]),
    lambda story: notice(story, story.instances()[0], "interruption"),
]


@pytest.mark.parametrize("happen", SETTERS, ids=["lost", "interrupted"])
def test_a_restart_asks_the_world_again(happen: Callable[[GroupStory], None]) -> None:
    story = GroupStory()
    mixed(story)
    story.silent = True
    happen(story)
    story.restart()
    story.silent = False
    story.tell(EngineRestarted(story.at, DEFAULT_REGION))
    story.run(1)
    assert story.states() == ["InService", "InService"]
