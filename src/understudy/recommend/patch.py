"""The template with another policy: the user's own YAML with its comments and order, or JSON."""

import io
import json
from collections.abc import Mapping
from difflib import unified_diff
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar

from understudy.cloudformation.value import is_list, is_map
from understudy.control.application_autoscaling.dimensions import STEP
from understudy.control.events import Params
from understudy.sim.candidate import Candidate, Policy

ENDPOINT, CONFIG = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"
MEMBERS: Mapping[str, str] = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}


class NotPatchable(ValueError):  # noqa: N818 - it says what the template lacks
    """The template has no place for a policy, in words."""


def patched(text: str, candidate: Candidate, instance_type: str = "") -> str:
    """The template text with the candidate's bounds, policies, alarms and schedule.

    What need not change stays as it was written. An ``instance_type`` is set too, if one is given.
    Raises NotPatchable.
    """
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        _patch(document, candidate, instance_type, is_json=True)
        return json.dumps(document, indent=2) + "\n"
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    _indent_like(yaml, text)
    document: Any = yaml.load(text)  # pyright: ignore[reportUnknownMemberType]
    _patch(document, candidate, instance_type, is_json=False)
    out = io.StringIO()
    yaml.dump(document, out)  # pyright: ignore[reportUnknownMemberType]
    return out.getvalue()


def difference(before: str, after: str, name: str) -> str:
    """What a patch changes, as a unified diff."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(unified_diff(old, new, name, f"{name} (new)", n=2))


def _indent_like(yaml: YAML, text: str) -> None:
    """Indent lists as the text does: either under their key or as deep as it."""
    lines = text.splitlines()
    for line, after in pairwise(lines):
        if line.rstrip().endswith(":") and after.lstrip().startswith("- "):
            inner = len(after) - len(after.lstrip()) - (len(line) - len(line.lstrip()))
            if inner > 0:
                yaml.indent(mapping=2, sequence=4, offset=2)
            return


def _patch(document: Any, candidate: Candidate, instance_type: str, *, is_json: bool) -> None:
    resources: Any = document["Resources"]
    name = _only(resources, TARGET)
    target = resources[name]["Properties"]
    _set(target, "MinCapacity", candidate.minimum)
    _set(target, "MaxCapacity", candidate.maximum)
    _schedule(target, candidate)
    if instance_type:
        config = resources[_only(resources, CONFIG)]["Properties"]
        _set(config["ProductionVariants"][0], "InstanceType", instance_type)
    kept = _policies(resources, candidate, name, is_json=is_json)
    _drop_others(resources, name, kept)


def _only(resources: Any, kind: str) -> str:
    found = [name for name, each in resources.items() if each.get("Type") == kind]
    if len(found) != 1:
        raise NotPatchable(f"the template has {len(found)} resources of {kind}, not one")
    return found[0]


def _set(mapping: Any, key: str, value: Any) -> None:
    """Set a value, with its comment kept; one that says the same already stays as it is."""
    if key in mapping and not isinstance(mapping[key], TaggedScalar) and mapping[key] == value:
        return
    mapping[key] = value


def _schedule(target: Any, candidate: Candidate) -> None:
    if not candidate.actions:
        target.pop("ScheduledActions", None)
        return
    target["ScheduledActions"] = [
        {
            "ScheduledActionName": each.name,
            "Schedule": each.schedule,
            "ScalableTargetAction": {
                key: bound
                for key, bound in (("MinCapacity", each.minimum), ("MaxCapacity", each.maximum))
                if bound is not None
            },
        }
        for each in candidate.actions
    ]


def _policies(resources: Any, candidate: Candidate, target: str, *, is_json: bool) -> set[str]:
    """Put in the policies, those that are there changed in place; their logical ids."""
    there = [
        name
        for name, each in resources.items()
        if each.get("Type") == POLICY and _refers(each["Properties"], target)
    ]
    kept: set[str] = set()
    for policy in candidate.policies:
        name = _same_kind(resources, there, policy)
        if name is None:
            name = _fresh(resources, f"{_camel(policy.name)}Policy")
            resources[name] = _resource(POLICY, _policy(policy, target, is_json=is_json))
        else:
            there.remove(name)
            _update(resources[name]["Properties"][MEMBERS[policy.kind]], policy.configuration)
        kept.add(name)
        for index, alarm in enumerate(policy.alarms):
            own = _fresh(resources, f"{_camel(policy.name)}Alarm{index or ''}")
            resources[own] = _resource(ALARM, _alarm(resources, alarm, name, is_json=is_json))
            kept.add(own)
    return kept


def _same_kind(resources: Any, there: list[str], policy: Policy) -> str | None:
    """A policy that tracks the same metric, which can be changed in place."""
    if policy.kind == STEP:
        return None
    metric = policy.configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
    for name in there:
        properties = resources[name]["Properties"]
        own = properties.get(MEMBERS.get(policy.kind, ""), {})
        specified = own.get("PredefinedMetricSpecification", {})
        if specified.get("PredefinedMetricType") == metric:
            return name
    return None


def _update(mapping: Any, values: Params) -> None:
    for key, value in values.items():
        if is_map(value) and key in mapping:
            _update(mapping[key], value)
        else:
            _set(mapping, key, _plain(value))


def _plain(value: Any) -> Any:
    """Whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_map(value):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if is_list(value) else value


