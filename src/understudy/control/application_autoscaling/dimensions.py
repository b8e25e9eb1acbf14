"""The scalable dimensions of Application Auto Scaling, and what each of them allows.

AWS: API_RegisterScalableTarget, API_PutScalingPolicy; How target tracking scaling works, "Define
cooldown periods"; Service-linked roles for Application Auto Scaling.
"""

from dataclasses import dataclass

STEP, TRACKING, PREDICTIVE = "StepScaling", "TargetTrackingScaling", "PredictiveScaling"

_BOTH = frozenset({STEP, TRACKING})
_STEP = frozenset({STEP})
_TRACK = frozenset({TRACKING})
_ALL = frozenset({STEP, TRACKING, PREDICTIVE})


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension such as ``sagemaker:variant:DesiredInstanceCount``.

    ``resource`` is the pattern of its resource ids and ``noun`` what a resource is called.
    ``policies`` are the policy types it takes. ``cooldown`` is the default of target tracking in
    seconds, and ``minimum`` the least minimum capacity. ``gradual`` is false for provisioned
    throughput, which target tracking scales in at once.
    """

    name: str
    resource: str
    noun: str
    policies: frozenset[str]
    cooldown: float = 0.0
    minimum: int = 0
    gradual: bool = True

    @property
    def namespace(self) -> str:
        """The service namespace, ``sagemaker``."""
        return self.name.split(":", 1)[0]


def _throughput(name: str, resource: str, noun: str) -> Dimension:
    return Dimension(name, resource, noun, _TRACK, minimum=1, gradual=False)


_ROWS = (
    Dimension("appstream:fleet:DesiredCapacity", "fleet/.+", "AppStream fleet", _BOTH, 300.0),
    _throughput("cassandra:table:ReadCapacityUnits", "keyspace/.+", "Keyspaces table"),
    _throughput("cassandra:table:WriteCapacityUnits", "keyspace/.+", "Keyspaces table"),
    Dimension(
        "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
        "arn:.+",
        "Comprehend endpoint",
        _TRACK,
        minimum=1,
    ),
    Dimension(
        "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
        "arn:.+",
        "Comprehend endpoint",
        _TRACK,
        minimum=1,
    ),
    Dimension("custom-resource:ResourceType:Property", ".+", "Custom resource", _BOTH, 300.0),
    _throughput("dynamodb:index:ReadCapacityUnits", "table/.+", "DynamoDB index"),
    _throughput("dynamodb:index:WriteCapacityUnits", "table/.+", "DynamoDB index"),
    _throughput("dynamodb:table:ReadCapacityUnits", "table/.+", "DynamoDB table"),
    _throughput("dynamodb:table:WriteCapacityUnits", "table/.+", "DynamoDB table"),
    Dimension(
        "ec2:spot-fleet-request:TargetCapacity", "spot-fleet-request/.+", "Spot Fleet", _BOTH, 300.0
    ),
    Dimension("ecs:service:DesiredCount", "service/[^/]+/[^/]+", "ECS service", _ALL, 300.0),
    Dimension("elasticache:cache-cluster:Nodes", "cache-cluster/.+", "Cache cluster", _TRACK, 0, 1),
    Dimension(
        "elasticache:replication-group:NodeGroups",
        "replication-group/.+",
        "Replication group",
        _TRACK,
        minimum=1,
    ),
    Dimension(
        "elasticache:replication-group:Replicas",
        "replication-group/.+",
        "Replication group",
        _TRACK,
        minimum=1,
    ),
    Dimension(
        "elasticmapreduce:instancegroup:InstanceCount",
        "instancegroup/.+",
        "EMR instance group",
        _STEP,
        300.0,
    ),
    Dimension("kafka:broker-storage:VolumeSize", "arn:.+", "MSK cluster", _TRACK, minimum=1),
    Dimension(
        "lambda:function:ProvisionedConcurrency", "function:[^:]+:[^:]+", "Lambda function", _TRACK
    ),
    Dimension("neptune:cluster:ReadReplicaCount", "cluster:.+", "Neptune cluster", _TRACK, 0, 1),
    Dimension("rds:cluster:ReadReplicaCount", "cluster:.+", "RDS cluster", _BOTH, 300.0),
    Dimension(
        "sagemaker:inference-component:DesiredCopyCount",
        "inference-component/[^/]+",
        "SageMaker inference component",
        _BOTH,
        300.0,
    ),
    Dimension(
        "sagemaker:variant:DesiredInstanceCount",
        "endpoint/[^/]+/variant/[^/]+",
        "SageMaker endpoint variant",
        _BOTH,
        300.0,
    ),
    Dimension(
        "sagemaker:variant:DesiredProvisionedConcurrency",
        "endpoint/[^/]+/variant/[^/]+",
        "SageMaker endpoint variant",
        _BOTH,
        300.0,
    ),
    Dimension(
        "workspaces:workspacespool:DesiredUserSessions",
        "workspacespool/.+",
        "WorkSpaces pool",
        _BOTH,
    ),
)

DIMENSIONS = {dimension.name: dimension for dimension in _ROWS}
"""Every dimension of the API, by name."""

SERVICE_LINKED_ROLES = {
    "appstream": "AppStreamFleet",
    "cassandra": "CassandraTable",
    "comprehend": "ComprehendEndpoint",
    "custom-resource": "CustomResource",
    "dynamodb": "DynamoDBTable",
    "ec2": "EC2SpotFleetRequest",
    "ecs": "ECSService",
    "elasticache": "ElastiCacheRG",
    "kafka": "KafkaCluster",
    "lambda": "LambdaConcurrency",
    "neptune": "NeptuneCluster",
    "rds": "RDSCluster",
    "sagemaker": "SageMakerEndpoint",
    "workspaces": "WorkSpacesPool",
}
"""The end of the name of each namespace's service-linked role; EMR has none."""
