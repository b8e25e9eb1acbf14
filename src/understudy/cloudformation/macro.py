"""Custom macros: what their Lambda function is sent, and what it may answer.

AWS: Create a CloudFormation macro definition. The sentences were recorded from AWS.
"""

import json
from collections.abc import Mapping
from typing import Any

from understudy.cloudformation.functions import to_json
from understudy.cloudformation.value import is_map, number


class MacroFailure(Exception):  # noqa: N818 - it reports the user's template
    """A macro could not be run; the message is CloudFormation's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def macro_event(
    name: str,
    fragment: Any,
    *,
    params: Mapping[str, Any],
    values: Mapping[str, Any],
    account: str,
    region: str,
    request_id: str,
) -> str:
    """The event that a macro's function gets, as JSON text.

    ``name`` is as in the template, ``params`` are those of the macro's call, ``values`` those of
    the template's parameters.
    """
    return to_json(
        {
            "region": region,
            "accountId": account,
            "fragment": fragment,
            "transformId": full_name(name, account),
            "params": dict(params),
            "requestId": request_id,
            "templateParameterValues": dict(values),
        }
    )


def full_name(name: str, account: str) -> str:
    """A macro's name as CloudFormation's sentences give it; AWS's own have no account.

    >>> full_name("Count", "111122223333"), full_name("AWS::Include", "111122223333")
    ('111122223333::Count', 'AWS::Include')
    """
    return name if name.startswith("AWS::") or "::" in name else f"{account}::{name}"


def fragment_of(name: str, request_id: str, payload: str | bytes, *, raised: bool = False) -> Any:
    """The fragment in the answer of a macro's function.

    ``name`` is the full one; ``raised`` says that the function ended with an error. Raises
    MacroFailure where the function failed, or did not answer as a macro has to.
    """
    malformed = MacroFailure(f"Received malformed response from transform {name}")
    try:
        reply = json.loads(payload, parse_float=number, parse_int=number)
    except ValueError:
        raise malformed from None
    if raised or not is_map(reply) or reply.get("requestId") != request_id:
        raise malformed
    if str(reply.get("status", "")).lower() != "success":
        said = reply.get("errorMessage")
        why = f"failed with: {said}" if said else "failed without an error message."
        raise MacroFailure(f"Transform {name} {why}")
    if "fragment" not in reply:
        raise malformed
    return reply["fragment"]


def whole_template(fragment: Any) -> dict[str, Any]:
    """What a macro of the Transform section made, which has to be a template again."""
    if not is_map(fragment):
        raise MacroFailure("Template format error: unsupported structure.")
    return fragment
