"""Line and column of a path in a template's text, found when a diagnostic needs them."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from understudy.base.diagnostic import Diagnostic, Mark, Path
from understudy.cloudformation.parse import SHORT_FORMS, Loader, is_json


class _Token(NamedTuple):
    """A scalar (``kind`` is ""), the opening ``{`` or ``[`` of a collection, or the end ``}``."""

    kind: str
    text: str
    function: str | None
    line: int
    column: int


Place = tuple[int, int]


def locate(source: str, path: Path, file: str = "template") -> Mark | None:
    """Where a path stands: its key, or its list item, else the nearest parent that exists.

    None for the empty path of a text that is no collection. A short form counts as the step that it
    stands for: ``("Resources", "A", "Properties", "Name", "Ref")`` is the place of ``!Ref``.
    """
    return _nearest(_places(source, [path]), path, file)


def marked(
    source: str, diagnostics: Iterable[Diagnostic], file: str = "template"
) -> list[Diagnostic]:
    """The diagnostics with their marks; the text is read once for all of them."""
    found = list(diagnostics)
    places = _places(source, [d.path for d in found if d.mark is None])
    return [d if d.mark else d.at(_nearest(places, d.path, file)) for d in found]


def _nearest(places: dict[Path, Place], path: Path, file: str) -> Mark | None:
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return Mark(file, *places[path[:length]])
    return None


def _places(source: str, paths: list[Path]) -> dict[Path, Place]:
    wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
    if not wanted:
        return {}
    places: dict[Path, Place] = {}
    walk = _Walk()
    with suppress(yaml.YAMLError):  # what stands before a syntax error can be found all the same
        for token in _json_tokens(source) if is_json(source) else _yaml_tokens(source):
            for path in walk.feed(token):
                if path in wanted:
                    places[path] = (token.line, token.column)
    return places


class _Walk:
    """Follows the path through a stream of tokens."""

    __slots__ = ("frames", "key_next")

    def __init__(self) -> None:
        self.frames: list[tuple[str, list[str | int]]] = []
        self.key_next = False

    def feed(self, token: _Token) -> list[Path]:
        """The paths that stand at this token."""
        if token.kind == "}":
            self.frames.pop()
            return self._done([])
        if self.key_next:
            self.frames[-1][1][:] = [token.text]
            self.key_next = False
            return [self._path()]
        return self._value(token)

    def _value(self, token: _Token) -> list[Path]:
        inside_map = bool(self.frames) and self.frames[-1][0] == "{"
        here = self._path()
        found = [] if inside_map else [here]
        if token.function is not None:
            found.append((*here, token.function))
        if token.kind:
            step: list[str | int] = [] if token.function is None else [token.function]
            self._open(token.kind, step)
            return found
        if token.function == "Fn::GetAtt":
            found += [(*here, token.function, index) for index in (0, 1)]
        return self._done(found)

    def _open(self, kind: str, function: list[str | int]) -> None:
        if function:
            self.frames.append(("!", function))
        self.frames.append((kind, [0] if kind == "[" else []))
        self.key_next = kind == "{"

    def _done(self, found: list[Path]) -> list[Path]:
        """A value is complete: go on to the next key or item."""
        while self.frames and self.frames[-1][0] == "!":
            self.frames.pop()
        if self.frames:
            kind, step = self.frames[-1]
            self.key_next = kind == "{"
            if kind == "[":
                step[0] = int(step[0]) + 1
        return found

    def _path(self) -> Path:
        return tuple(step for _, steps in self.frames for step in steps)


def _yaml_tokens(source: str) -> Iterator[_Token]:
    next_event = Loader(source.removeprefix("\ufeff")).get_event
    while (event := next_event()).__class__ is not yaml.StreamEndEvent:
        token = _yaml_token(event)
        if token is not None:
            yield token


_KINDS: dict[Any, str] = {
    yaml.ScalarEvent: "",
    yaml.AliasEvent: "",
    yaml.MappingStartEvent: "{",
    yaml.SequenceStartEvent: "[",
    yaml.MappingEndEvent: "}",
    yaml.SequenceEndEvent: "}",
}


def _yaml_token(event: Any) -> _Token | None:
    if event.__class__ not in _KINDS:
        return None
    mark = event.start_mark
    function = SHORT_FORMS.get(getattr(event, "tag", None) or "")
    value = getattr(event, "value", "")
    return _Token(_KINDS[event.__class__], value, function, mark.line + 1, mark.column + 1)


_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{\[])|([}\]])|([^\s,:{}\[\]"]+)|(\n)', re.DOTALL)


def _json_tokens(source: str) -> Iterator[_Token]:
    line, start = 1, 0
    for match in _JSON_TOKEN.finditer(source):
        if match[5]:
            line, start = line + 1, match.end()
            continue
        kind = "}" if match[3] else match[2] or ""
        yield _Token(kind, _unescaped(match[1]), None, line, match.start() - start + 1)


def _unescaped(text: str | None) -> str:
    """A JSON key; the value of an escaped one is rare enough to ask Python."""
    if text is None or "\\" not in text:
        return text or ""
    return str(json.loads(f'"{text}"'))
