"""Template values made to fit an operation's input: names in its case, documents as text."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from understudy.control.events import Params


def fitted(params: Params, shape: Any) -> Params:
    """The parameters that the shape has members for, each as the shape wants it.

    A template writes ``Key`` where some services say ``key``, numbers and booleans where an API
    takes text, and documents where it takes JSON. What the shape has no member for is left out.
    """
    return {} if shape is None else _structure(params, shape)


def _structure(value: Mapping[str, Any], shape: Any) -> Params:
    members: Mapping[str, Any] = shape.members
    found: Params = {}
    for name, child in value.items():
        key = name if name in members else f"{name[:1].swapcase()}{name[1:]}"
        if key in members and child is not None:
            found[key] = _fitted(child, members[key])
    return found


def _fitted(value: Any, shape: Any) -> Any:
    match shape.type_name, value:
        case "structure", dict():
            return _structure(value, shape)  # pyright: ignore[reportUnknownArgumentType]
        case "list", list():
            return [_fitted(each, shape.member) for each in value]  # pyright: ignore[reportUnknownVariableType]
        case "map", dict():
            return {str(key): _fitted(each, shape.value) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case "string", _:
            return _text(value)
        case "blob", str():
            return value.encode()
        case (("integer" | "long"), (str() | float() | Decimal())):
            return int(value)
        case (("float" | "double"), (str() | int() | Decimal())):
            return float(value)
        case "boolean", str():
            return value.lower() == "true"
        case _:
            return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
