"""The text of a template, JSON or YAML, as plain data.

The data are dicts with text keys, lists, ``str``, ``int``, ``bool`` and ``Decimal``; short forms
such as ``!Ref`` are written out. Positions are not kept: `locate` finds them when they are needed.
"""

import json
from collections.abc import Callable
from typing import Any

import yaml

from understudy.base.diagnostic import Diagnostic, Mark, Path
from understudy.cloudformation.value import items, number, plain

MAX_BYTES = 1_000_000
"""AWS: CloudFormation quotas, template body size in an S3 object (a decimal megabyte)."""

MAX_DEPTH = 100
"""Levels of nesting; no template that AWS accepts comes near it."""

SHORT_FORMS = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{
        f"!{name}": f"Fn::{name}"
        for name in (
            "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "GetStackOutput",
            "If", "ImportValue", "Join", "Not", "Or", "Select", "Split", "Sub", "Transform",
        )
    },
}  # fmt: skip
"""YAML tag to function (AWS: Intrinsic function reference); extensions have no short form."""

_STANDARD = {f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "map", "null", "seq")}
_STRING = "tag:yaml.org,2002:str"
_MALFORMED = "Template format error: {} not well-formed."
_UNSUPPORTED = "Template format error: unsupported structure."
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_ALIAS = "Template error: YAML aliases are not allowed in CloudFormation templates"

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's parser over libyaml where it is installed."""


class _Refused(Exception):  # noqa: N818 - it reports the user's text, not an error of ours
    """The text is no template: AWS's sentence, the place (from 1), and more words for people."""

    def __init__(self, summary: str, place: tuple[int, int] | None, detail: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.place = place
        self.detail = detail


def parse(source: str | bytes, file: str = "template") -> tuple[Any, list[Diagnostic]]:
    """The data of a template, or None and what is wrong with the text.

    Of a key that is given twice the last one counts, in JSON and YAML alike, as on AWS. Aliases,
    merge keys, foreign tags and nulls are refused. Time and memory are bounded: `MAX_BYTES`,
    `MAX_DEPTH`.
    """
    try:
        content = _decoded(source)
        data, nulls = _from_json(content) if is_json(content) else _from_yaml(content)
    except _Refused as refusal:
        mark = Mark(file, *refusal.place) if refusal.place else None
        return None, [Diagnostic(refusal.summary, mark=mark, detail=refusal.detail)]
    if nulls:
        return None, [_null(path) for path in sorted(nulls, key=lambda path: [*map(str, path)])]
    return data, []


def is_json(source: str) -> bool:
    """Whether a template is JSON: its first character that is not a space is ``{``."""
    return next((c for c in source if not c.isspace()), "") == "{"


def _decoded(source: str | bytes) -> str:
    if isinstance(source, bytes):
        try:
            source = source[: MAX_BYTES + 4].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _Refused(_MALFORMED.format("YAML"), None, f"not UTF-8: {error}") from None
    source = source.removeprefix("\ufeff")
    try:
        size = len(source) if source.isascii() else len(source.encode())
    except UnicodeEncodeError as error:
        raise _Refused(_MALFORMED.format("YAML"), None, f"not Unicode text: {error}") from None
    if size > MAX_BYTES:
        raise _Refused(f"Template may not exceed {MAX_BYTES} bytes in size.", None)
    return source


def _null(path: Path) -> Diagnostic:
    return Diagnostic(
        f"[/{'/'.join(map(str, path))}] 'null' values are not allowed in templates",
        path,
        action="give the value or remove the key; {Ref: AWS::NoValue} leaves a property out",
    )


# JSON


def _not_json(line: int, column: int, detail: str) -> _Refused:
    summary = f"{_MALFORMED.format('JSON')} (line {line}, column {column})"
    return _Refused(summary, (line, column), detail)


def _constant(name: str) -> Any:
    raise _not_json(1, 1, f"{name} is not JSON")


def _from_json(source: str) -> tuple[Any, list[Path]]:
    try:
        data = json.loads(source, parse_int=number, parse_float=number, parse_constant=_constant)
    except json.JSONDecodeError as error:
        # AWS's parser reports the place after the character at which it stopped.
        raise _not_json(error.lineno, error.colno + 1, error.msg) from None
    except RecursionError:
        raise _Refused(_UNSUPPORTED, None, _TOO_DEEP) from None
    if "\\u" in source:
        _refuse_surrogates(data)
    _refuse_depth(data)
    return data, _nulls(data) if "null" in source else []


def _refuse_surrogates(data: Any) -> None:
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise _not_json(1, 1, "half a surrogate pair in an escape") from None


def _refuse_depth(data: Any) -> None:
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if parent.__class__ is dict else parent)
            if child.__class__ is dict or child.__class__ is list
        ]
        if not level:
            return
    raise _Refused(_UNSUPPORTED, None, _TOO_DEEP)


