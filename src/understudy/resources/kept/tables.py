"""All kept resource types."""

from understudy.deploy.handler import ResourceType
from understudy.resources.kept import (
    api_gateway,
    data,
    ec2_filters,
    ec2_machines,
    ec2_network,
    ec2_routes,
    events,
    iam,
    messaging,
    routing,
    secrets,
    step_functions,
)
from understudy.resources.kept.table import resource_type

_TABLES = (
    iam.TYPES,
    ec2_network.TYPES,
    ec2_routes.TYPES,
    ec2_filters.TYPES,
    ec2_machines.TYPES,
    data.TYPES,
    messaging.TYPES,
    events.TYPES,
    secrets.TYPES,
    routing.TYPES,
    api_gateway.TYPES,
    step_functions.TYPES,
)

KEPT: tuple[ResourceType, ...] = tuple(resource_type(kept) for table in _TABLES for kept in table)
