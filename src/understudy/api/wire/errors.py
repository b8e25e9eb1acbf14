"""What the model of a service says of an error: its name, its code on the wire, its HTTP status."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from understudy.api.wire.models import Shape, service_model
from understudy.base.fault import Fault

_UNMODELLED = Shape("structure")


@dataclass(frozen=True, slots=True)
class WireError:
    """A fault as its service models it.

    ``name`` is the name of its shape and ``code`` what query and XML clients get: the shape
    ``ChangeSetNotFoundException`` has the code ``ChangeSetNotFound``. Both are the fault's own
    code, and ``shape`` has no members, where the service does not model it. ``fields`` are members
    of the shape, ``extra`` are not: S3 tells which key does not exist, and models no member for it.
    """

    name: str
    code: str
    status: int
    message: str
    shape: Shape
    fields: Mapping[str, Any]
    extra: Mapping[str, Any]

    @property
    def blame(self) -> str:
        """Whose fault it is, in AWS's words."""
        return "Sender" if self.status < 500 else "Receiver"


def wire_error(service: str, fault: Fault) -> WireError:
    """A fault, by the name or the code of its shape, as the service models it."""
    name = _names(service).get(fault.code) if service else None
    shape = service_model(service).shapes[name] if name else _UNMODELLED
    trait = shape.error
    given = {member: value for member, value in fault.fields.items() if value is not None}
    return WireError(
        name=name or fault.code,
        code=(trait and trait.code) or fault.code,
        status=(trait and trait.http_status_code) or fault.status,
        message=fault.message,
        shape=shape,
        fields={member: value for member, value in given.items() if member in shape.members},
        extra={member: value for member, value in given.items() if member not in shape.members},
    )


@cache
def _names(service: str) -> dict[str, str]:
    shapes = service_model(service).shapes
    errors = {name: shape.error for name, shape in shapes.items() if shape.exception or shape.error}
    coded = {trait.code: name for name, trait in errors.items() if trait and trait.code}
    return coded | {name: name for name in errors}
