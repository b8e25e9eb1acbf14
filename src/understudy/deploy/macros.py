"""Running the macros of a template: AWS::LanguageExtensions and AWS::Include.

The most deeply nested Fn::Transform runs first, then the macros of the Transform section in their
order. AWS: Transform section; AWS::Include transform. Other macros are refused by name.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from understudy.base.diagnostic import Severity
from understudy.base.fault import Fault
from understudy.cloudformation.language_extensions import expand
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.structure import LANGUAGE_EXTENSIONS
from understudy.cloudformation.template import transforms
from understudy.cloudformation.value import is_list, is_map
from understudy.control.events import Params
from understudy.deploy.location import get_object
from understudy.deploy.outside import lookup

INCLUDE = "AWS::Include"
_FAILED = f"Transform {INCLUDE} failed with: "


class MacroFailure(Exception):  # noqa: N818 - it reports the user's template
    """A macro could not be run; the message is CloudFormation's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def macros(data: Mapping[str, Any]) -> list[str]:
    """The names of all macros that a template uses, each once."""
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


def processed(data: Mapping[str, Any], scope: Scope, params: Params) -> dict[str, Any]:
    """The template with all its macros run.

    ``scope`` has parameters and pseudo parameters. Raises MacroFailure, and Missing where a file
    to include has not been looked up.
    """
    account = str(scope.pseudo.get("AWS::AccountId", ""))
    for name in macros(data):
        if name not in (LANGUAGE_EXTENSIONS, INCLUDE):
            full = name if name.startswith("AWS::") else f"{account}::{name}"
            raise MacroFailure(f"No transform named {full} found.")
    ready = replace(scope, mappings=data.get("Mappings", {}), extensions=True)
    result: dict[str, Any] = _included(dict(data), ready, params)
    for each in transforms(data):
        if is_map(each):
            result = {**result, **_fragment(each, ready, params)}
        elif each == LANGUAGE_EXTENSIONS:
            expanded, problems = expand(result, ready)
            if expanded is None:
                raise MacroFailure(problems[0].summary)
            result = expanded
    return result


def _included(value: Any, scope: Scope, params: Params) -> Any:
    """The value with what Fn::Transform includes in place of it, beside its siblings."""
    if is_list(value):
        return [_included(child, scope, params) for child in value]
    if not is_map(value):
        return value
    result = {key: _included(child, scope, params) for key, child in value.items()}
    transform = result.pop("Fn::Transform", None)
    if transform is None:
        return result
    fragment = _fragment(transform, scope, params)
    return {**result, **fragment} if is_map(fragment) else fragment


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
    data, problems = parse(body)
    wrong = [each.summary for each in problems if each.severity is Severity.ERROR]
    if wrong:
        raise MacroFailure(f"{_FAILED}{wrong[0]}")
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
