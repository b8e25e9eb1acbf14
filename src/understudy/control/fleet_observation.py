"""What can be seen of a group or a service: its capacity, what scaled it, its alarms, its usage."""

import re
from collections.abc import Iterable, Iterator

from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.control.autoscaling.causes import REPLACED
from understudy.control.autoscaling.state import Activity, Group
from understudy.control.ecs.scheduler import DIMENSION
from understudy.control.ecs.state import Service
from understudy.control.fleets import FleetRecord, usage
from understudy.control.observation import activity_record, policies_of, transition
from understudy.control.outcome import ActivityRecord, CapacityPoint, FailureRecord
from understudy.control.plane import Plane
from understudy.control.views import AlarmState, Observation
from understudy.pricing.fargate import size_name
from understudy.pricing.meter import Usage

CHANGED = re.compile(
    r"At \S+ (?P<why>[^.]+?) changing the desired capacity from (?P<before>\d+) to (?P<after>\d+)"
)
ASKED = re.compile(rf"{STAND_IN_VARIABLE}=(['\"]?)(?P<time>.+?)\1\s*$", re.MULTILINE)
"""How a shell script asks for a stand-in: ``UNDERSTUDY_STAND_IN='lognormal(...)'``."""
INTERRUPTED = re.compile(
    f"an instance was taken out of service in response to {REPLACED['interruption']}"
)
REFUSED = "unable to place a task"
GROUP, SERVICE = "autoScalingGroup/", "service/"


def observe_fleet(plane: Plane, resource: str, since: float, at: float) -> Observation:
    """What can be seen of ``autoScalingGroup/NAME`` or ``service/CLUSTER/NAME``.

    Raises KeyError where there is no such fleet.
    """
    record = plane.fleets[resource]
    if resource.startswith(GROUP):
        group = plane.groups.state.groups[resource.removeprefix(GROUP)]
        bounds, kind = (group.minimum, group.maximum), _type_of(record)
        policies = tuple(f"{each.kind} {each.name}" for each in group.policies.values())
        stand_in = _stand_in_of_group(plane, group)
        activities = tuple(_changes(_activities(plane, group), since))
        failures = _failures_of_group(_activities(plane, group), since)
    else:
        service = plane.ecs.state.services[resource.removeprefix(SERVICE)]
        key = f"{DIMENSION}|{resource}"
        target = plane.scaling.state.targets.get(key)
        bounds = (target.minimum, target.maximum) if target else (service.desired, service.desired)
        kind, policies = _size_of(plane, service), policies_of(target)
        stand_in = _stand_in_of_service(plane, service)
        activities = tuple(
            activity_record(each)
            for each in plane.scaling.state.activities.get(key, [])
            if each.start >= since and not each.not_scaled
        )
        failures = told_once(
            (each.at, each.message) for each in service.events if REFUSED in each.message
        )
    alarms = {
        name: alarm
        for name, alarm in plane.cloudwatch.state.alarms.items()
        if any(resource.removeprefix(GROUP) in each for each in _actions(alarm.params))
    }
    return Observation(
        at=at,
        endpoint="",
        variant="",
        status="InService",
        instance_type=kind,
        stand_in=stand_in,
        minimum=bounds[0],
        maximum=bounds[1],
        policies=policies,
        capacity=_points(record, since),
        activities=activities,
        transitions=tuple(
            transition(item)
            for item in plane.cloudwatch.state.history
            if item.item_type == "StateUpdate" and item.at >= since and item.alarm in alarms
        ),
        alarms=tuple(
            AlarmState(alarm.name, alarm.state, alarm.state_updated_at) for alarm in alarms.values()
        ),
        usage=_usage(record, since, at),
        resource=resource,
        failures=tuple(each for each in failures if each.at >= since),
    )


