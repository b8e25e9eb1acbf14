"""What a target of a rule is given of an event.

AWS: Amazon EventBridge input transformation.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from understudy.control.events import Params

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_PLACE = re.compile(r'"(?:[^"\\]|\\.)*"|<([^<>"]+)>')
_NAMED = re.compile(r"<([^<>]+)>")


def given(target: Params, event: Params) -> Any:
    """The value that a target receives: the event, a part of it, or what its template makes of it.

    >>> given({"InputPath": "$.detail.state"}, {"detail": {"state": "running"}})
    'running'
    """
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return at_path(event, target["InputPath"])
    transformer: Params = target.get("InputTransformer") or {}
    if transformer:
        paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
        values = {name: at_path(event, path) for name, path in paths.items()}
        return transformed(transformer["InputTemplate"], {**_own(event), **values})
    return event


def _own(event: Params) -> Params:
    return {
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.rule-arn": event.get("resources"),
    }


def at_path(event: Any, path: str) -> Any:
    """The value at a path such as ``$.detail.items[0]``; None where there is none."""
    found = event
    for match in _STEP.finditer(path.removeprefix("$")):
        key = match[1] or match[3] or int(match[2])
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def transformed(template: str, values: Mapping[str, Any]) -> Any:
    """A template with its places filled in: JSON where it is JSON, else text.

    Inside a string a value is written as it is, elsewhere as JSON.

    >>> transformed('{"who": <name>, "said": "Hello <name>"}', {"name": "Ada"})
    {'who': 'Ada', 'said': 'Hello Ada'}
    """

    def fill(match: re.Match[str]) -> str:
        if match[1] is None:
            return _NAMED.sub(lambda each: _plain(values, each), match[0])
        return json.dumps(values[match[1]]) if match[1] in values else match[0]

    text = _PLACE.sub(fill, template)
    try:
        return json.loads(text)
    except ValueError:
        return _NAMED.sub(lambda each: _plain(values, each), template)


def _plain(values: Mapping[str, Any], match: re.Match[str]) -> str:
    if match[1] not in values:
        return match[0]
    value = values[match[1]]
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
