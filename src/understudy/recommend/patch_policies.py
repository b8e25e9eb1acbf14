"""Putting a candidate's policies and their alarms into a template."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.control.application_autoscaling.dimensions import TRACKING
from understudy.control.events import Params
from understudy.recommend.document import ALARM, Document, camel, name_of, plain, update
from understudy.recommend.terms import PREDICTIVE, SERVICE
from understudy.sim.candidate import Candidate, Policy

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"


@dataclass(frozen=True, slots=True)
class Style:
    """How policies of a kind are written.

    ``kind`` is their resource type, ``owner`` the property that names what they scale, ``tracked``
    the property with a target tracking configuration, ``predicts`` that of predictive scaling.
    ``written`` gives their other properties but
    the name, ``dimensions`` the values of their alarms' dimensions by name.
    """

    kind: str
    owner: str
    tracked: str
    predicts: str
    written: Callable[[Policy], Params]
    dimensions: Callable[[], Mapping[str, Any]]
    named: bool = False


def put_policies(document: Document, candidate: Candidate, owner: str, style: Style) -> None:
    """Put in the policies, those that are there changed in place; take away all others."""
    mine = [
        name
        for name in document.all(style.kind)
        if name_of(document.properties(name).get(style.owner)) == owner
    ]
    left, kept = list(mine), set[str]()
    for policy in candidate.policies:
        values = plain(style.written(policy))
        name = _same(document, left, policy, style)
        if name is None:
            name = _added(document, policy, owner, values, style)
        else:
            left.remove(name)
            update(document.properties(name), values)
        kept.add(name)
        kept |= {
            _alarm(document, alarm, policy, name, index, style)
            for index, alarm in enumerate(policy.alarms)
        }
    document.drop(set(mine) - kept, kept)


def _same(document: Document, there: list[str], policy: Policy, style: Style) -> str | None:
    """A policy that tracks the same metric, which can be changed in place."""
    if policy.kind != TRACKING:
        return None
    for name in there:
        own = document.properties(name).get(style.tracked, {})
        if _metric(own) == _metric(policy.configuration):
            return name
    return None


def tracks(policy: Policy, metric: str) -> bool:
    """Whether a policy tracks a predefined metric."""
    return _metric(policy.configuration) == metric


def _metric(configuration: Any) -> str:
    return configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")


def _added(document: Document, policy: Policy, owner: str, values: Params, style: Style) -> str:
    names = {"PolicyName": policy.name} if style.named else {}
    if tracks(policy, SERVICE.requests):
        values[style.tracked]["PredefinedMetricSpecification"] |= _label(document)
    if policy.kind == PREDICTIVE:
        (each,) = values[style.predicts]["MetricSpecifications"]
        each["PredefinedMetricPairSpecification"] |= _label(document)
    given = {**names, "PolicyType": policy.kind, style.owner: document.reference(owner), **values}
    return document.add(f"{camel(policy.name)}Policy", style.kind, given)


def _label(document: Document) -> Params:
    """What says of which load balancer and target group requests are counted."""
    label = document.substituted(
        f"${{{document.only(BALANCER)}.LoadBalancerFullName}}/"
        f"${{{document.only(TARGETS)}.TargetGroupFullName}}"
    )
    return {"ResourceLabel": label}


def _alarm(
    document: Document, alarm: Params, policy: Policy, name: str, index: int, style: Style
) -> str:
    """Add an alarm that invokes a policy; its logical id."""
    values = style.dimensions()
    dimensions = [
        {"Name": each["Name"], "Value": values[each["Name"]]} for each in alarm["Dimensions"]
    ]
    given = {
        **plain({key: value for key, value in alarm.items() if key != "Dimensions"}),
        "Dimensions": dimensions,
        "AlarmActions": [document.reference(name)],
    }
    return document.add(f"{camel(policy.name)}Alarm{index or ''}", ALARM, given)


def of_targets(document: Document) -> Mapping[str, Any]:
    """The dimension of alarms on the requests that each target gets."""
    return {"TargetGroup": document.attribute(document.only(TARGETS), "TargetGroupFullName")}
