"""Answers of operations held against AWS's own service models."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

TYPES = {
    "timestamp": (float,),
    "double": (float, int),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
}


def differences(value: Any, shape: Shape, place: str) -> list[str]:
    """Where a value is not of a shape."""
    if isinstance(shape, StructureShape):
        found = [f"{place}.{name} is unknown" for name in value if name not in shape.members]
        for name, member in shape.members.items():
            if name in value:
                found += differences(value[name], member, f"{place}.{name}")
            elif name in shape.required_members:
                found.append(f"{place}.{name} is missing")
        return found
    if isinstance(shape, ListShape):
        return [each for item in value for each in differences(item, shape.member, f"{place}[]")]
    if isinstance(shape, MapShape):
        return [each for item in value.values() for each in differences(item, shape.value, place)]
    found = [] if isinstance(value, TYPES[shape.type_name]) else [f"{place} is {value!r}"]
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        found.append(f"{place} is {value!r}, not one of {allowed}")
    longest = shape.metadata.get("max")
    if isinstance(value, str) and longest and len(value) > longest:
        found.append(f"{place} has {len(value)} characters, at most {longest}")
    return found
