"""What scales something, what it would do now and why: for groups and for scalable targets.

The sentences come from the functions that decide; nothing is changed by asking.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from understudy.base.quantity import format_duration
from understudy.control.application_autoscaling.explain import explain as explain_target
from understudy.control.application_autoscaling.state import ScalableTarget
from understudy.control.autoscaling.capacity import capacity_of, in_service
from understudy.control.autoscaling.configuration import SIMPLE
from understudy.control.autoscaling.explain import explain as explain_group
from understudy.control.autoscaling.scaling import cooldown_of
from understudy.control.autoscaling.state import Group
from understudy.control.cloudwatch.standing import Standing, standing
from understudy.control.cloudwatch.state import AnyAlarm
from understudy.control.events import Params
from understudy.control.plane import Plane
from understudy.control.reasoning import Explanation
from understudy.control.signals import AlarmAction


class AlarmSaid(Struct, frozen=True):
    """An alarm: its state and for how long (seconds), what it compares, what it sees.

    ``says`` is what it makes a policy do, empty for an alarm without a policy.
    """

    name: str
    state: str
    lasts: float
    condition: str
    latest: tuple[float, ...]
    says: str
    problem: str


class PolicySaid(Struct, frozen=True):
    """A policy with its alarms; ``says`` is there where it has none."""

    name: str
    kind: str
    aim: str
    alarms: tuple[AlarmSaid, ...]
    says: str = ""


class SubjectSaid(Struct, frozen=True):
    """What is scaled: its capacity in words, what else holds now, its policies."""

    kind: str
    name: str
    capacity: str
    notes: tuple[str, ...]
    policies: tuple[PolicySaid, ...]


class Explained(Struct, frozen=True):
    """Everything that was asked for, at ``at``. ``alarms`` are those that belong to no policy."""

    at: float
    subjects: tuple[SubjectSaid, ...]
    alarms: tuple[AlarmSaid, ...] = ()


def alarm_said(plane: Plane, name: str, at: float) -> AlarmSaid | None:
    """How an alarm stands, None if there is none."""
    alarm = plane.cloudwatch.state.alarms.get(name)
    return _said(standing(plane.cloudwatch.books, alarm, at), at, "") if alarm else None


def _said(seen: Standing, at: float, says: str) -> AlarmSaid:
    alarm = seen.alarm
    lasts = at - alarm.transitioned_at
    return AlarmSaid(
        alarm.name, alarm.state, lasts, seen.condition, seen.values, says, seen.problem
    )


def group_said(plane: Plane, group: Group, at: float) -> SubjectSaid:
    """A group and what its policies would do."""
    seen = _standings(plane, (policy.arn for policy in group.policies.values()), at)
    told = explain_group(plane.groups, group.name, at, [action for action, _ in seen])
    capacity = capacity_of(group, at)
    serving = sum(each.weight for each in group.instances.values() if in_service(each))
    policies = tuple(
        PolicySaid(policy.name, policy.kind, _aim(policy.params), *_alarms(name, told, seen, at))
        for name, policy in sorted(group.policies.items())
    )
    return SubjectSaid(
        "Auto Scaling group",
        group.name,
        f"{group.desired} desired, {serving} in service, between {group.minimum} and "
        f"{group.maximum}",
        tuple(_group_notes(group, capacity.warming, capacity.terminating, at)),
        policies,
    )


def _group_notes(group: Group, warming: int, terminating: int, at: float) -> Iterable[str]:
    if warming:
        until = max((each.warm_at for each in group.instances.values()), default=at)
        left = f", for {format_duration(until - at)} more" if until > at else ""
        yield f"{warming} warming up{left}: scale-in waits."
    if terminating:
        yield f"{terminating} terminating."
    until = cooldown_of(group, at).until
    simple = any(policy.kind == SIMPLE for policy in group.policies.values())
    if simple and at < until < float("inf"):
        yield f"Simple scaling waits {format_duration(until - at)} for its cooldown."
    if group.suspended:
        yield f"Suspended: {', '.join(sorted(group.suspended))}."
    if group.predicted:
        yield f"Predicted for this hour: {group.predicted}."
    if group.refresh:
        yield f"Instance refresh {group.refresh.id} is {group.refresh.status}."
    due = [(each.due, name) for name, each in group.scheduled.items() if each.due is not None]
    if due:
        when, name = min(due)
        yield f"Scheduled action {name} runs in {format_duration(when - at)}."


def target_said(plane: Plane, target: ScalableTarget, at: float) -> SubjectSaid:
    """A scalable target and what its policies would do."""
    seen = _standings(plane, (policy.arn for policy in target.policies.values()), at)
    actions = [action for action, _ in seen]
    told = explain_target(plane.scaling, target.dimension, target.resource_id, at, actions)
    now = plane.scaling.capacity(target)
    shown = f"{now.desired} desired, {now.running} running" if now else "it does not exist"
    policies = tuple(
        PolicySaid(
            policy.name, policy.kind, _aim(policy.configuration), *_alarms(name, told, seen, at)
        )
        for name, policy in sorted(target.policies.items())
    )
    return SubjectSaid(
        target.dimension,
        target.resource_id,
        f"{shown}, between {target.minimum} and {target.maximum}",
        tuple(_target_notes(plane, target, at)),
        policies,
    )


def _target_notes(plane: Plane, target: ScalableTarget, at: float) -> Iterable[str]:
    running = plane.scaling.state.in_progress.get(target.key)
    if running is not None:
        since = format_duration(at - running.start)
        yield f"An activity is in progress since {since}: {running.description}"
    if at < target.scale_in_until < float("inf"):
        left = format_duration(target.scale_in_until - at)
        yield f"The scale-in cooldown lasts {left} more."
    for name, policy in sorted(target.policies.items()):
        if policy.grant is not None and at < policy.grant.until < float("inf"):
            left = format_duration(policy.grant.until - at)
            yield f"The scale-out cooldown of {name} lasts {left} more."
    parts = {
        "scale-in": target.suspended.scale_in,
        "scale-out": target.suspended.scale_out,
        "scheduled scaling": target.suspended.scheduled,
    }
    if suspended := [part for part, is_suspended in parts.items() if is_suspended]:
        yield f"Suspended: {', '.join(suspended)}."
    if target.predicted:
        yield f"Predicted for this hour: {target.predicted}."
    due = [(each.due, name) for name, each in target.scheduled.items() if each.due is not None]
    if due:
        when, name = min(due)
        yield f"Scheduled action {name} runs in {format_duration(when - at)}."


Seen = tuple[AlarmAction, Standing]


def _standings(plane: Plane, arns: Iterable[str], at: float) -> list[Seen]:
    """The alarms that name some policies, each as the action that it would invoke now."""
    wanted = set(arns)
    found: list[Seen] = []
    for alarm in plane.cloudwatch.state.alarms.values():
        actions = [*alarm.params["AlarmActions"], *alarm.params["OKActions"]]
        named = [each for each in actions if each.partition(":createdBy/")[0] in wanted]
        if named:
            seen = standing(plane.cloudwatch.books, alarm, at)
            found += [(_action(alarm, action, seen), seen) for action in dict.fromkeys(named)]
    return found


def _action(alarm: AnyAlarm, action: str, seen: Standing) -> AlarmAction:
    return AlarmAction(
        action,
        alarm.name,
        alarm.arn,
        alarm.state,
        alarm.state,
        alarm.reason,
        seen.values,
        alarm.params.get("Threshold"),
        alarm.params.get("ComparisonOperator", ""),
    )


def _alarms(
    policy: str, told: Sequence[Explanation], seen: Sequence[Seen], at: float
) -> tuple[tuple[AlarmSaid, ...], str]:
    """The alarms of a policy with what they make it do; or what it says without any."""
    own = [each for each in told if each.policy == policy]
    standings = {action.alarm_name: each for action, each in seen}
    alarms = tuple(
        _said(standings[each.alarm], at, each.sentence)
        for each in sorted(own, key=lambda each: each.alarm)
        if each.alarm
    )
    return alarms, "" if alarms else " ".join(each.sentence for each in own)


def _aim(params: Params) -> str:
    """What a policy is for, from its parameters or its configuration."""
    tracking: Params = params.get("TargetTrackingConfiguration", params)
    if "TargetValue" in tracking:
        predefined: Params = tracking.get("PredefinedMetricSpecification", {})
        custom: Params = tracking.get("CustomizedMetricSpecification", {})
        metric = predefined.get("PredefinedMetricType") or custom.get("MetricName") or "the maths"
        also = "; it never scales in" if tracking.get("DisableScaleIn") else ""
        return f"keep {metric} at {tracking['TargetValue']:g}{also}"
    if "StepAdjustments" in params:
        return ", ".join(
            _step(params["AdjustmentType"], each) for each in params["StepAdjustments"]
        )
    if "ScalingAdjustment" in params:
        return _amount(params["AdjustmentType"], params["ScalingAdjustment"])
    forecast: Params = params.get("PredictiveScalingConfiguration", params)
    return "forecast and scale" if forecast.get("Mode") == "ForecastAndScale" else "forecast only"


def _step(kind: str, step: Params) -> str:
    lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    low = "" if lower is None else f"{lower:+g}"
    high = "" if upper is None else f"{upper:+g}"
    return f"{_amount(kind, step['ScalingAdjustment'])} [{low}..{high}]"


def _amount(kind: str, adjustment: int) -> str:
    if kind == "ExactCapacity":
        return f"exactly {adjustment}"
    return f"{adjustment:+d}{'%' if kind.startswith('Percent') else ''}"
