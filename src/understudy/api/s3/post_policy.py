"""The policy in an upload form: until when it may be used, and what its fields may say.

AWS: Creating a POST policy.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property

import msgspec

from understudy.base.fault import Fault
from understudy.storage.s3 import faults
from understudy.storage.s3.body import SIZE_LIMIT

_RANGE = "content-length-range"
_UNCHECKED = frozenset({"policy", "file", "x-amz-signature", "signature", "awsaccesskeyid"})

Condition = tuple[str, str | int, str | int]
"""``("eq", "$key", "digits")``, or ``("content-length-range", 1, 1024)``."""


class PostPolicy(msgspec.Struct, frozen=True, dict=True):
    """A policy as the form has it. Without one, ``conditions`` is empty and nothing is checked."""

    expiration: datetime | None = None
    conditions: tuple[dict[str, str] | Condition, ...] = ()

    @cached_property
    def tests(self) -> tuple[Condition, ...]:
        """The conditions, all in the form of ``Condition``."""
        return tuple(self._tests())

    def _tests(self) -> Iterator[Condition]:
        for condition in self.conditions:
            if isinstance(condition, dict):
                yield from (("eq", f"${name}", value) for name, value in condition.items())
            else:
                yield condition

    def check_fields(self, fields: Mapping[str, str], wall: float) -> None:
        """Raise AccessDenied where the policy has expired or does not allow what a form says."""
        if self.expiration is None:
            return
        if self.expiration.timestamp() < wall:
            raise faults.access_denied("Invalid according to Policy: Policy expired.")
        named = set(_UNCHECKED)
        for operator, name, value in self.tests:
            if operator != _RANGE:
                field = str(name).removeprefix("$").lower()
                named.add(field)
                _check_field(operator, name, value, fields.get(field, ""))
        for field in fields:
            if field not in named and not field.startswith("x-ignore-"):
                message = f"Invalid according to Policy: Extra input fields: {field}"
                raise faults.access_denied(message)

    def check_size(self, size: int) -> None:
        """Raise EntityTooSmall or EntityTooLarge for a file of a size that is not allowed."""
        ranges = [(low, high) for operator, low, high in self.tests if operator == _RANGE]
        for low, high in ranges or [(0, SIZE_LIMIT)]:
            if size < int(low):
                message = "Your proposed upload is smaller than the minimum allowed size"
                fields = {"ProposedSize": size, "MinSizeAllowed": low}
                raise Fault("EntityTooSmall", message, 400, fields)
            if size > int(high):
                message = "Your proposed upload exceeds the maximum allowed size"
                fields = {"ProposedSize": size, "MaxSizeAllowed": high}
                raise Fault("EntityTooLarge", message, 400, fields)


def _check_field(operator: str, name: str | int, value: str | int, given: str) -> None:
    allowed = given == value if operator == "eq" else given.startswith(str(value))
    if not allowed:
        text = msgspec.json.encode([operator, name, value]).decode()
        message = f"Invalid according to Policy: Policy Condition failed: {text}"
        raise faults.access_denied(message)


def post_policy(fields: Mapping[str, str]) -> PostPolicy:
    """The policy in the fields of a form. Raises InvalidPolicyDocument."""
    if "policy" not in fields:
        return PostPolicy()
    try:
        policy = msgspec.json.decode(b64decode(fields["policy"]), type=PostPolicy)
        limits = [int(bound) for test in policy.tests if test[0] == _RANGE for bound in test[1:]]
    except (ValueError, RecursionError):
        policy, limits = PostPolicy(), [0]
    if policy.expiration is None or any(limit < 0 for limit in limits):
        raise Fault("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.", 400)
    return policy
