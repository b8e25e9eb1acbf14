"""What scales an Auto Scaling group, in a template."""

from understudy.control.application_autoscaling.dimensions import TRACKING
from understudy.control.events import Params
from understudy.recommend.document import Document, camel, name_of, put, update
from understudy.recommend.patch_policies import Style, of_targets, put_policies
from understudy.recommend.terms import PREDICTIVE
from understudy.sim.candidate import Action, Candidate, Policy

GROUP, LAUNCH = "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate"
POLICY, ACTION = "AWS::AutoScaling::ScalingPolicy", "AWS::AutoScaling::ScheduledAction"
OWNER = "AutoScalingGroupName"
TRACKED = "TargetTrackingConfiguration"
PREDICTS, POOL = "PredictiveScalingConfiguration", "AWS::AutoScaling::WarmPool"
WARM_UP = "EstimatedInstanceWarmup"


def of_group(document: Document, candidate: Candidate) -> None:
    """Put a candidate into the template's one group. Raises NotPatchable."""
    name = document.only(GROUP)
    group = document.properties(name)
    put(group, "MinSize", str(candidate.minimum))
    put(group, "MaxSize", str(candidate.maximum))
    group.pop("DesiredCapacity", None)
    _schedule(document, candidate, name)
    _warm_pool(document, candidate, name)
    style = Style(POLICY, OWNER, TRACKED, PREDICTS, _written, lambda: of_targets(document))
    put_policies(document, candidate, name, style)


def _schedule(document: Document, candidate: Candidate, group: str) -> None:
    """Replace the group's scheduled actions by the candidate's."""
    for name in document.all(ACTION):
        if name_of(document.properties(name).get(OWNER)) == group:
            del document.resources[name]
    for each in candidate.actions:
        bounds = {"MinSize": each.minimum, "MaxSize": each.maximum}
        given = {
            OWNER: document.reference(group),
            "Recurrence": recurrence(each),
            **{key: bound for key, bound in bounds.items() if bound is not None},
        }
        document.add(f"At{camel(each.name)}", ACTION, given)


def recurrence(action: Action) -> str:
    """The schedule as a group has it: five Unix fields.

    >>> recurrence(Action("a", "cron(30 7 ? * MON-FRI *)"))
    '30 7 * * MON-FRI'
    """
    minute, hour, _, month, days, _ = action.schedule.removeprefix("cron(").rstrip(")").split()
    return f"{minute} {hour} * {month} {days}"


def _warm_pool(document: Document, candidate: Candidate, group: str) -> None:
    """Put in the candidate's warm pool, in place of the group's own, or take that away."""
    there = [
        name
        for name in document.all(POOL)
        if name_of(document.properties(name).get(OWNER)) == group
    ]
    if candidate.warm is None:
        document.drop(set(there), set())
        return
    pool = candidate.warm
    sizes = {"MaxGroupPreparedCapacity": pool.prepared, "MinSize": pool.minimum or None}
    given: Params = {
        "PoolState": pool.state,
        **{key: each for key, each in sizes.items() if each is not None},
        "InstanceReusePolicy": {"ReuseOnScaleIn": pool.reuse},
    }
    if there:
        update(document.properties(there[0]), given)
    else:
        document.add("WarmPool", POOL, {OWNER: document.reference(group), **given})


def _written(policy: Policy) -> Params:
    settings = policy.configuration
    if policy.kind == PREDICTIVE:
        return {PREDICTS: settings}
    if policy.kind != TRACKING:
        return settings
    warm_up = {WARM_UP: settings[WARM_UP]}
    return {TRACKED: {key: each for key, each in settings.items() if key != WARM_UP}} | warm_up
