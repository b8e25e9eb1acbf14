"""Values to XML documents, by shape.

Compiled once for each shape into functions that append text to a list. Members that are None are
left out; a member that the shape does not have is a bug and raises.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from understudy.api.wire.models import Namespace, Ref, ServiceModel
from understudy.api.wire.scalars import float_text
from understudy.api.wire.timestamps import TEXT

Write = Callable[[Any, list[str]], None]
Text = Callable[[Any], str]

_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


def escape(text: str) -> str:
    """A text as XML content. Characters that XML cannot hold become U+FFFD: no parser takes them.

    >>> escape("a < b")
    'a &lt; b'
    """
    return _SPECIAL.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0], "\ufffd")


class XmlWriter:
    """Writers for the shapes of one service."""

    def __init__(self, model: ServiceModel, timestamp: Text) -> None:
        """``timestamp`` writes a time where the model does not say how."""
        self._model = model
        self._timestamp = timestamp
        self._structures: dict[tuple[str, bool], Write] = {}

    def members(self, name: str, *, body: bool = False) -> Write:
        """The writer of a structure's members, without an element around them.

        ``body`` leaves out the members that stand in the HTTP headers or status.
        """
        if (name, body) in self._structures:
            return self._structures[name, body]
        writers: list[tuple[str, Write]] = []
        known = frozenset(self._model.shapes[name].members)

        def write(value: Mapping[str, Any], out: list[str]) -> None:
            if not value.keys() <= known:
                raise TypeError(f"{name} has no member {min(value.keys() - known)}")
            for member, write_member in writers:
                found = value.get(member)
                if found is not None:
                    write_member(found, out)

        self._structures[name, body] = write
        for member, ref in self._model.shapes[name].members.items():
            if not (body and ref.location) and not ref.xml_attribute:
                writers.append((member, self.element(ref, member)))
        return write

    def element(self, ref: Ref, default: str) -> Write:
        """The writer of a value in an element, or in several if it is flattened."""
        shape = self._model.shapes[ref.shape]
        name = ref.location_name or shape.location_name or default
        match shape.type:
            case "structure":
                return self._structure(ref, name)
            case "list":
                return self._list(ref, name)
            case "map":
                return self._map(ref, name)
            case _:
                text, opening = self.text(ref), f"<{name}{self.namespace(ref)}>"
                closing = f"</{name}>"
                return lambda value, out: out.append(f"{opening}{text(value)}{closing}")

    def _structure(self, ref: Ref, name: str) -> Write:
        members = self.members(ref.shape)
        opening, closing = f"<{name}{self.namespace(ref)}", f"</{name}>"
        attributes = [
            (member, used.location_name or member)
            for member, used in self._model.shapes[ref.shape].members.items()
            if used.xml_attribute
        ]

        def write(value: Mapping[str, Any], out: list[str]) -> None:
            out.append(opening)
            for member, attribute in attributes:
                if value.get(member) is not None:
                    out.append(f' {attribute}="{escape(value[member])}"')
            out.append(">")
            members(value, out)
            out.append(closing)

        return write

    def _list(self, ref: Ref, name: str) -> Write:
        shape = self._model.shapes[ref.shape]
        if shape.member is None:
            raise TypeError(f"{ref.shape} is not a list")
        flattened = ref.flattened or shape.flattened
        item = self.element(shape.member, name if flattened else "member")
        opening, closing = f"<{name}{self.namespace(ref)}>", f"</{name}>"
        if flattened:
            opening = closing = ""

        def write(value: list[Any], out: list[str]) -> None:
            out.append(opening)
            for each in value:
                item(each, out)
            out.append(closing)

        return write

    def _map(self, ref: Ref, name: str) -> Write:
        shape = self._model.shapes[ref.shape]
        if shape.key is None or shape.value is None:
            raise TypeError(f"{ref.shape} is not a map")
        key, value = self.element(shape.key, "key"), self.element(shape.value, "value")
        flattened = ref.flattened or shape.flattened
        entry = name if flattened else "entry"
        opening, closing = ("", "") if flattened else (f"<{name}>", f"</{name}>")

        def write(values: Mapping[str, Any], out: list[str]) -> None:
            out.append(opening)
            for each_key, each in values.items():
                out.append(f"<{entry}>")
                key(each_key, out)
                value(each, out)
                out.append(f"</{entry}>")
            out.append(closing)

        return write

    def namespace(self, ref: Ref) -> str:
        """The ``xmlns`` attribute of an element, with a space before it, or nothing."""
        return xmlns(ref.xml_namespace or self._model.shapes[ref.shape].xml_namespace)

    def text(self, ref: Ref) -> Text:
        """How to write a scalar."""
        shape = self._model.shapes[ref.shape]
        match shape.type:
            case "boolean":
                return lambda value: "true" if value else "false"
            case "integer" | "long":
                return lambda value: f"{value:d}"
            case "float" | "double":
                return float_text
            case "blob":
                return lambda value: b64encode(value).decode()
            case "timestamp":
                given = ref.timestamp_format or shape.timestamp_format
                return TEXT[given] if given and given != "iso8601" else self._timestamp
            case _:
                return escape


def xmlns(namespace: Namespace | str | None) -> str:
    """The ``xmlns`` attribute of a namespace, with a space before it, or nothing."""
    if namespace is None:
        return ""
    if isinstance(namespace, str):
        return f' xmlns="{namespace}"'
    return f' xmlns{":" if namespace.prefix else ""}{namespace.prefix}="{namespace.uri}"'
