"""Running the macros of a template: AWS's own and those that stacks of the account define.

The most deeply nested Fn::Transform runs first, then the macros of the Transform section in their
order. AWS: Transform section; AWS::Include transform; Using CloudFormation macros.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.fragment import fragment_in
from understudy.cloudformation.functions import to_json
from understudy.cloudformation.language_extensions import expand
from understudy.cloudformation.macro import (
    MacroFailure,
    fragment_of,
    full_name,
    macro_event,
    whole_template,
)
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.serverless import SERVERLESS, translated
from understudy.cloudformation.structure import LANGUAGE_EXTENSIONS
from understudy.cloudformation.template import transforms
from understudy.cloudformation.value import is_list, is_map
from understudy.control.events import Params
from understudy.deploy.handler import Invoke
from understudy.deploy.location import get_object
from understudy.deploy.outside import lookup

INCLUDE = "AWS::Include"
SECRETS = ("AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16")
_WHOLE = (LANGUAGE_EXTENSIONS, SERVERLESS, *SECRETS)
"""AWS's own macros that are for whole templates."""
_NOT_OFFERED = {
    "AWS::CodeDeployBlueGreen": (
        "blue/green deployments by CodeDeploy are not offered. A service deploys so by itself with "
        "the strategy BLUE_GREEN in its DeploymentConfiguration."
    ),
    "AWS::ServiceCatalog": "products of Service Catalog are not offered.",
}
_NO_ROTATION = (
    "the functions that AWS hosts for rotation are not offered. Give [{}] a RotationLambdaARN "
    "instead of a HostedRotationLambda."
)
_FAILED = f"Transform {INCLUDE} failed with: "


def macros(data: Any) -> list[str]:
    """The names of all macros that a template uses, each once; what is no template uses none."""
    if not is_map(data):
        return []
    names = [_name(each) for each in transforms(data)]
    return list(dict.fromkeys([*names, *_nested(data)]))


def _name(transform: Any) -> str:
    return str(transform.get("Name")) if is_map(transform) else str(transform)


def _nested(value: Any) -> list[str]:
    found: list[str] = []
    if is_map(value):
        for key, child in value.items():
            found += _nested(child)
            if key == "Fn::Transform" and is_map(child):
                found.append(_name(child))
    elif is_list(value):
        for child in value:
            found += _nested(child)
    return found


def processed(
    data: Mapping[str, Any], scope: Scope, params: Params, function: Callable[[str], str | None]
) -> dict[str, Any]:
    """The template with all its macros run.

    ``scope`` has parameters and pseudo parameters; ``function`` gives the Lambda function of a
    macro by its name. Raises MacroFailure, and Missing where a file to include, or the answer of a
    macro, has not been looked up.
    """
    ready = replace(scope, mappings=data.get("Mappings", {}), extensions=True)
    run = _Run(ready, params, function)
    for name in macros(data):
        run.assert_known(name)
    result: dict[str, Any] = run.nested(dict(data))
    for each in transforms(data):
        result = run.whole(each, result)
    kept = [each for each in transforms(data) if each == LANGUAGE_EXTENSIONS]
    result.pop("Transform", None)
    return {"Transform": kept, **result} if kept else result


