"""Lambda of one region: which function and version a request means."""

import re
from dataclasses import dataclass, field

from understudy.base.arn import arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.permission import permits
from understudy.control.lambda_.state import LATEST, Alias, Function, LambdaState, Version
from understudy.control.turn import Turn

_NAME = re.compile(
    r"(arn:aws:lambda:[a-z0-9-]+:)?(\d{12}:)?(function:)?(?P<name>[\w-]+)(:(?P<qualifier>[\w$-]+))?",
    re.ASCII,
)
"""AWS: FunctionName: a name, a partial or a full ARN, each with or without a qualifier."""


DRAW = "understudy:draw"
"""The member of an invocation that says where in [0, 1) it falls among an alias's versions."""


@dataclass(slots=True)
class Lambda:
    """The service. What a function does is done by the world; here is what is known of it."""

    state: LambdaState = field(default_factory=LambdaState)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """Lambda asks for no timers."""
        raise AssertionError(f"Lambda has no timer {key} at {turn.at}")

    def function(self, named: str, turn: Turn) -> Function:
        """The function that a request names. Raises Fault."""
        name, _ = parsed(named)
        found = self.state.functions.get(name)
        if found is None:
            raise not_found(arn("lambda", turn.region, f"function:{name}"))
        return found

    def may_be_called(self, named: str, caller: Params) -> bool:
        """Whether a function, by its ARN, exists and lets a service call it."""
        name, qualifier = parsed(named)
        found = self.state.functions.get(name)
        return found is not None and permits(found, qualifier, caller)

    def version(self, params: Params, turn: Turn) -> tuple[Function, Version]:
        """The function and version that FunctionName and Qualifier name. Raises Fault."""
        function = self.function(params["FunctionName"], turn)
        qualifier = params.get("Qualifier") or parsed(params["FunctionName"])[1] or LATEST
        alias = function.aliases.get(qualifier)
        number = _routed(alias, params.get(DRAW, 1.0)) if alias else qualifier
        if number == LATEST:
            return function, function.latest
        if number not in function.versions:
            raise not_found(f"{function.arn}:{qualifier}")
        return function, function.versions[number]


def _routed(alias: Alias, draw: float) -> str:
    """The version that an alias sends a call to. AWS: Lambda function weighted alias.

    >>> weighted = Alias("live", "1", "", {"2": 0.1}, "")
    >>> _routed(weighted, 0.09), _routed(weighted, 0.1)
    ('2', '1')
    """
    for version, weight in alias.weights.items():
        draw -= weight
        if draw < 0:
            return version
    return alias.version


def parsed(named: str) -> tuple[str, str]:
    """The name and the qualifier in a FunctionName. Raises Fault.

    >>> parsed("arn:aws:lambda:us-east-1:000000000000:function:resize:live"), parsed("resize")
    (('resize', 'live'), ('resize', ''))
    """
    match = _NAME.fullmatch(named)
    if match is None:
        raise Fault(
            "ValidationException",
            f"1 validation error detected: Value '{named}' at 'functionName' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {_NAME.pattern}",
        )
    return match["name"], match["qualifier"] or ""


def not_found(name: str) -> Fault:
    """What Lambda answers for a function that does not exist."""
    return Fault("ResourceNotFoundException", f"Function not found: {name}", 404)
