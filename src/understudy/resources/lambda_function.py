"""AWS::Lambda::Function, Version, Alias, Permission and EventSourceMapping."""

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.functions import CODE, KEEP
from understudy.deploy.explain import code_of
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.resources.tags import without

NAME_LIMIT = 64
_CODE = ("Code", "Tags", "FunctionName")
_OTHERS = (
    "ReservedConcurrentExecutions",
    "RecursiveLoop",
    "RuntimeManagementConfig",
    "CodeSigningConfigArn",
)
_ALIAS = ("Description", "FunctionVersion")


def _settings(properties: Params) -> Params:
    return without(properties, *_CODE, *_OTHERS, "SnapStart")


def _kept(request: Request) -> Steps[Params]:
    """Have the package kept; what names it in the call that follows."""
    properties = request.properties
    asked = {"Code": properties["Code"], "Runtime": properties.get("Runtime", "")}
    answer = yield Invoke("lambda", KEEP, asked)
    return {CODE: answer[CODE]} if CODE in answer else {}


def create_function(request: Request) -> Handler:
    """Keep the package, then create the function."""
    properties = request.properties
    name = properties.get("FunctionName") or request.name(NAME_LIMIT)
    code = yield from _kept(request)
    package = properties.get("PackageType") or (
        "Image" if "ImageUri" in properties["Code"] else "Zip"
    )
    params: Params = {**_settings(properties), **code, "PackageType": package, "FunctionName": name}
    made = yield Invoke("lambda", "CreateFunction", {**params, "Tags": _tags(request)})
    yield Identify(name)
    return Done(name, {"Arn": made["FunctionArn"]})


def _tags(request: Request) -> dict[str, str]:
    own = {each["Key"]: each["Value"] for each in request.properties.get("Tags", [])}
    return {**request.tags, **own}


def update_function(request: Request) -> Handler:
    """Change the package, the settings and the tags, each where it differs."""
    name, before, after = request.physical_id, request.previous, request.properties
    if before.get("Code") != after["Code"]:
        code = yield from _kept(request)
        yield Invoke("lambda", "UpdateFunctionCode", {"FunctionName": name, **code})
    if _settings(before) != _settings(after):
        params = {"FunctionName": name, **_settings(after)}
        yield Invoke("lambda", "UpdateFunctionConfiguration", params)
    old = {each["Key"] for each in before.get("Tags", [])} | set(request.old_tags)
    gone = sorted(old - set(_tags(request)))
    yield Invoke("lambda", "TagResource", {"Resource": name, "Tags": _tags(request)})
    if gone:
        yield Invoke("lambda", "UntagResource", {"Resource": name, "TagKeys": gone})
    return Done(name, request.attributes)


def read_function(request: Request) -> Handler:
    """The live settings; the package is not told again."""
    found = yield Invoke("lambda", "GetFunction", {"FunctionName": request.physical_id})
    live: Params = found["Configuration"]
    tagged: dict[str, str] = found.get("Tags") or {}
    tags = [{"Key": key, "Value": value} for key, value in tagged.items()]
    shown = {name: live.get(name, value) for name, value in request.properties.items()}
    properties = {**shown, **({"Tags": tags} if "Tags" in shown else {})}
    return Done(request.physical_id, {"Arn": live["FunctionArn"]}, properties)


def delete_function(request: Request) -> Handler:
    """Delete the function."""
    yield from _delete("DeleteFunction", {"FunctionName": request.physical_id})
    return Done(request.physical_id)


def _delete(operation: str, params: Params) -> Steps[None]:
    try:
        yield Invoke("lambda", operation, params)
    except Fault as fault:
        if code_of(fault) != "NotFound":
            raise


def create_version(request: Request) -> Handler:
    """Publish a version."""
    given = without(
        request.properties, "ProvisionedConcurrencyConfig", "RuntimePolicy", "CodeSha256"
    )
    made = yield Invoke("lambda", "PublishVersion", given)
    arn = made["FunctionArn"]
    return Done(arn, {"Version": made["Version"], "FunctionArn": arn})


def delete_version(request: Request) -> Handler:
    """Delete a version."""
    yield from _delete("DeleteFunction", {"FunctionName": request.physical_id})
    return Done(request.physical_id)


