"""The resource types that there are, one line each."""

from collections.abc import Mapping

from understudy.deploy.handler import ResourceType
from understudy.resources.application_autoscaling import SCALABLE_TARGET, SCALING_POLICY
from understudy.resources.cloudformation_macro import MACRO
from understudy.resources.cloudwatch_alarm import ALARM
from understudy.resources.iam_role import ROLE
from understudy.resources.s3_bucket import BUCKET
from understudy.resources.s3_bucket_policy import BUCKET_POLICY
from understudy.resources.sagemaker import ENDPOINT, ENDPOINT_CONFIG, MODEL

TYPES: tuple[ResourceType, ...] = (
    SCALABLE_TARGET,
    SCALING_POLICY,
    MACRO,
    ALARM,
    ROLE,
    BUCKET,
    BUCKET_POLICY,
    ENDPOINT,
    ENDPOINT_CONFIG,
    MODEL,
)

BY_NAME: Mapping[str, ResourceType] = {each.name: each for each in TYPES}
