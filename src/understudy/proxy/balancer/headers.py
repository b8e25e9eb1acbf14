"""The headers that a load balancer adds, changes and takes away.

AWS: HTTP headers and Application Load Balancers; Request tracing for your Application Load
Balancer; HTTP header modification for your Application Load Balancer.
"""

from collections.abc import Mapping
from random import Random

from understudy.proxy.connection import Headers

HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"expect", b"upgrade"))
TRACE = b"x-amzn-trace-id"
FORWARDED = frozenset((b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port"))
LOAD = b"x-understudy-load"
HEEDED = HOP_BY_HOP | FORWARDED | {TRACE, LOAD, b"host"}
"""The headers of a request that are not just passed on."""

_RESPONSE = "routing.http.response."
_VALUE = ".header_value"
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class TraceIds:
    """Makes fresh trace ids, ``1-TIME-IDENTITY``; the random part repeats with its seed."""

    __slots__ = ("_count", "_prefix", "_series")

    def __init__(self, random: Random) -> None:
        self._series = b"%012x" % random.getrandbits(48)
        self._count = 0
        self.date(0.0)

    def date(self, world: float) -> None:
        """Date the ids from now on by world time."""
        self._prefix = b"1-%08x-%b" % (int(world), self._series)

    def line(self, sent: bytes) -> bytes:
        """The header's value: a new root, or what the client sent, with ourselves in it.

        ``Root=1-5759e988-bd862e3fe1be46a994272793`` gets ``Self=1-...;`` before it.
        """
        self._count += 1
        fresh = b"%b%012x" % (self._prefix, self._count)
        if b"Root=" in sent:
            return b"Self=%b;%b" % (fresh, sent)
        return b"Root=%b;%b" % (fresh, sent) if sent else b"Root=%b" % fresh


class Policy:
    """How one listener treats headers, from its own and its load balancer's attributes."""

    __slots__ = ("_mode", "added", "client_port", "dropped", "drops_invalid", "replaces")

    def __init__(self, balancer: Mapping[str, str], listener: Mapping[str, str]) -> None:
        def on(key: str) -> bool:
            return balancer.get(f"routing.http.{key}.enabled") == "true"

        mode = balancer.get("routing.http.xff_header_processing.mode", "append")
        self._mode = mode
        self.client_port = on("xff_client_port")
        self.drops_invalid = on("drop_invalid_header_fields")
        added = {
            _header_name(key): value.encode()
            for key, value in listener.items()
            if key.startswith(_RESPONSE) and key.endswith(_VALUE) and value
        }
        self.dropped = {name.lower() for name in added}
        if listener.get(f"{_RESPONSE}server.enabled") == "false":
            self.dropped.add(b"server")
        self.added = b"".join(b"%b: %b\r\n" % header for header in added.items())
        self.replaces = bool(self.dropped)

    def sorted(self, headers: Headers) -> tuple[list[bytes], dict[bytes, bytes]]:
        """The lines that go on to a target as they are, and the headers that we heed, by name."""
        lines: list[bytes] = []
        heeded: dict[bytes, bytes] = {}
        for name, value in headers:
            lower = name.lower()
            if lower not in HEEDED:
                if self.drops_invalid and not _TOKEN.issuperset(name):
                    continue
                lines += (name, b": ", value, b"\r\n")
            elif lower in heeded and lower == b"x-forwarded-for":
                heeded[lower] = b"%b, %b" % (heeded[lower], value)
            else:
                heeded[lower] = value
        return lines, heeded

    def forwarded_for(self, seen: bytes, sender: tuple[bytes, bytes]) -> bytes:
        """The line on where a request comes from, after what proxies before us have ``seen``."""
        if self._mode == "remove":
            return b""
        if self._mode == "preserve":
            return b"X-Forwarded-For: %b\r\n" % seen if seen else b""
        last = b"%b:%b" % sender if self.client_port else sender[0]
        if seen:
            return b"X-Forwarded-For: %b, %b\r\n" % (seen, last)
        return b"X-Forwarded-For: %b\r\n" % last

    def response(self, head: bytes, extra: bytes, connection: bytes) -> bytes:
        """The head of a target's answer as the client gets it, without its last blank line.

        ``head`` ends before its blank line; ``connection`` is the value of that header.
        """
        first, *lines = head.split(b"\r\n")
        kept = [first]
        for line in lines:
            name = line.partition(b":")[0].strip().lower()
            if name not in HOP_BY_HOP and name not in self.dropped:
                kept.append(line)
        own = self.added + extra + b"Connection: %b\r\n" % connection
        return b"\r\n".join(kept) + b"\r\n" + own


def _header_name(key: str) -> bytes:
    """The header that an attribute sets.

    >>> _header_name("routing.http.response.x_frame_options.header_value")
    b'X-Frame-Options'
    """
    words = key.removeprefix(_RESPONSE).removesuffix(_VALUE).split("_")
    return "-".join(word.capitalize() for word in words).encode()


def cookie(headers: Headers, name: str) -> str:
    """The value of a cookie, empty where the client shows none."""
    wanted = name.encode()
    for header, value in headers:
        if header.lower() == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip().partition(b"=")
                if key == wanted:
                    return content.decode("latin-1")
    return ""
