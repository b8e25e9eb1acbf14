"""What scales the thing that a recommendation is for, as it is deployed."""

from dataclasses import dataclass

from understudy.control.application_autoscaling.dimensions import TRACKING
from understudy.control.application_autoscaling.state import target_key
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.ecs.scheduler import DIMENSION
from understudy.control.fleet_observation import GROUP, SERVICE
from understudy.control.plane import Plane
from understudy.control.subjects import subject_of
from understudy.recommend import terms
from understudy.recommend.terms import Terms
from understudy.sim.candidate import Action, Candidate, Policy, candidate_of, scaled_by

WARM_UP = "EstimatedInstanceWarmup"


@dataclass(frozen=True, slots=True)
class Scaled:
    """What gets the traffic of a template: how AWS calls what scales it, and what does so now."""

    terms: Terms
    candidate: Candidate


def scaled(plane: Plane) -> Scaled:
    """What gets the traffic of a deployed template. Raises NoSubject where nothing does."""
    resource = subject_of(plane).resource
    if resource.startswith(SERVICE):
        service = plane.ecs.state.services[resource.removeprefix(SERVICE)]
        key = target_key(DIMENSION, resource)
        return Scaled(terms.SERVICE, scaled_by(plane, key, service.desired))
    if resource.startswith(GROUP):
        group = plane.groups.state.groups[resource.removeprefix(GROUP)]
        return Scaled(terms.GROUP, _of_group(plane, group))
    _, endpoint, _, variant = resource.split("/")
    return Scaled(terms.VARIANT, candidate_of(plane, endpoint, variant))


def _of_group(plane: Plane, group: Group) -> Candidate:
    actions = tuple(
        Action(each.name, each.recurrence, each.minimum, each.maximum, each.zone)
        for each in group.scheduled.values()
    )
    policies = tuple(_policy(plane, each) for each in group.policies.values())
    return Candidate(group.minimum, group.maximum, group.desired, policies, actions)


def _policy(plane: Plane, policy: ScalingPolicy) -> Policy:
    """A group's policy, its configuration as target tracking and steps have it elsewhere."""
    settings = policy.params
    if policy.kind == TRACKING:
        tracked = settings["TargetTrackingConfiguration"]
        return Policy(policy.name, policy.kind, tracked | {WARM_UP: settings.get(WARM_UP)})
    alarms = tuple(
        each.params
        for each in plane.cloudwatch.state.alarms.values()
        if isinstance(each, MetricAlarm) and policy.arn in each.params["AlarmActions"]
    )
    return Policy(policy.name, policy.kind, settings, alarms)