def _nulls(value: Any, path: Path = ()) -> list[Path]:
    if value is None:
        return [path]
    return [null for step, child in items(value) for null in _nulls(child, (*path, step))]


# YAML


def _not_yaml(mark: Any, detail: str) -> _Refused:
    summary = _MALFORMED.format("YAML")
    if mark is None:
        return _Refused(summary, None, detail)
    place = (mark.line + 1, mark.column + 1)
    return _Refused(f"{summary} (line {place[0]}, column {place[1]})", place, detail)


def _from_yaml(source: str) -> tuple[Any, list[Path]]:
    try:
        return _Composer(Loader(source).get_event).document()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error.problem_mark, error.problem or "") from None
    except yaml.YAMLError as error:
        raise _not_yaml(None, str(error)) from None


_WANTED = object()


class _Composer:
    """Builds data from libyaml's events, without recursion and without nodes."""

    __slots__ = ("container", "key", "next_event", "nulls", "root", "stack")

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self.next_event = next_event
        self.root: list[Any] = []
        self.container: Any = self.root
        self.key: Any = None
        self.stack: list[tuple[Any, Any, str | None]] = []
        self.nulls: list[Path] = []

    def document(self) -> tuple[Any, list[Path]]:
        """The one document of the stream and the paths of its nulls."""
        self._skip_to_content()
        self._compose()
        self.next_event()
        after = self.next_event()
        if after.__class__ is not yaml.StreamEndEvent:
            raise _not_yaml(after.start_mark, "a template is a single document")
        return self.root[0], self.nulls

    def _skip_to_content(self) -> None:
        self.next_event()
        if self.next_event().__class__ is yaml.StreamEndEvent:
            raise _Refused(_UNSUPPORTED, None, "the template is empty")

    def _compose(self) -> None:
        next_event, scalar_event = self.next_event, yaml.ScalarEvent
        while self.stack or not self.root:
            event = next_event()
            if event.__class__ is not scalar_event:
                self._structure(event)
            elif self.key is _WANTED:
                self.key = _key(event)
            elif event.tag is not None:
                self._attach(_tagged(event))
            else:
                self._attach(event.value if event.style else plain(event.value))

    def _attach(self, value: Any) -> None:
        if value is None:
            self.nulls.append(self._path())
        if self.key is None:
            self.container.append(value)
        else:
            self.container[self.key] = value
            self.key = _WANTED

    def _structure(self, event: Any) -> None:
        kind = event.__class__
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            value = self.container
            self.container, self.key, function = self.stack.pop()
            self._attach(value if function is None else {function: value})
        elif kind is yaml.AliasEvent:
            mark = event.start_mark
            raise _Refused(_ALIAS, (mark.line + 1, mark.column + 1), f"*{event.anchor}")
        else:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])

    def _open(self, event: Any, container: Any) -> None:
        if self.key is _WANTED:
            raise _not_yaml(event.start_mark, "a key must be a scalar")
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(_UNSUPPORTED, None, _TOO_DEEP)
        self.stack.append((self.container, self.key, _function(event)))
        self.container = container
        self.key = _WANTED if container.__class__ is dict else None

    def _path(self) -> Path:
        """Where the value that comes next belongs."""
        steps: list[str | int] = []
        frames = [*self.stack, (self.container, self.key, None)]
        for depth, (container, key, function) in enumerate(frames):
            if depth:
                steps.append(len(container) if key is None else key)
            if function is not None:
                steps.append(function)
        return tuple(steps)


def _key(event: Any) -> str:
    if event.tag is not None and event.tag != _STRING:
        raise _not_yaml(event.start_mark, "a key must be plain text")
    if event.value == "<<" and not event.style:
        raise _not_yaml(event.start_mark, "merge keys are not supported")
    return event.value


def _function(event: Any) -> str | None:
    """The function that a tag on a list or a map stands for."""
    tag = event.tag
    if tag is None or tag in _STANDARD:
        return None
    return _known(tag, event)


def _known(tag: str, event: Any) -> str:
    if tag not in SHORT_FORMS:
        raise _not_yaml(event.start_mark, f"{tag} is not a CloudFormation function")
    return SHORT_FORMS[tag]


def _tagged(event: Any) -> Any:
    """The value of a scalar that carries a tag."""
    if event.tag in (_STRING, "!"):
        return event.value
    if event.tag in _STANDARD:
        return plain(event.value)
    function = _known(event.tag, event)
    if function == "Fn::GetAtt":
        return {function: event.value.split(".", 1)}
    return {function: event.value}
