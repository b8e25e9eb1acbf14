"""Properties as an API wants them: numbers as numbers, booleans as booleans, text as text.

A template may write ``Port: "80"`` or ``Enabled: "true"``; CloudFormation converts by the schema.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy.cloudformation.schema import Choices, Schema
from understudy.cloudformation.structure import is_number
from understudy.cloudformation.value import is_list, is_map, is_scalar, text


def coerce(properties: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """The properties with every scalar in the type that the schema gives it.

    What the schema says nothing of keeps its type; ``Decimal`` becomes float there. Values that do
    not fit are left as they are, for `validate` to name, and unknown ones too.
    """
    return _coerced(dict(properties), schema.raw, schema)


def _coerced(value: Any, node: Any, schema: Schema) -> Any:
    choices = schema.choices(node)
    if is_map(value):
        return {key: _member(key, child, choices, schema) for key, child in value.items()}
    if is_list(value):
        items = next((choice["items"] for choice in choices if "items" in choice), None)
        return [_coerced(child, items, schema) for child in value]
    return _scalar(value, choices) if is_scalar(value) else value


def _member(key: str, child: Any, choices: Choices, schema: Schema) -> Any:
    for choice in choices:
        if key in choice.get("properties", {}):
            return _coerced(child, choice["properties"][key], schema)
    for choice in choices:
        for below in (*choice.get("patternProperties", {}).values(), _rest(choice)):
            if below:
                return _coerced(child, below, schema)
    return _coerced(child, {}, schema)


def _rest(choice: Mapping[str, Any]) -> Any:
    """The schema of properties that are not named."""
    rest = choice.get("additionalProperties")
    return rest if is_map(rest) else None


def _scalar(value: Any, choices: Choices) -> Any:
    kinds = [kind for choice in choices for kind in _kinds(choice)]
    if not kinds:
        return float(value) if isinstance(value, Decimal) else value
    fitting = (_converted(value, kind) for kind in kinds)
    return next((result for result in fitting if result is not None), value)


def _kinds(choice: Mapping[str, Any]) -> list[str]:
    kind = choice.get("type", [])
    return kind if is_list(kind) else [kind]


def _converted(value: Any, kind: str) -> Any:
    """The value as this type, or None if it is not of it."""
    written = text(value)
    if kind == "string":
        return written
    if kind == "boolean" and written.lower() in ("true", "false"):
        return written.lower() == "true"
    if kind == "integer" and written.lstrip("+-").isdecimal():
        return int(written)
    if kind == "number" and is_number(value):
        number = Decimal(written)
        return int(number) if number == number.to_integral_value() else float(number)
    return None
