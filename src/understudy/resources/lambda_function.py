"""AWS::Lambda::Function, Version, Permission and EventSourceMapping."""

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.functions import CODE, KEEP
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.resources.lambda_alias import ALIAS, delete_if_there
from understudy.resources.tags import without

NAME_LIMIT = 64
_CODE = ("Code", "Tags", "FunctionName")
_OTHERS = (
    "ReservedConcurrentExecutions",
    "RecursiveLoop",
    "RuntimeManagementConfig",
    "CodeSigningConfigArn",
)


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
    yield from delete_if_there("DeleteFunction", {"FunctionName": request.physical_id})
    return Done(request.physical_id)


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
    yield from delete_if_there("DeleteFunction", {"FunctionName": request.physical_id})
    return Done(request.physical_id)


def create_permission(request: Request) -> Handler:
    """Add a statement to the function's policy."""
    statement = request.name(100)
    yield Invoke("lambda", "AddPermission", {**request.properties, "StatementId": statement})
    return Done(statement, {"Id": statement})


def delete_permission(request: Request) -> Handler:
    """Take the statement out again."""
    named = {"FunctionName": request.properties["FunctionName"], "StatementId": request.physical_id}
    yield from delete_if_there("RemovePermission", named)
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
    yield from delete_if_there("DeleteEventSourceMapping", {"UUID": last_name(request.physical_id)})
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
    ALIAS,
    ResourceType("AWS::Lambda::Permission", "runs", create_permission, delete_permission),
    ResourceType(
        "AWS::Lambda::EventSourceMapping", "runs", create_mapping, delete_mapping, update_mapping
    ),
)
