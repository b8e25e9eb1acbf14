"""An AWS API fault: the one exception class that becomes an error answer on the wire."""

from collections.abc import Mapping
from typing import Any


class Fault(Exception):  # noqa: N818 - AWS calls it a fault
    """What an AWS API answers when it refuses.

    ``code`` is the wire code (``ValidationError``, ``NoSuchBucket``), ``status`` the HTTP status,
    ``fields`` further members of the modelled error shape.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields: Mapping[str, Any] = fields or {}


def validation_error(message: str) -> Fault:
    """The fault of the query services for bad input: ``ValidationError``, HTTP 400."""
    return Fault("ValidationError", message)


def validation_exception(message: str) -> Fault:
    """The fault of the JSON services for bad input: ``ValidationException``, HTTP 400."""
    return Fault("ValidationException", message)
