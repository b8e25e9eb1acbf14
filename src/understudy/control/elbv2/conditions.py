"""The conditions of a rule: what AWS accepts, and what `balancing.rules` makes of them.

AWS: RuleCondition; Listeners for your Application Load Balancers, Rule condition types; Quotas for
your Application Load Balancers.
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from understudy.balancing.rules import Condition
from understudy.base.fault import validation_error
from understudy.control.events import Params

CONFIG = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
ONCE = ("host-header", "path-pattern", "http-request-method", "source-ip")
BARE = ("host-header", "path-pattern")
"""Fields whose values may stand in ``Values`` itself."""
MOST_VALUES, MOST_WILDCARDS = 5, 6
LONGEST = 128

_ALLOWED = {
    "host-header": r"[A-Za-z0-9\-.*?_]+",
    "path-pattern": r"""[A-Za-z0-9_\-.$/~"'@:+&()!,;=*?%]+""",
    "http-request-method": r"[A-Z\-_]+",
}


def checked(conditions: Sequence[Params]) -> list[Params]:
    """Conditions as AWS describes them. Raises Fault where it would refuse them."""
    if not conditions:
        raise validation_error("A condition must be specified")
    described = [_checked(each) for each in conditions]
    fields = [each["Field"] for each in described]
    for field in ONCE:
        if fields.count(field) > 1:
            raise validation_error(f"Rules cannot have more than one '{field}' condition")
    texts = [text for each in described for text in _texts(each)]
    if len(texts) > MOST_VALUES:
        raise validation_error(f"A rule can only have '{MOST_VALUES}' condition values")
    if sum(text.count("*") + text.count("?") for text in texts) > MOST_WILDCARDS:
        raise validation_error(f"A rule can only have '{MOST_WILDCARDS}' condition wildcards")
    return described


def _checked(condition: Params) -> Params:
    field = condition.get("Field", "")
    if field not in CONFIG:
        valid = ",".join(CONFIG)
        raise validation_error(f"Condition field '{field}' must be one of '[{valid}]'")
    for other, member in CONFIG.items():
        if other != field and member in condition:
            raise validation_error(f"The '{member}' field is not compatible with '{field}'")
    config = dict(condition.get(CONFIG[field], {}))
    values: list[str] = condition.get("Values", [])
    if values:
        if field not in BARE:
            raise validation_error(f"The 'Values' field is not compatible with '{field}'")
        config["Values"] = values
    if condition.get("RegexValues"):
        config["RegexValues"] = condition["RegexValues"]
    _check_values(field, config)
    described: Params = {"Field": field, CONFIG[field]: config}
    if field in BARE and "Values" in config:
        described["Values"] = config["Values"]
    return described


def _check_values(field: str, config: Params) -> None:
    values, expressions = config.get("Values", []), config.get("RegexValues", [])
    if bool(values) == bool(expressions):
        raise validation_error(
            "A condition value must be specified"
            if not values
            else "Values and RegexValues cannot be specified together"
        )
    if field == "http-header" and not config.get("HttpHeaderName"):
        raise validation_error("An HTTP header name must be specified")
    for text in _strings(values):
        _check_text(field, text)
    for text in expressions:
        _check_expression(field, text)


def _strings(values: Sequence[str | Params]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        else:
            yield from (value[key] for key in ("Key", "Value") if key in value)


def _check_text(field: str, text: str) -> None:
    if not text:
        raise validation_error("A condition value cannot be empty")
    if len(text) > LONGEST:
        raise validation_error(
            f"The '{field}' value is too long; the limit is '{LONGEST}' characters"
        )
    if field == "source-ip":
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise validation_error(f"CIDR block '{text}' is not valid") from None
    if field in _ALLOWED and not re.fullmatch(_ALLOWED[field], text):
        raise validation_error(f"Condition value '{text}' contains a character that is not valid")


def _check_expression(field: str, text: str) -> None:
    if field not in ("host-header", "path-pattern", "http-header"):
        raise validation_error(f"The 'RegexValues' field is not compatible with '{field}'")
    try:
        re.compile(text)
    except re.error:
        raise validation_error(f"'{text}' is not a valid regular expression") from None


def _texts(condition: Params) -> list[str]:
    """What counts as condition values: each value, pair or expression once."""
    config = condition[CONFIG[condition["Field"]]]
    values = config.get("Values", [])
    texts = [each if isinstance(each, str) else each.get("Value", "") for each in values]
    return [*texts, *config.get("RegexValues", [])]


def built(conditions: Sequence[Params]) -> tuple[Condition, ...]:
    """Described conditions as the data plane evaluates them."""
    return tuple(_built(each) for each in conditions)


def _built(condition: Params) -> Condition:
    field = condition["Field"]
    config = condition[CONFIG[field]]
    expressions = tuple(config.get("RegexValues", ()))
    if field == "query-string":
        pairs = tuple((each.get("Key", ""), each["Value"]) for each in config["Values"])
        return Condition(field, pairs=pairs)
    name = config.get("HttpHeaderName", "")
    return Condition(field, tuple(config.get("Values", ())), name, expressions=expressions)
