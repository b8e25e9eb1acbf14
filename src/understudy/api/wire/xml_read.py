"""XML documents to values, by shape.

Compiled once for each shape: a structure is one pass over its children. A document type declaration
is refused where it begins, so entities are never defined, let alone expanded.
"""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from understudy.api.wire.models import Ref, ServiceModel
from understudy.api.wire.scalars import Malformed, blob, boolean, integer, number
from understudy.api.wire.timestamps import parse_timestamp

ReadElement = Callable[[Element], Any]
Store = Callable[[dict[str, Any], Element], None]


class _NoDoctype(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Malformed("A document type declaration is not allowed")


def parse_document(body: bytes) -> Element:
    """The root element of an XML document in UTF-8. Raises Malformed."""
    parser = XMLParser(target=_NoDoctype(), encoding="utf-8")  # noqa: S314 - no DTD, no entities
    try:
        parser.feed(body)
        return parser.close()
    except ParseError as error:
        raise Malformed(f"The XML is not well-formed: {error}") from error


def local_name(element: Element) -> str:
    """The tag of an element without its namespace."""
    return element.tag.rpartition("}")[2]


class XmlReader:
    """Readers for the shapes of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._structures: dict[tuple[str, bool], ReadElement] = {}

    def value(self, ref: Ref) -> ReadElement:
        """The reader of an element that holds a value of a shape."""
        shape = self._model.shapes[ref.shape]
        match shape.type:
            case "structure":
                return self.structure(ref.shape)
            case "list" if shape.member:
                item = self.value(shape.member)
                return lambda element: [item(child) for child in element]
            case "map":
                entry = self._entry(ref)
                return lambda element: dict(map(entry, element))
            case _:
                return _scalar(shape.type)

    def structure(self, name: str, *, body: bool = False) -> ReadElement:
        """The reader of an element whose children are the members of a structure.

        ``body`` leaves out the members that stand in the path, the query or the HTTP headers.
        """
        if (name, body) in self._structures:
            return self._structures[name, body]
        children: dict[str, Store] = {}
        attributes: dict[str, str] = {}

        def read(element: Element) -> dict[str, Any]:
            values: dict[str, Any] = {}
            for child in element:
                store = children.get(child.tag.rpartition("}")[2])
                if store is not None:
                    store(values, child)
            if attributes:
                values.update(_attributes(element, attributes))
            return values

        self._structures[name, body] = read
        for member, ref in self._model.shapes[name].members.items():
            wire_name = ref.location_name or self._model.shapes[ref.shape].location_name or member
            if ref.xml_attribute:
                attributes[wire_name.rpartition(":")[2]] = member
            elif not (body and ref.location):
                children |= self._stores(member, ref, wire_name)
        return read

    def _stores(self, member: str, ref: Ref, name: str) -> dict[str, Store]:
        """How to keep a member, by the names of the elements that it may stand in."""
        shape = self._model.shapes[ref.shape]
        if not (ref.flattened or shape.flattened):
            return {name: _store_one(member, self.value(ref))}
        if shape.member:
            store = _store_item(member, self.value(shape.member))
            return {name: store, shape.member.location_name or name: store}
        return {name: _store_entry(member, self._entry(ref))}

    def _entry(self, ref: Ref) -> ReadElement:
        shape = self._model.shapes[ref.shape]
        if shape.key is None or shape.value is None:
            raise TypeError(f"{ref.shape} is not a map")
        key_name = shape.key.location_name or "key"
        value_name = shape.value.location_name or "value"
        read_value = self.value(shape.value)

        def read(element: Element) -> tuple[str, Any]:
            found = {local_name(child): child for child in element}
            if key_name not in found or value_name not in found:
                raise Malformed(f"An entry needs a {key_name} and a {value_name}")
            return found[key_name].text or "", read_value(found[value_name])

        return read


def _store_one(member: str, read: ReadElement) -> Store:
    def store(values: dict[str, Any], element: Element) -> None:
        values[member] = read(element)

    return store


def _store_item(member: str, read: ReadElement) -> Store:
    def store(values: dict[str, Any], element: Element) -> None:
        values.setdefault(member, []).append(read(element))

    return store


def _store_entry(member: str, read: ReadElement) -> Store:
    def store(values: dict[str, Any], element: Element) -> None:
        key, value = read(element)
        values.setdefault(member, {})[key] = value

    return store


def _attributes(element: Element, members: dict[str, str]) -> dict[str, str]:
    found = {name.rpartition("}")[2]: text for name, text in element.attrib.items()}
    return {members[name]: text for name, text in found.items() if name in members}


def _scalar(shape_type: str) -> ReadElement:
    match shape_type:
        case "boolean":
            return lambda element: boolean(element.text or "")
        case "integer" | "long":
            return lambda element: integer(element.text or "", shape_type)
        case "float" | "double":
            return lambda element: number(element.text or "")
        case "timestamp":
            return lambda element: parse_timestamp(element.text or "")
        case "blob":
            return lambda element: blob(element.text or "")
        case _:
            return lambda element: element.text or ""
