"""Resolving dynamic references such as ``{{resolve:ssm:name}}`` while a resource is provisioned.

AWS: Get values stored in other services using dynamic references. Nothing is kept of what they
come to: the stack remembers the references as they are written.
"""

import json
from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.dynamic import DynamicReference, dynamic_references, substituted
from understudy.control.events import Params
from understudy.deploy.handler import HandlerFailure, Invoke, Steps


def resolved(value: Any) -> Steps[Any]:
    """The value with every dynamic reference in it replaced; each is asked for once."""
    found: dict[str, str] = {}
    for reference in dynamic_references(value):
        if reference.text not in found:
            found[reference.text] = yield from _value(reference)
    return substituted(value, lambda reference: found[reference.text])


def _value(reference: DynamicReference) -> Steps[str]:
    if reference.service == "secretsmanager":
        return (yield from _secret(reference))
    name = f"{reference.name}:{reference.version}" if reference.version else reference.name
    params = {"Name": name, "WithDecryption": reference.service == "ssm-secure"}
    try:
        answer = yield Invoke("ssm", "GetParameter", params)
    except Fault as fault:
        if fault.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
            raise
        raise HandlerFailure(
            f"Parameters: [{reference.service}:{name}] cannot be found.", ""
        ) from None
    return answer["Parameter"]["Value"]


def _secret(reference: DynamicReference) -> Steps[str]:
    params: Params = {"SecretId": reference.name}
    if reference.stage:
        params["VersionStage"] = reference.stage
    if reference.version:
        params["VersionId"] = reference.version
    answer = yield Invoke("secretsmanager", "GetSecretValue", params)
    text: str = answer.get("SecretString", "")
    if not reference.json_key:
        return text
    try:
        return str(json.loads(text)[reference.json_key])
    except (ValueError, KeyError, TypeError):
        reason = "Could not find a value associated with JSONKey in SecretString"
        raise HandlerFailure(reason, "") from None
