"""What a listener does with a request that meets a rule.

AWS: Listeners for your Application Load Balancers, Rule action types; Action; RuleTransform.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from msgspec import Struct

from understudy.balancing.routing import choose_variant


class Forward(Struct, frozen=True, tag="forward"):
    """Send it to one of the target groups (by ARN), each with its weight.

    ``sticky`` is for how many seconds a client stays with its group; 0 is off.
    """

    groups: tuple[tuple[str, int], ...]
    sticky: int = 0


class Redirect(Struct, frozen=True, tag="redirect"):
    """Send the client elsewhere. Each part may have ``#{protocol}`` and so on in it."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


class FixedResponse(Struct, frozen=True, tag="fixed-response"):
    """Answer at once."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


Action = Forward | Redirect | FixedResponse


class Transform(Struct, frozen=True, array_like=True):
    """A rewrite of ``host`` or ``url`` (path and query): what the expression finds is replaced."""

    part: str
    expression: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Url:
    """A request's URL in its parts. ``path`` begins with a slash, ``query`` without ``?``."""

    protocol: str
    host: str
    port: int
    path: str
    query: str = ""


def location(redirect: Redirect, url: Url) -> str:
    """Where a redirect sends a client; the port is always named.

    A redirect of port 443 and protocol HTTPS sends ``http://shop:80/cart?x=1`` to
    ``https://shop:443/cart?x=1``.
    """
    protocol = _filled(redirect.protocol, url).lower()
    host, port = _filled(redirect.host, url), _filled(redirect.port, url)
    path, query = _filled(redirect.path, url), _filled(redirect.query, url)
    return f"{protocol}://{host}:{port}{path}" + (f"?{query}" if query else "")


def _filled(template: str, url: Url) -> str:
    values = {
        "protocol": url.protocol,
        "host": url.host,
        "port": str(url.port),
        "path": url.path.removeprefix("/"),
        "query": url.query,
    }
    return re.sub(r"#\{(protocol|host|port|path|query)\}", lambda found: values[found[1]], template)


def chosen_group(forward: Forward, u: float) -> str:
    """The target group that a request goes to, by weight; "" where every weight is zero."""
    index = choose_variant([float(weight) for _, weight in forward.groups], u)
    return forward.groups[index][0] if index >= 0 else ""


def rewritten(text: str, part: str, transforms: tuple[Transform, ...]) -> str:
    """A host, or a path with its query, after the rewrites of that part.

    ``^/api/(.*)$`` with ``/$1`` makes ``/api/v1?x=1`` to ``/v1?x=1``.
    """
    for transform in transforms:
        if transform.part == part:
            replacement = re.sub(r"\$(\d)", r"\\g<\1>", transform.replacement.replace("\\", r"\\"))
            text = _compiled(transform.expression).sub(replacement, text, count=1)
    return text


@lru_cache(1024)
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)
