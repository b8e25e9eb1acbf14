"""What AWS calls the same things for endpoint variants, ECS services and groups of instances."""

from collections.abc import Mapping
from dataclasses import dataclass

CONCURRENCY = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
OFFERED_TO_GROUPS = "not offered, AWS has it for EC2 Auto Scaling groups only"
PREDICTIVE = "PredictiveScaling"
"""The policy type of predictive scaling."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The metrics and settings of one kind of what is scaled.

    ``requests`` and ``busy`` are predefined metrics of target tracking: requests per minute of each
    instance, and how busy it is; ``fast`` is the second one every 10 or 20 seconds, empty where
    there is none. ``counted`` names policies on the first. ``namespace``, ``metric`` and
    ``dimensions`` are those of alarms on it, ``total`` and ``total_dimensions`` those of the
    requests to all together, where policies can follow them. ``warms_up`` says that policies have
    an instance warm-up and no cooldowns (AWS: Set the default instance warmup for an Auto Scaling
    group). ``unit`` is one of what is scaled, in words; ``not_offered`` says of each family that is
    not searched why.
    """

    requests: str
    busy: str
    fast: str
    counted: str
    namespace: str
    metric: str
    dimensions: tuple[str, ...]
    unit: str
    not_offered: Mapping[str, str]
    warms_up: bool = False
    total: str = ""
    total_dimensions: tuple[str, ...] = ()


VARIANT = Terms(
    "SageMakerVariantInvocationsPerInstance", CONCURRENCY, CONCURRENCY, "invocations",
    "AWS/SageMaker", "InvocationsPerInstance", ("EndpointName", "VariantName"), "instance",
    {
        "predictive scaling": "not offered, AWS has it for ECS services and EC2 Auto Scaling "
        "groups only",
        "warm pool": OFFERED_TO_GROUPS,
    },
    total="Invocations", total_dimensions=("EndpointName", "VariantName"),
)  # fmt: skip
SERVICE = Terms(
    "ALBRequestCountPerTarget", "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution", "requests", "AWS/ApplicationELB",
    "RequestCountPerTarget", ("TargetGroup",), "task",
    {"warm pool": OFFERED_TO_GROUPS},
)  # fmt: skip
GROUP = Terms(
    "ALBRequestCountPerTarget", "ASGAverageCPUUtilization", "", "requests", "AWS/ApplicationELB",
    "RequestCountPerTarget", ("TargetGroup",), "instance",
    {
        "target tracking on CPU (20 s)": "not searched, EC2 itself publishes it by the minute: "
        "instances would have to, with the CloudWatch agent"
    },
    warms_up=True,
)  # fmt: skip