def _failures_of_group(activities: Iterable[Activity], since: float) -> tuple[FailureRecord, ...]:
    """Why a group's activities failed, and what spot capacity was taken back, each text once."""
    ordered = sorted(activities, key=lambda each: each.started_at)
    texts = ((each.started_at, _failure(each)) for each in ordered if each.started_at >= since)
    return told_once((at, text) for at, text in texts if text)


def _failure(activity: Activity) -> str:
    if activity.status == "Failed":
        return activity.message
    taken = INTERRUPTED.search(activity.cause)
    return taken[0] if taken else ""


def told_once(texts: Iterable[tuple[float, str]]) -> tuple[FailureRecord, ...]:
    """Each text with when it came first and how often.

    >>> told_once([(1.0, "a"), (2.0, "b"), (3.0, "a")])[0]
    FailureRecord(at=1.0, text='a', times=2)
    """
    found: dict[str, FailureRecord] = {}
    for at, text in texts:
        before = found.get(text, FailureRecord(at, text, 0))
        found[text] = FailureRecord(before.at, text, before.times + 1)
    return tuple(found.values())


def _actions(params: dict[str, list[str]]) -> list[str]:
    names = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return [action for name in names for action in params.get(name, [])]


def _type_of(record: FleetRecord) -> str:
    kinds = [each.kind for each in record.members.values() if each.kind]
    return kinds[-1] if kinds else record.ended[-1].instance_type if record.ended else ""


def _stand_in_of_service(plane: Plane, service: Service) -> str:
    """The service time that a container of a service's tasks asks for, empty if none does."""
    name = service.revisions[service.primary.revision].params["taskDefinition"].rpartition("/")[2]
    containers = plane.ecs.state.definitions[name].params["containerDefinitions"]
    for container in containers:
        for each in container["environment"]:
            if each["name"] == STAND_IN_VARIABLE:
                return each["value"]
    return ""


def _stand_in_of_group(plane: Plane, group: Group) -> str:
    """The service time that the user data of a group's instances asks for, empty if none."""
    for instance in group.instances.values():
        found = ASKED.search(plane.hosts.user_data(instance.id))
        if found is not None:
            return found["time"]
    return ""


def _size_of(plane: Plane, service: Service) -> str:
    """The size of a service's tasks, by its latest deployment."""
    name = service.revisions[service.primary.revision].params["taskDefinition"].rpartition("/")[2]
    definition = plane.ecs.state.definitions[name]
    sizes = definition.params.get("cpu"), definition.params.get("memory")
    return size_name(int(sizes[0] or 0), int(sizes[1] or 0)) if all(sizes) else name


def _points(record: FleetRecord, since: float) -> tuple[CapacityPoint, ...]:
    """The capacity at ``since`` and every change after it."""
    before = [each for each in record.points if each.at <= since][-1:]
    first = [
        CapacityPoint(since, e.desired, e.in_service, e.pending, e.terminating) for e in before
    ]
    return (*first, *(each for each in record.points if each.at > since))


def _usage(record: FleetRecord, since: float, at: float) -> tuple[Usage, ...]:
    running = (usage(each, at) for each in record.members.values() if each.kind)
    return (*(each for each in record.ended if each.end >= since), *running)


def _changes(activities: Iterable[Activity], since: float) -> Iterator[ActivityRecord]:
    """Each change of a group's desired capacity, from the causes of its activities."""
    seen: set[str] = set()
    for activity in sorted(activities, key=lambda each: each.started_at):
        for found in CHANGED.finditer(activity.cause):
            if activity.started_at < since or found[0] in seen:
                continue
            seen.add(found[0])
            yield ActivityRecord(
                activity.started_at,
                activity.ended_at,
                int(found["before"]),
                int(found["after"]),
                found["why"],
                activity.status,
                activity.description,
                activity.message,
            )


def _activities(plane: Plane, group: Group) -> list[Activity]:
    """The activities of a group, those in progress included."""
    settled = plane.groups.state.histories.get(group.name)
    return [*(settled.activities if settled else ()), *group.in_progress.values()]