def _alias(request: Request) -> Params:
    properties = request.properties
    params = {key: properties[key] for key in _ALIAS if key in properties}
    weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    pairs = {each["FunctionVersion"]: each["FunctionWeight"] for each in weights}
    return {
        **params,
        "FunctionName": properties["FunctionName"],
        "Name": properties["Name"],
        "RoutingConfig": {"AdditionalVersionWeights": pairs},
    }


def create_alias(request: Request) -> Handler:
    """Name a version."""
    made = yield Invoke("lambda", "CreateAlias", _alias(request))
    return Done(made["AliasArn"], {"AliasArn": made["AliasArn"]})


def update_alias(request: Request) -> Handler:
    """Let the alias name another version."""
    yield Invoke("lambda", "UpdateAlias", _alias(request))
    return Done(request.physical_id, request.attributes)


def delete_alias(request: Request) -> Handler:
    """Delete an alias."""
    properties = request.properties
    named = {"FunctionName": properties["FunctionName"], "Name": properties["Name"]}
    yield from _delete("DeleteAlias", named)
    return Done(request.physical_id)


def create_permission(request: Request) -> Handler:
    """Add a statement to the function's policy."""
    statement = request.name(100)
    yield Invoke("lambda", "AddPermission", {**request.properties, "StatementId": statement})
    return Done(statement, {"Id": statement})


def delete_permission(request: Request) -> Handler:
    """Take the statement out again."""
    named = {"FunctionName": request.properties["FunctionName"], "StatementId": request.physical_id}
    yield from _delete("RemovePermission", named)
    return Done(request.physical_id)


def create_mapping(request: Request) -> Handler:
    """Keep which source feeds a function."""
    yield from _check_queue(request.properties)
    made = yield Invoke("lambda", "CreateEventSourceMapping", without(request.properties, "Tags"))
    arn = made["EventSourceMappingArn"]
    return Done(made["UUID"], {"Id": made["UUID"], "EventSourceMappingArn": arn})


def update_mapping(request: Request) -> Handler:
    """Change the mapping."""
    yield from _check_queue(request.properties)
    params = {**without(request.properties, "Tags"), "UUID": request.physical_id}
    yield Invoke("lambda", "UpdateEventSourceMapping", params)
    return Done(request.physical_id, request.attributes)


def _check_queue(properties: Params) -> Steps[None]:
    """Refuse a queue that shows a message again while the function may still work on it.

    AWS: Creating and configuring an Amazon SQS event source mapping.
    """
    source: str = properties.get("EventSourceArn", "")
    if ":sqs:" not in source:
        return
    queue = yield Invoke("sqs", "GetQueueUrl", {"QueueName": source.rpartition(":")[2]})
    asked = {"QueueUrl": queue["QueueUrl"], "AttributeNames": ["VisibilityTimeout"]}
    attributes = yield Invoke("sqs", "GetQueueAttributes", asked)
    named = {"FunctionName": properties["FunctionName"]}
    function = yield Invoke("lambda", "GetFunctionConfiguration", named)
    visible, timeout = int(attributes["Attributes"]["VisibilityTimeout"]), function["Timeout"]
    if visible < timeout:
        raise Fault(
            "InvalidParameterValueException",
            f"Invalid request provided: Queue visibility timeout: {visible} seconds is less than "
            f"Function timeout: {timeout} seconds",
        )


def delete_mapping(request: Request) -> Handler:
    """Delete the mapping."""
    yield from _delete("DeleteEventSourceMapping", {"UUID": last_name(request.physical_id)})
    return Done(request.physical_id)


LAMBDA: tuple[ResourceType, ...] = (
    ResourceType(
        "AWS::Lambda::Function",
        "runs",
        create_function,
        delete_function,
        update_function,
        read_function,
    ),
    ResourceType("AWS::Lambda::Version", "runs", create_version, delete_version),
    ResourceType("AWS::Lambda::Alias", "runs", create_alias, delete_alias, update_alias),
    ResourceType("AWS::Lambda::Permission", "runs", create_permission, delete_permission),
    ResourceType(
        "AWS::Lambda::EventSourceMapping", "runs", create_mapping, delete_mapping, update_mapping
    ),
)
