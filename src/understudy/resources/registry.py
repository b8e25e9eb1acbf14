"""The resource types that there are: those of our own, one line each, and all others of AWS."""

from collections.abc import Iterator, Mapping

from understudy.cloudformation.schema import CUSTOM_RESOURCE, Schema, Schemas
from understudy.deploy.handler import Fidelity, ResourceType
from understudy.resources.application_autoscaling import SCALABLE_TARGET, SCALING_POLICY
from understudy.resources.arn_formats import LoadFormats
from understudy.resources.autoscaling import (
    GROUP_POLICY,
    LAUNCH_CONFIGURATION,
    LIFECYCLE_HOOK,
    SCHEDULED_ACTION,
    WARM_POOL,
)
from understudy.resources.autoscaling_group import GROUP
from understudy.resources.capacity_reservation import CAPACITY_RESERVATION
from understudy.resources.cloudformation_macro import MACRO
from understudy.resources.cloudwatch import ALARM, ANOMALY_DETECTOR, COMPOSITE_ALARM, DASHBOARD
from understudy.resources.custom_resource import CUSTOM, custom
from understudy.resources.ec2_instance import INSTANCE
from understudy.resources.ecs import CONTAINERS
from understudy.resources.ecs_task_sets import TASK_SETS
from understudy.resources.elbv2 import BALANCING
from understudy.resources.iam_policy import MANAGED_POLICY, POLICY
from understudy.resources.iam_role import ROLE
from understudy.resources.kept.tables import KEPT
from understudy.resources.lambda_function import LAMBDA
from understudy.resources.launch_template import LAUNCH_TEMPLATE
from understudy.resources.nested_stack import STACK
from understudy.resources.recorded import NO_FORMATS, recorded
from understudy.resources.s3_bucket import BUCKET
from understudy.resources.s3_bucket_policy import BUCKET_POLICY
from understudy.resources.sagemaker import ENDPOINT, ENDPOINT_CONFIG, MODEL
from understudy.resources.sns_topic import TOPIC
from understudy.resources.sqs_queue import QUEUE
from understudy.resources.ssm_parameter import PARAMETER
from understudy.resources.stack_set import STACK_SET
from understudy.resources.wait_condition import CONDITION, HANDLE

TYPES: tuple[ResourceType, ...] = (
    SCALABLE_TARGET,
    SCALING_POLICY,
    GROUP,
    GROUP_POLICY,
    LAUNCH_CONFIGURATION,
    LIFECYCLE_HOOK,
    SCHEDULED_ACTION,
    WARM_POOL,
    MACRO,
    ALARM,
    ANOMALY_DETECTOR,
    COMPOSITE_ALARM,
    DASHBOARD,
    LAUNCH_TEMPLATE,
    CAPACITY_RESERVATION,
    *BALANCING,
    *CONTAINERS,
    *TASK_SETS,
    STACK,
    STACK_SET,
    CONDITION,
    HANDLE,
    INSTANCE,
    MANAGED_POLICY,
    POLICY,
    ROLE,
    BUCKET,
    BUCKET_POLICY,
    ENDPOINT,
    ENDPOINT_CONFIG,
    MODEL,
    TOPIC,
    QUEUE,
    PARAMETER,
    *KEPT,
    *LAMBDA,
    CUSTOM,
)

BY_NAME: Mapping[str, ResourceType] = {each.name: each for each in TYPES}

CUSTOM_PREFIX = "Custom::"
NOT_RECORDED = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::Macro",
    CUSTOM_RESOURCE,
)
"""Types that CloudFormation itself performs: to record them would be to pretend."""


class ResourceTypes(Mapping[str, ResourceType]):
    """Every resource type by its name. A type that is only recorded is made when it is asked for.

    ``strict`` leaves out what is only recorded, so that a template with such a type is refused.
    """

    def __init__(
        self, schemas: Schemas, formats: LoadFormats = NO_FORMATS, *, strict: bool = False
    ) -> None:
        self._schemas = schemas
        self._formats = formats
        self._strict = strict
        self._recorded: dict[str, ResourceType] = {}

    def __getitem__(self, name: str) -> ResourceType:
        if name in BY_NAME:
            return BY_NAME[name]
        if name.startswith(CUSTOM_PREFIX):
            return custom(name)
        if name not in self._recorded:
            if not self._is_recorded(name):
                raise KeyError(name)
            self._recorded[name] = recorded(name, lambda: self._schema(name), self._formats)
        return self._recorded[name]

    def _schema(self, name: str) -> Schema:
        found = self._schemas.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def _is_recorded(self, name: object) -> bool:
        return not self._strict and name in self._schemas.names() and name not in NOT_RECORDED

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name.startswith(CUSTOM_PREFIX):
            return True
        return name in BY_NAME or self._is_recorded(name)

    def __iter__(self) -> Iterator[str]:
        yield from BY_NAME
        others = (each for each in self._schemas.names() if each not in BY_NAME)
        yield from (each for each in others if self._is_recorded(each))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def fidelity(name: str) -> Fidelity:
    """How faithful a resource type is here; a type of AWS that is not our own is recorded."""
    kind = BY_NAME.get(CUSTOM.name if name.startswith(CUSTOM_PREFIX) else name)
    return kind.fidelity if kind else "recorded"
