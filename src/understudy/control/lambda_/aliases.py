"""Aliases, policies, tags and event source mappings of functions."""

from understudy.base.arn import ACCOUNT, arn, last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.service import Lambda, not_found, parsed
from understudy.control.lambda_.state import LATEST, Alias, Function, Mapping
from understudy.control.turn import Turn


def create_alias(service: Lambda, params: Params, turn: Turn) -> Params:
    """Name a version."""
    function = service.function(params["FunctionName"], turn)
    if params["Name"] in function.aliases:
        where = f"{function.arn}:{params['Name']}"
        raise Fault("ResourceConflictException", f"Alias already exists: {where}", 409)
    return _set_alias(function, params, Alias(params["Name"], "", "", {}, ""), turn)


def update_alias(service: Lambda, params: Params, turn: Turn) -> Params:
    """Let an alias name another version, or other weights."""
    function = service.function(params["FunctionName"], turn)
    return _set_alias(function, params, _alias(function, params), turn)


def _set_alias(function: Function, params: Params, before: Alias, turn: Turn) -> Params:
    version = params.get("FunctionVersion", before.version)
    if version != LATEST and version not in function.versions:
        raise not_found(f"{function.arn}:{version}")
    routing: Params | None = params.get("RoutingConfig")
    weights = before.weights if routing is None else routing.get("AdditionalVersionWeights") or {}
    description = params.get("Description", before.description)
    alias = Alias(before.name, version, description, weights, turn.ids.uuid())
    function.aliases[alias.name] = alias
    return _shown(function, alias)


def _alias(function: Function, params: Params) -> Alias:
    found = function.aliases.get(params["Name"])
    if found is None:
        where = f"{function.arn}:{params['Name']}"
        raise Fault("ResourceNotFoundException", f"Cannot find alias arn: {where}", 404)
    return found


def _shown(function: Function, alias: Alias) -> Params:
    return {
        "AliasArn": f"{function.arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": alias.weights} if alias.weights else None,
        "RevisionId": alias.revision,
    }


def get_alias(service: Lambda, params: Params, turn: Turn) -> Params:
    """An alias."""
    function = service.function(params["FunctionName"], turn)
    return _shown(function, _alias(function, params))


def delete_alias(service: Lambda, params: Params, turn: Turn) -> Params:
    """Delete an alias; there need not be one."""
    service.function(params["FunctionName"], turn).aliases.pop(params["Name"], None)
    return {}


def list_aliases(service: Lambda, params: Params, turn: Turn) -> Params:
    """The aliases of a function."""
    function = service.function(params["FunctionName"], turn)
    wanted = params.get("FunctionVersion")
    found = [a for a in function.aliases.values() if wanted in (None, a.version)]
    return {"Aliases": [_shown(function, each) for each in found]}


# Policies


def add_permission(service: Lambda, params: Params, turn: Turn) -> Params:
    """Allow somebody to invoke a function. What AWS services do is held to it."""
    function = service.function(params["FunctionName"], turn)
    statement_id: str = params["StatementId"]
    if statement_id in function.statements:
        message = (
            f"The statement id ({statement_id}) provided already exists. Please provide a new "
            "statement id, or remove the existing statement."
        )
        raise Fault("ResourceConflictException", message, 409)
    principal: str = params["Principal"]
    if "." in principal:
        allowed: object = {"Service": principal}
    elif principal == "*":
        allowed = principal
    else:
        allowed = {"AWS": arn("iam", "", "root", last_name(principal) or ACCOUNT)}
    qualifier = params.get("Qualifier") or parsed(params["FunctionName"])[1]
    statement: Params = {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": allowed,
        "Action": params["Action"],
        "Resource": f"{function.arn}:{qualifier}" if qualifier else function.arn,
    }
    conditions: Params = {}
    if "SourceArn" in params:
        conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    if "SourceAccount" in params:
        conditions["StringEquals"] = {"AWS:SourceAccount": params["SourceAccount"]}
    if conditions:
        statement["Condition"] = conditions
    function.statements[statement_id] = statement
    return {"Statement": _json(statement)}


def remove_permission(service: Lambda, params: Params, turn: Turn) -> Params:
    """Take a statement out of a function's policy."""
    function = service.function(params["FunctionName"], turn)
    if function.statements.pop(params["StatementId"], None) is None:
        message = f"Statement {params['StatementId']} is not found in resource policy."
        raise Fault("ResourceNotFoundException", message, 404)
    return {}


