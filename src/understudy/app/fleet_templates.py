"""What a template says of the fleet behind its load balancer, before anything is deployed."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.app.templates import CheckedTemplate
from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.cloudformation.value import is_list, is_map
from understudy.control.fleet_observation import ASKED
from understudy.pricing.fargate import size_name

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
TASK, LAUNCH = "AWS::ECS::TaskDefinition", "AWS::EC2::LaunchTemplate"

TASK_START = 35.0
"""Seconds from a Fargate task's launch until its containers run, about (AWS does not state it)."""
INSTANCE_LAUNCH, INSTANCE_BOOT = 12.0, 33.0
"""Seconds from a group's decision until an instance is launched, and from then until it is in
service (recorded: about 12, and 32 to 33 more). One that was stopped only boots."""


def is_balanced(template: CheckedTemplate) -> bool:
    """Whether a template's traffic comes through a load balancer."""
    return any(each.type == BALANCER for each in template.resources.values())


def _properties(template: CheckedTemplate, kind: str) -> Iterator[Mapping[str, Any]]:
    for resource in template.resources.values():
        if resource.type == kind:
            found = template.evaluated(resource.properties)
            if is_map(found):
                yield found


def size_of(template: CheckedTemplate) -> str:
    """The size of a task, or the type of an instance, empty where neither is known."""
    for task in _properties(template, TASK):
        cpu, memory = str(task.get("Cpu", "")), str(task.get("Memory", ""))
        if cpu.isdecimal() and memory.isdecimal():
            return size_name(int(cpu), int(memory))
    for launch in _properties(template, LAUNCH):
        kind = launch.get("LaunchTemplateData", {}).get("InstanceType", "")
        if isinstance(kind, str):
            return kind
    return ""


def asked_of_stand_in(template: CheckedTemplate) -> str:
    """The service time that a container, or user data, asks a stand-in for; empty if none does."""
    for task in _properties(template, TASK):
        containers = task.get("ContainerDefinitions", [])
        for container in filter(is_map, containers if is_list(containers) else ()):
            pairs: list[Any] = container.get("Environment", [])
            for each in filter(is_map, pairs):
                value = each.get("Value")
                if each.get("Name") == STAND_IN_VARIABLE and isinstance(value, str):
                    return value
    for launch in _properties(template, LAUNCH):
        found = ASKED.search(_script(launch.get("LaunchTemplateData", {}).get("UserData", "")))
        if found is not None:
            return found["time"]
    return ""


def _script(user_data: Any) -> str:
    """User data as text: decoded, or as it stands in the template."""
    if is_map(user_data):
        inner = next(iter(user_data.values()), "")
        user_data = inner if isinstance(inner, str) else ""
    text = user_data if isinstance(user_data, str) else ""
    if not re.fullmatch(r"[A-Za-z0-9+/=\s]+", text):
        return text
    try:
        return b64decode(text, validate=False).decode(errors="replace")
    except NotBase64:
        return text