def _resource(kind: str, properties: Params) -> Any:
    return CommentedMap({"Type": kind, "Properties": _commented(properties)})


def _commented(value: Any) -> Any:
    if isinstance(value, TaggedScalar):
        return value
    if is_map(value):
        return CommentedMap({key: _commented(each) for key, each in value.items()})
    return CommentedSeq([_commented(each) for each in value]) if is_list(value) else value


def _policy(policy: Policy, target: str, *, is_json: bool) -> Params:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.kind,
        "ScalingTargetId": _ref(target, is_json=is_json),
        MEMBERS[policy.kind]: _plain(policy.configuration),
    }


def _alarm(resources: Any, alarm: Params, policy: str, *, is_json: bool) -> Params:
    """An alarm on the endpoint's first variant that invokes a policy."""
    endpoint = _only(resources, ENDPOINT)
    config = resources[_only(resources, CONFIG)]["Properties"]
    variant = config["ProductionVariants"][0]["VariantName"]
    values = {
        "EndpointName": _attribute(endpoint, "EndpointName", is_json=is_json),
        "VariantName": variant,
    }
    dimensions = [
        {"Name": each["Name"], "Value": values[each["Name"]]} for each in alarm["Dimensions"]
    ]
    return {
        **_plain({key: value for key, value in alarm.items() if key != "Dimensions"}),
        "Dimensions": dimensions,
        "AlarmActions": [_ref(policy, is_json=is_json)],
    }


def _ref(name: str, *, is_json: bool) -> Any:
    return {"Ref": name} if is_json else _tagged("!Ref", name)


def _attribute(name: str, attribute: str, *, is_json: bool) -> Any:
    if is_json:
        return {"Fn::GetAtt": [name, attribute]}
    return _tagged("!GetAtt", f"{name}.{attribute}")


def _tagged(tag: str, value: str) -> TaggedScalar:
    made: Any = TaggedScalar(value=value)
    made.yaml_set_ctag(_tag(tag))
    return made


def _tag(tag: str) -> Any:
    from ruamel.yaml.tag import Tag

    return Tag(suffix=tag)


def _camel(name: str) -> str:
    """A logical id from a policy's name.

    >>> _camel("invocations-per-instance")
    'InvocationsPerInstance'
    """
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))


def _fresh(resources: Any, name: str) -> str:
    found, number = name, 2
    while found in resources:
        found, number = f"{name}{number}", number + 1
    return found


def _drop_others(resources: Any, target: str, kept: set[str]) -> None:
    """Take away the policies of the target that are no longer wanted, and alarms only for them."""
    gone = {
        name
        for name, each in resources.items()
        if each.get("Type") == POLICY and name not in kept and _refers(each["Properties"], target)
    }
    for name, each in list(resources.items()):
        if each.get("Type") == ALARM and name not in kept:
            actions = each["Properties"].get("AlarmActions", [])
            if actions and all(_name_of(action) in gone for action in actions):
                gone.add(name)
    for name in gone:
        del resources[name]


def _refers(properties: Any, target: str) -> bool:
    return _name_of(properties.get("ScalingTargetId")) == target


def _name_of(value: Any) -> str:
    """The logical id that a Ref names, in either notation."""
    if isinstance(value, TaggedScalar):
        return str(getattr(value, "value", ""))
    return str(value.get("Ref", "")) if is_map(value) else str(value)