@dataclass(frozen=True, slots=True)
class _Run:
    """The macros of one template."""

    scope: Scope
    params: Params
    function: Callable[[str], str | None]

    @property
    def account(self) -> str:
        return str(self.scope.pseudo.get("AWS::AccountId", ""))

    def assert_known(self, name: str) -> None:
        """Raise MacroFailure where there is no macro of that name."""
        if name in _NOT_OFFERED:
            raise MacroFailure(f"Transform {name} failed with: {_NOT_OFFERED[name]}")
        if name not in (INCLUDE, *_WHOLE) and not self.function(name):
            raise MacroFailure(f"No transform named {full_name(name, self.account)} found.")

    def whole(self, transform: Any, data: dict[str, Any]) -> dict[str, Any]:
        """The template after a macro of its Transform section."""
        name = _name(transform)
        if name == INCLUDE:
            return {**data, **_fragment(transform, self.scope, self.params)}
        if name == LANGUAGE_EXTENSIONS:
            expanded, problems = expand(data, self.scope)
            if expanded is None:
                raise MacroFailure(problems[0].summary)
            return expanded
        if name == SERVERLESS:
            region = str(self.scope.pseudo.get("AWS::Region", ""))
            values = {**self.scope.pseudo, **self.scope.parameters}
            return {**translated(data, values, region), "Transform": data.get("Transform")}
        if name in SECRETS:
            return _unhosted(name, data)
        given: Params = transform.get("Parameters", {}) if is_map(transform) else {}
        fragment = {key: child for key, child in data.items() if key != "Transform"}
        made = whole_template(self.called(name, given, fragment))
        return {**made, "Transform": data.get("Transform")}

    def nested(self, value: Any) -> Any:
        """The value with what Fn::Transform makes of its siblings, or includes beside them."""
        if is_list(value):
            return [self.nested(child) for child in value]
        if not is_map(value):
            return value
        result = {key: self.nested(child) for key, child in value.items()}
        transform = result.pop("Fn::Transform", None)
        if transform is None:
            return result
        if _name(transform) != INCLUDE:
            return self.called(_name(transform), transform.get("Parameters", {}), result)
        fragment = _fragment(transform, self.scope, self.params)
        return {**result, **fragment} if is_map(fragment) else fragment

    def called(self, name: str, given: Params, fragment: Any) -> Any:
        """What the function of a macro makes of a fragment. It is asked once for each fragment."""
        function, full = self.function(name), full_name(name, self.account)
        if not function:  # AWS's own are for whole templates.
            raise MacroFailure(f"No transform named {full} found.")
        try:
            arguments = evaluate(given, self.scope)
        except EvaluationError as error:
            raise MacroFailure(f"Transform {full} failed with: {error.message}") from error
        said = to_json([name, arguments, fragment])
        request_id = hashlib.sha256(said.encode()).hexdigest()[:32]
        event = macro_event(
            name,
            fragment,
            params=arguments,
            values=self.scope.parameters,
            account=self.account,
            region=str(self.scope.pseudo.get("AWS::Region", "")),
            request_id=request_id,
        )
        invoke = Invoke("lambda", "Invoke", {"FunctionName": function, "Payload": event})
        try:
            answer = lookup(self.params, invoke)
        except Fault as fault:
            raise MacroFailure(f"Transform {full} failed with: {fault.message}") from fault
        raised = bool(answer.get("FunctionError"))
        return fragment_of(full, request_id, answer.get("Payload") or "", raised=raised)


def _unhosted(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """The template, in which no rotation is done by a function of AWS. Raises MacroFailure.

    The transform makes a nested stack of each such function and leaves the rest as it is. AWS:
    AWS::SecretsManager transform.
    """
    for logical_id, resource in data.get("Resources", {}).items():
        properties = resource.get("Properties") if is_map(resource) else None
        if is_map(properties) and "HostedRotationLambda" in properties:
            raise MacroFailure(f"Transform {name} failed with: {_NO_ROTATION.format(logical_id)}")
    return data


def _fragment(transform: dict[str, Any], scope: Scope, params: Params) -> Any:
    """The content of a file to include; its short forms of functions are not supported by AWS."""
    written = transform.get("Parameters", {}).get("Location")
    try:
        where = evaluate(written, scope)
    except EvaluationError as error:
        raise MacroFailure(f"{_FAILED}{error.message}") from error
    if not isinstance(where, str) or not where.startswith("s3://"):
        raise MacroFailure(f"{_FAILED}The location parameter is not a valid S3 uri.")
    bucket, _, key = where.removeprefix("s3://").partition("/")
    invoke = get_object(f"https://s3.amazonaws.com/{bucket}/{key}")
    try:
        body = lookup(params, invoke)["Body"]
    except Fault as fault:
        raise MacroFailure(f"{_FAILED}{_why(fault, bucket, key)}") from fault
    data, wrong = fragment_in(body)
    if wrong:
        raise MacroFailure(f"{_FAILED}{wrong}")
    return data


def _why(fault: Fault, bucket: str, key: str) -> str:
    """Recorded: the first sentence."""
    if fault.code == "NoSuchBucket":
        return f"S3 bucket [{bucket}] does not exist."
    if fault.code == "NoSuchKey":
        return f"The specified S3 object [{bucket}/{key}] does not exist."
    return fault.message


def written(data: Mapping[str, Any]) -> str:
    """A processed template as JSON text; numbers keep their digits."""
    return json.dumps(data, default=_digits)


def _digits(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not belong in a template")
