"""Stack policies: which resources an update may touch.

AWS: Prevent updates to stack resources. Deny overrides Allow, and what no statement allows is
denied. Recorded: of statements that differ in their effect alone, the last one counts.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from understudy.base.fault import validation_error
from understudy.cloudformation.value import is_list, is_map
from understudy.deploy.stack import Deployment, Stack, StackResource

INVALID = "Error validating stack policy: Invalid stack policy"
ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete", "Update:*")
_OPERATORS = ("StringEquals", "StringLike")


def checked(body: str | None) -> str:
    """A stack policy that a call brings, empty for none. Raises ValidationError."""
    if body is None:
        return ""
    try:
        policy = json.loads(body)
    except ValueError:
        raise validation_error(INVALID) from None
    if not is_map(policy) or not all(map(_is_valid, _statements(policy))):
        raise validation_error(INVALID)
    return body


def _statements(policy: dict[str, Any]) -> list[Any]:
    statements = policy.get("Statement", [])
    return statements if is_list(statements) else [statements]


def _is_valid(statement: Any) -> bool:
    if not is_map(statement) or statement.get("Effect") not in ("Allow", "Deny"):
        return False
    actions = _listed(statement.get("Action", statement.get("NotAction")))
    return (
        statement.get("Principal") == "*"
        and bool(actions)
        and all(action in ACTIONS for action in actions)
        and bool(_listed(statement.get("Resource", statement.get("NotResource"))))
        and all(operator in _OPERATORS for operator in statement.get("Condition", {}))
    )


def _listed(value: Any) -> list[Any]:
    return value if is_list(value) else [] if value is None else [value]


def refusal(stack: Stack, deployment: Deployment, action: str, resource: StackResource) -> str:
    """Why the stack's policy does not let an update do this to a resource, or an empty text."""
    policy = json.loads(deployment.policy or stack.policy or "{}")
    statements = _statements(policy)
    if not statements or deployment.kind != "update":
        return ""
    matching = {
        json.dumps({**statement, "Effect": ""}, sort_keys=True): (number, statement["Effect"])
        for number, statement in enumerate(statements, 1)
        if _matches(statement, action, resource)
    }
    denied = [number for number, effect in matching.values() if effect == "Deny"]
    if denied:
        statement = statements[denied[0] - 1]
        return (
            f"Action denied by stack policy: Statement [#{denied[0]}] does not allow "
            f"[{_written(statement, 'Action')}] for resource [{_written(statement, 'Resource')}]"
        )
    return "" if matching else "Action not allowed by stack policy"


def _written(statement: dict[str, Any], name: str) -> str:
    return ", ".join(map(str, _listed(statement.get(name, statement.get(f"Not{name}")))))


def _matches(statement: dict[str, Any], action: str, resource: StackResource) -> bool:
    return (
        _member(statement, "Action", action)
        and _member(statement, "Resource", f"LogicalResourceId/{resource.logical_id}")
        and all(
            _holds(operator, keys, resource.type)
            for operator, keys in statement.get("Condition", {}).items()
        )
    )


def _member(statement: dict[str, Any], name: str, value: str) -> bool:
    if f"Not{name}" in statement:
        return not _any_like(statement[f"Not{name}"], value)
    return _any_like(statement[name], value)


def _any_like(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, str(pattern)) for pattern in _listed(patterns))


def _holds(operator: str, keys: dict[str, Any], kind: str) -> bool:
    wanted = _listed(keys.get("ResourceType"))
    if operator == "StringEquals":
        return kind in wanted
    return _any_like(wanted, kind)
