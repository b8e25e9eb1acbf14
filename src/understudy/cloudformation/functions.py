"""What the functions compute once their arguments are known: plain functions over plain values.

AWS: Intrinsic function reference.
"""

import base64
import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from understudy.base.diagnostic import Path
from understudy.cloudformation.intrinsics import (
    CIDR,
    JOIN,
    LENGTH,
    SELECT,
    SPLIT,
    TO_JSON,
    index_of,
    string_typed,
)
from understudy.cloudformation.unknown import Unknown
from understudy.cloudformation.value import is_list, is_map, is_scalar, text


class EvaluationError(Exception):
    """A function cannot be evaluated. ``message`` is AWS's sentence, ``path`` where it stands."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class MappingError(EvaluationError):
    """A mapping has no such map or key: CloudFormation refuses the template at once."""


def join(delimiter: str, members: Any) -> str:
    """The members with the delimiter between them.

    >>> join("-", ["a", 1, True])
    'a-1-true'
    """
    if not is_list(members) or not all(map(is_scalar, members)):
        raise EvaluationError(JOIN)
    return delimiter.join(map(text, members))


def split(delimiter: str, source: Any) -> list[str]:
    """The parts between the delimiters; empty ones count.

    >>> split(",", "a,,b")
    ['a', '', 'b']
    """
    if not is_scalar(source) or not delimiter:
        raise EvaluationError(SPLIT)
    return text(source).split(delimiter)


def select(index: Any, members: Any) -> Any:
    """One member of a list, counted from 0.

    >>> select("1", ["a", "b"])
    'b'
    """
    place = index_of(index)
    if place is None or not is_list(members):
        raise EvaluationError(SELECT)
    if not 0 <= place < len(members):
        message = f"Template error: Fn::Select cannot select nonexistent value at index {place}"
        raise EvaluationError(message)
    return members[place]


def find_in_map(mappings: Mapping[str, Any], keys: list[Any], default: Any = None) -> Any:
    """The value under the map's name and two keys, or the default if one is given."""
    names = [text(key) for key in keys]
    value: Any = mappings
    for name in names:
        value = value.get(name) if is_map(value) else None
    if value is not None:
        return value
    if default is not None:
        return default
    if names[0] not in mappings:
        raise MappingError(
            f"Template error: Mapping named '{names[0]}' is not present in the 'Mappings' section "
            "of template."
        )
    raise MappingError(f"Template error: Unable to get mapping for {'::'.join(names)}")


def to_base64(source: Any) -> str:
    """The text in Base64.

    >>> to_base64("hello")
    'aGVsbG8='
    """
    if not is_scalar(source):
        raise EvaluationError(string_typed("Fn::Base64"))
    return base64.b64encode(text(source).encode()).decode()


def cidr(block: Any, count: Any, bits: Any = None) -> list[str]:
    """The first ``count`` subnets that have ``bits`` host bits; host bits of the block are dropped.

    >>> cidr("10.0.0.0/16", 2, 8)
    ['10.0.0.0/24', '10.0.1.0/24']
    """
    how_many = index_of(count)
    try:
        network = ipaddress.ip_network(text(block), strict=False)
    except ValueError:
        raise EvaluationError(f"{CIDR} {block} is no IP block.") from None
    host_bits = (8 if network.version == 4 else 64) if bits is None else index_of(bits)
    if how_many is None or not 1 <= how_many <= 256 or host_bits is None:
        raise EvaluationError(CIDR)
    prefix = network.max_prefixlen - host_bits
    if not network.prefixlen <= prefix <= network.max_prefixlen:
        raise EvaluationError(f"{CIDR} {network} has no subnets of {host_bits} bits.")
    if how_many > 1 << (prefix - network.prefixlen):
        raise EvaluationError(f"{CIDR} {network} has fewer than {count} such subnets.")
    first = int(network.network_address)
    kind = type(network.network_address)
    return [f"{kind(first + (index << host_bits))}/{prefix}" for index in range(how_many)]


def length(members: Any) -> int:
    """How many members a list has."""
    if not is_list(members):
        raise EvaluationError(LENGTH)
    return len(members)


def to_json(value: Any) -> str:
    """Compact JSON text of a map or a list; numbers keep their digits.

    >>> to_json({"a": [1, True, "x"]})
    '{"a":[1,true,"x"]}'
    """
    if not (is_map(value) or is_list(value)):
        raise EvaluationError(TO_JSON)
    return _json(value)


def _json(value: Any) -> str:
    if is_map(value):
        members = (f"{json.dumps(key)}:{_json(child)}" for key, child in value.items())
        return f"{{{','.join(members)}}}"
    if is_list(value):
        return f"[{','.join(map(_json, value))}]"
    return json.dumps(value) if isinstance(value, str) else text(value)


def equals(left: Any, right: Any) -> bool:
    """Whether two values are the same text, or the same list.

    >>> equals("80", 80), equals(True, "true"), equals("a", "A")
    (True, True, False)
    """
    return _comparable(left) == _comparable(right)


def _comparable(value: Any) -> Any:
    if is_list(value):
        return [_comparable(member) for member in value]
    return value if is_map(value) or isinstance(value, Unknown) else text(value)
