"""Form parameters of the query and EC2 protocols to values, by shape.

``MetricData.member.1.Dimensions.member.2.Name=x`` becomes nested nodes by its dots, which are then
read by shape. EC2 lists have no ``member`` and EC2 names are capitalised.
AWS: Smithy, awsQuery and ec2Query.
"""

from collections.abc import Callable, Iterable
from typing import Any

from understudy.api.wire.models import Ref, ServiceModel
from understudy.api.wire.scalars import Malformed, blob, boolean, integer, number
from understudy.api.wire.timestamps import parse_timestamp

Node = Any
"""A text, or a dict of nodes; a text beside children stands under the empty name."""

ReadNode = Callable[[Node], Any]
_DEEPEST = 100


def form_tree(pairs: Iterable[tuple[str, str]]) -> dict[str, Node]:
    """Parameters nested by the dots in their names; of equal names the last one holds.

    >>> form_tree([("Tags.member.1.Key", "a"), ("StackName", "web")])
    {'Tags': {'member': {'1': {'Key': 'a'}}}, 'StackName': 'web'}
    """
    branches: dict[str, dict[str, Node]] = {"": {}}
    for key, value in pairs:
        prefix, _, last = key.rpartition(".")
        # Names come in runs of equal prefixes: only the first of a run is taken apart.
        node = branches.get(prefix)
        if node is None:
            node = branches[prefix] = _branch(branches[""], prefix)
        if type(node.get(last)) is dict:
            node[last][""] = value
        else:
            node[last] = value
    return branches[""]


def _branch(node: dict[str, Node], prefix: str) -> dict[str, Node]:
    for part in prefix.split(".", _DEEPEST):
        child: Node = node.get(part)
        if child is None or type(child) is str:
            child = node[part] = {} if child is None else {"": child}
        node = child
    return node


class FormReader:
    """Readers for the shapes of one service."""

    def __init__(self, model: ServiceModel, *, is_ec2: bool) -> None:
        self._model = model
        self._is_ec2 = is_ec2
        self._structures: dict[str, ReadNode] = {}

    def structure(self, name: str) -> ReadNode:
        """The reader of a node whose children are the members of a structure."""
        if name in self._structures:
            return self._structures[name]
        members: dict[str, tuple[str, ReadNode]] = {}

        def read(node: Node) -> dict[str, Any]:
            values: dict[str, Any] = {}
            for key, child in _children(node).items():
                known = members.get(key)
                if known is not None:
                    values[known[0]] = known[1](child)
            return values

        self._structures[name] = read
        for member, ref in self._model.shapes[name].members.items():
            members[self._name(ref, member)] = (member, self._value(ref))
        return read

    def _name(self, ref: Ref, member: str) -> str:
        shape = self._model.shapes[ref.shape]
        if self._is_ec2:
            name = ref.location_name or shape.location_name or member
            return ref.query_name or name[0].upper() + name[1:]
        if shape.member and (ref.flattened or shape.flattened) and shape.member.location_name:
            return shape.member.location_name
        return ref.location_name or shape.location_name or member

    def _value(self, ref: Ref) -> ReadNode:
        shape = self._model.shapes[ref.shape]
        flattened = ref.flattened or shape.flattened or self._is_ec2
        match shape.type:
            case "structure":
                return self.structure(ref.shape)
            case "list" if shape.member:
                holder = "" if flattened else shape.member.location_name or "member"
                return _list(self._value(shape.member), holder)
            case "map" if shape.key and shape.value:
                return _map(
                    shape.key.location_name or "key",
                    shape.value.location_name or "value",
                    self._value(shape.value),
                    "" if flattened else "entry",
                )
            case _:
                return _scalar(shape.type)


def _children(node: Node, kind: str = "complex") -> dict[str, Node]:
    """The nodes under a node; an empty text has none, so an empty list arrives as ``Tags=``."""
    if type(node) is not str:
        return node
    if node:
        raise Malformed(f"Unexpected {kind} element termination")
    return {}


def _numbered(node: Node, holder: str) -> list[Node]:
    """The children ``1``, ``2``, ... of a node in order; gaps close up."""
    children = _children(node, "list")
    if holder:
        children = _children(children.get(holder, ""), "list")
    numbers = [key for key in children if key.isascii() and key.isdigit() and len(key) < 10]
    return [children[key] for key in sorted(numbers, key=int)]


def _list(item: ReadNode, holder: str) -> ReadNode:
    return lambda node: [item(child) for child in _numbered(node, holder)]


def _map(key_name: str, value_name: str, value: ReadNode, holder: str) -> ReadNode:
    def read(node: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for entry in map(_children, _numbered(node, holder)):
            key = entry.get(key_name)
            if type(key) is not str:
                raise Malformed("The entry of a map has no key")
            values[key] = value(entry.get(value_name, ""))
        return values

    return read


def _text(node: Node) -> str:
    if type(node) is str:
        return node
    if "" not in node:
        raise Malformed("Start of complex element found where not expected")
    return node[""]


def _scalar(shape_type: str) -> ReadNode:
    match shape_type:
        case "boolean":
            return lambda node: boolean(_text(node))
        case "integer" | "long":
            return lambda node: integer(_text(node), shape_type)
        case "float" | "double":
            return lambda node: number(_text(node))
        case "timestamp":
            return lambda node: parse_timestamp(_text(node))
        case "blob":
            return lambda node: blob(_text(node))
        case _:
            return _text