def get_policy(service: Lambda, params: Params, turn: Turn) -> Params:
    """The policy of a function."""
    function = service.function(params["FunctionName"], turn)
    if not function.statements:
        message = "The resource you requested does not exist."
        raise Fault("ResourceNotFoundException", message, 404)
    statements = list(function.statements.values())
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return {"Policy": _json(policy), "RevisionId": function.latest.revision}


def _json(value: object) -> str:
    import json

    return json.dumps(value, separators=(",", ":"))


# Tags


def tag_resource(service: Lambda, params: Params, turn: Turn) -> Params:
    """Put tags on a function."""
    service.function(params["Resource"], turn).tags.update(params["Tags"])
    return {}


def untag_resource(service: Lambda, params: Params, turn: Turn) -> Params:
    """Take tags off a function."""
    tags = service.function(params["Resource"], turn).tags
    for key in params["TagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags(service: Lambda, params: Params, turn: Turn) -> Params:
    """The tags of a function."""
    return {"Tags": service.function(params["Resource"], turn).tags}


# Event source mappings


def create_mapping(service: Lambda, params: Params, turn: Turn) -> Params:
    """Keep which source feeds a function, a version or an alias of it. The world polls it."""
    called = _called(service, params, turn)
    settings = {key: value for key, value in params.items() if key != "FunctionName"}
    for known in service.state.mappings.values():
        source = known.settings.get("EventSourceArn")
        if source and (source, known.function) == (settings.get("EventSourceArn"), called):
            raise Fault(
                "ResourceConflictException",
                f'The event source arn (" {source} ") and function (" {called} ") provided mapping '
                "already exists. Please update or delete the existing mapping with UUID "
                f"{known.id}",
                409,
            )
    mapping = Mapping(turn.ids.uuid(), called, settings, turn.at)
    service.state.mappings[mapping.id] = mapping
    return _mapped(mapping, turn)


def _called(service: Lambda, params: Params, turn: Turn) -> str:
    """The ARN of what a FunctionName names, with the qualifier that it has."""
    function, _ = service.version(params, turn)
    qualifier = parsed(params["FunctionName"])[1]
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


def _mapping(service: Lambda, params: Params) -> Mapping:
    found = service.state.mappings.get(params["UUID"])
    if found is None:
        message = "The resource you requested does not exist."
        raise Fault("ResourceNotFoundException", message, 404)
    return found


def _mapped(mapping: Mapping, turn: Turn) -> Params:
    enabled = mapping.settings.get("Enabled", True)
    settings = {k: v for k, v in mapping.settings.items() if k not in ("Enabled", "Tags")}
    return {
        **settings,
        "UUID": mapping.id,
        "FunctionArn": mapping.function,
        "State": "Enabled" if enabled else "Disabled",
        "LastModified": mapping.modified_at,
        "EventSourceMappingArn": arn("lambda", turn.region, f"event-source-mapping:{mapping.id}"),
    }


def get_mapping(service: Lambda, params: Params, turn: Turn) -> Params:
    """An event source mapping."""
    return _mapped(_mapping(service, params), turn)


def update_mapping(service: Lambda, params: Params, turn: Turn) -> Params:
    """Change an event source mapping."""
    mapping = _mapping(service, params)
    if "FunctionName" in params:
        mapping.function = _called(service, params, turn)
    given = {k: v for k, v in params.items() if k not in ("UUID", "FunctionName")}
    mapping.settings, mapping.modified_at = {**mapping.settings, **given}, turn.at
    return _mapped(mapping, turn)


def delete_mapping(service: Lambda, params: Params, turn: Turn) -> Params:
    """Delete an event source mapping."""
    mapping = _mapping(service, params)
    del service.state.mappings[mapping.id]
    return {**_mapped(mapping, turn), "State": "Deleting"}


def list_mappings(service: Lambda, params: Params, turn: Turn) -> Params:
    """The event source mappings, of one source or function if asked for."""
    source, named = params.get("EventSourceArn"), params.get("FunctionName")
    function = _called(service, {"FunctionName": named}, turn) if named else None
    found = [
        _mapped(each, turn)
        for each in service.state.mappings.values()
        if source in (None, each.settings.get("EventSourceArn"))
        and function in (None, each.function)
    ]
    return {"EventSourceMappings": found}
