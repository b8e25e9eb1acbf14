"""Resource types as the registry of CloudFormation shows them, and the limits of an account."""

import json

from understudy.base.arn import PARTITION
from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.schema import Schema
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.service import CloudFormation
from understudy.deploy.stacks import MAX_STACKS

PAGE_SIZE = 100
VERSION = "00000001"
LIMITS = {"StackLimit": MAX_STACKS, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
"""AWS: DescribeAccountLimits; CloudFormation quotas."""


def describe_account_limits(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The quotas of the account."""
    return {"AccountLimits": [{"Name": name, "Value": value} for name, value in LIMITS.items()]}


def describe_type(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A public resource type with its schema. Raises TypeNotFoundException."""
    name = _type_name(params)
    schema = service.schemas.get(name)
    is_resource = params.get("Type", "RESOURCE") == "RESOURCE" and name in service.schemas
    if schema is None or not is_resource:
        raise Fault("TypeNotFoundException", f"The type '{name}' cannot be found.", 404)
    return {
        "Arn": _arn(turn, name),
        "Type": "RESOURCE",
        "TypeName": name,
        "DefaultVersionId": VERSION,
        "IsDefaultVersion": True,
        "Description": schema.raw.get("description"),
        "Schema": json.dumps(schema.raw),
        "ProvisioningType": _provisioning(schema),
        "DeprecatedStatus": "LIVE",
        "Visibility": "PUBLIC",
        "SourceUrl": schema.raw.get("sourceUrl"),
        "DocumentationUrl": schema.raw.get("documentationUrl"),
    }


def _type_name(params: Params) -> str:
    if "TypeName" in params:
        return params["TypeName"]
    if "Arn" in params:
        return params["Arn"].rpartition("/")[2].replace("-", "::")
    raise validation_error("Either Arn or TypeName must be specified.")


def _arn(turn: Turn, name: str) -> str:
    kind = name.replace("::", "-")
    return f"arn:{PARTITION}:cloudformation:{turn.region}::type/resource/{kind}"


def _provisioning(schema: Schema) -> str:
    if not schema.raw.get("handlers"):
        return "NON_PROVISIONABLE"
    return "IMMUTABLE" if schema.is_immutable else "FULLY_MUTABLE"


def list_types(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of resource types; an account has none of its own here."""
    public = params.get("Visibility", "PRIVATE") == "PUBLIC"
    filters: Params = params.get("Filters", {})
    if filters.get("Category") in ("AWS_TYPES", "THIRD_PARTY"):
        public = filters["Category"] == "AWS_TYPES"
    if params.get("Type", "RESOURCE") != "RESOURCE":
        public = False
    prefix: str = filters.get("TypeNamePrefix", "")
    names = sorted(n for n in service.schemas.names() if n.startswith(prefix)) if public else []
    refused = validation_error("NextToken is invalid")
    size: int = params.get("MaxResults", PAGE_SIZE)
    shown, token = page(names, params.get("NextToken"), size, refused)
    return {"TypeSummaries": [_summary(service, n, turn) for n in shown], "NextToken": token}


def _summary(service: CloudFormation, name: str, turn: Turn) -> Params:
    schema = service.schemas.get(name)
    return {
        "Type": "RESOURCE",
        "TypeName": name,
        "DefaultVersionId": VERSION,
        "TypeArn": _arn(turn, name),
        "Description": schema.raw.get("description") if schema else None,
    }
