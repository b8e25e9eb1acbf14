"""What scales in a region, by the name of a stack, a group, an endpoint or a service.

It tells what the policies would do now, and what they have done.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from understudy.control.application_autoscaling.state import Activity, ScalableTarget
from understudy.control.autoscaling.state import Activity as GroupActivity
from understudy.control.autoscaling.state import Group
from understudy.control.explanation import (
    Explained,
    alarm_said,
    group_said,
    target_said,
)
from understudy.engine.region import Region


class ActivitySaid(Struct, frozen=True):
    """A scaling activity; ``ended`` is None while it goes on. ``reasons`` are not-scaled codes."""

    subject: str
    at: float
    ended: float | None
    status: str
    description: str
    cause: str
    message: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a name stands for."""

    groups: tuple[Group, ...]
    targets: tuple[ScalableTarget, ...]
    alarms: tuple[str, ...] = ()


def subjects(region: Region, name: str) -> Subjects:
    """What a name stands for; everything where it is empty. Raises KeyError for an unknown name."""
    groups = region.plane.groups.state.groups
    targets = region.plane.scaling.state.targets
    if not name:
        return Subjects(tuple(groups.values()), tuple(targets.values()))
    stack = region.stacks.state.names.get(name)
    if stack is not None:
        return _of_stack(region, stack)
    found = Subjects(
        tuple(group for group in groups.values() if group.name == name),
        tuple(target for target in targets.values() if _names(target, name)),
        tuple(each for each in region.plane.cloudwatch.state.alarms if each == name),
    )
    endpoints = region.plane.sagemaker.state.endpoints
    if not (found.groups or found.targets or found.alarms or name in endpoints):
        raise KeyError(name)
    return found


def _names(target: ScalableTarget, name: str) -> bool:
    """Whether a target is meant: by its resource id, or by a part of it."""
    return name == target.resource_id or name in target.resource_id.split("/")


def _of_stack(region: Region, stack_id: str) -> Subjects:
    resources = region.stacks.state.stacks[stack_id].resources.values()
    ids = {kind: [r.physical_id for r in resources if r.type == kind] for kind in _KINDS}
    groups = region.plane.groups.state.groups
    targets = region.plane.scaling.state.targets
    group_kind, target_kind, *alarm_kinds = _KINDS
    keys = ["|".join(each.split("|")[1::-1]) for each in ids[target_kind]]
    alarms = region.plane.cloudwatch.state.alarms
    return Subjects(
        tuple(groups[each] for each in ids[group_kind] if each in groups),
        tuple(targets[key] for key in keys if key in targets),
        tuple(each for kind in alarm_kinds for each in ids[kind] if each in alarms),
    )


_KINDS = (
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
)


def explain(region: Region, name: str, at: float) -> Explained:
    """What the policies of a stack, group, endpoint or service would do now, and why.

    Raises KeyError for an unknown name.
    """
    found = subjects(region, name)
    plane = region.plane
    said = [group_said(plane, group, at) for group in found.groups]
    said += [target_said(plane, target, at) for target in found.targets]
    shown = {alarm.name for each in said for policy in each.policies for alarm in policy.alarms}
    others = [alarm_said(plane, alarm, at) for alarm in found.alarms if alarm not in shown]
    return Explained(at, tuple(said), tuple(each for each in others if each is not None))


def activities(region: Region, name: str) -> tuple[ActivitySaid, ...]:
    """The scaling activities behind a name, oldest first. Raises KeyError for an unknown name."""
    found = subjects(region, name)
    said = [each for group in found.groups for each in _of_group(region, group)]
    said += [each for target in found.targets for each in _of_target(region, target)]
    return tuple(sorted(said, key=lambda each: each.at))


def _of_group(region: Region, group: Group) -> Iterable[ActivitySaid]:
    history = region.plane.groups.state.histories.get(group.name)
    settled: list[GroupActivity] = history.activities if history else []
    for each in (*settled, *group.in_progress.values()):
        yield ActivitySaid(
            group.name,
            each.started_at,
            each.ended_at,
            each.status,
            each.description,
            each.cause,
            each.message,
        )


def _of_target(region: Region, target: ScalableTarget) -> Iterable[ActivitySaid]:
    state = region.plane.scaling.state
    running = state.in_progress.get(target.key)
    each: Activity
    for each in (*state.activities.get(target.key, []), *([running] if running else [])):
        yield ActivitySaid(
            target.resource_id,
            each.start,
            each.end,
            each.status,
            each.description,
            each.cause,
            each.message,
            tuple(reason["Code"] for reason in each.not_scaled),
        )
