"""Cross-origin requests, answered from a bucket's CORS configuration.

AWS: Using cross-origin resource sharing (CORS), "How does Amazon S3 evaluate the CORS configuration
on a bucket?".
"""

import re
from collections.abc import Iterable, Mapping

from understudy.base.fault import Fault
from understudy.control.events import Params

Headers = tuple[tuple[str, str], ...]
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern with at most one ``*`` stands for."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def matching_rule(
    rules: Iterable[Params], origin: str, method: str, asked: Iterable[str] = ()
) -> Params | None:
    """The first rule that allows an origin a method and all the headers asked for.

    >>> rule = {"AllowedOrigins": ["https://*.example"], "AllowedMethods": ["GET"]}
    >>> matching_rule([rule], "https://a.example", "GET") is rule
    True
    >>> matching_rule([rule], "https://a.example", "GET", ["x-amz-acl"])
    """
    wanted = list(asked)
    for rule in rules:
        patterns = [pattern.lower() for pattern in rule.get("AllowedHeaders") or ()]
        if (
            method in rule["AllowedMethods"]
            and any(_fits(pattern, origin) for pattern in rule["AllowedOrigins"])
            and all(any(_fits(pattern, name) for pattern in patterns) for name in wanted)
        ):
            return rule
    return None


def answer_headers(rule: Params, origin: str) -> Headers:
    """The headers that tell a browser what a rule allows its page."""
    is_open = "*" in rule["AllowedOrigins"]
    headers = [
        ("Access-Control-Allow-Origin", "*" if is_open else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])),
    ]
    if rule.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        headers.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if not is_open:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    return (*headers, ("Vary", _VARY))


def preflight(rules: Iterable[Params] | None, headers: Mapping[str, str], *, key: bool) -> Headers:
    """The headers of the answer to an OPTIONS request. ``rules`` are None without a configuration.

    Raises BadRequest where the request is no preflight, AccessForbidden where nothing allows it.
    """
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin:
        message = "Insufficient information. Origin request header needed."
        raise Fault("BadRequest", message, 400)
    if not method:
        raise Fault("BadRequest", "Invalid Access-Control-Request-Method: null", 400)
    fields = {"Method": method, "ResourceType": "OBJECT" if key else "BUCKET"}
    if rules is None:
        message = "CORSResponse: CORS is not enabled for this bucket."
        raise Fault("AccessForbidden", message, 403, fields)
    asked = headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    rule = matching_rule(rules, origin, method, names)
    if rule is None:
        message = (
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution "
            "of Origin, request method / Access-Control-Request-Method or "
            "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
        )
        raise Fault("AccessForbidden", message, 403, fields)
    allowed = (("Access-Control-Allow-Headers", ", ".join(names)),) if names else ()
    return (*answer_headers(rule, origin), *allowed)
