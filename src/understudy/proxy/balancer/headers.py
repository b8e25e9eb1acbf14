"""The headers that a load balancer adds, changes and takes away.

AWS: HTTP headers and Application Load Balancers; Request tracing for your Application Load
Balancer; HTTP header modification for your Application Load Balancer.
"""

from collections.abc import Mapping
from random import Random

from understudy.proxy.connection import Head, Headers

HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"expect", b"upgrade"))
TRACE = b"x-amzn-trace-id"
FORWARDED = frozenset((b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port"))
HANDLED = HOP_BY_HOP | FORWARDED | {TRACE}

_RESPONSE = "routing.http.response."
_VALUE = ".header_value"
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class TraceIds:
    """Makes fresh trace ids, ``1-TIME-IDENTITY``; the random part repeats with its seed."""

    __slots__ = ("_count", "_series")

    def __init__(self, random: Random) -> None:
        self._series = b"%012x" % random.getrandbits(48)
        self._count = 0

    def fresh(self, world: float) -> bytes:
        """A trace id at a world time."""
        self._count += 1
        return b"1-%08x-%b%012x" % (int(world), self._series, self._count)

    def line(self, sent: bytes, world: float) -> bytes:
        """The header's value: a new root, or what the client sent, with ourselves in it.

        ``Root=1-5759e988-bd862e3fe1be46a994272793`` gets ``Self=1-...;`` before it.
        """
        fresh = self.fresh(world)
        if b"Root=" in sent:
            return b"Self=%b;%b" % (fresh, sent)
        return b"Root=%b;%b" % (fresh, sent) if sent else b"Root=%b" % fresh


class Policy:
    """How one listener treats headers, from its own and its load balancer's attributes."""

    __slots__ = ("added", "client_port", "dropped", "drops_invalid", "forwarded_for", "replaces")

    def __init__(self, balancer: Mapping[str, str], listener: Mapping[str, str]) -> None:
        def on(key: str) -> bool:
            return balancer.get(f"routing.http.{key}.enabled") == "true"

        mode = balancer.get("routing.http.xff_header_processing.mode", "append")
        self.forwarded_for = mode
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

    def request(
        self, head: Head, sender: tuple[bytes, bytes], standard: bytes, trace: bytes
    ) -> list[bytes]:
        """The header lines that a target gets, hop-by-hop ones left out.

        ``sender`` is the client's address and port, ``standard`` the lines on protocol and port,
        ``trace`` the trace id's value.
        """
        lines: list[bytes] = []
        seen = b""
        for name, value in head.headers:
            lower = name.lower()
            if lower not in HANDLED:
                if self.drops_invalid and not _TOKEN.issuperset(name):
                    continue
                lines += (name, b": ", value, b"\r\n")
            elif lower == b"x-forwarded-for":
                seen = b"%b, %b" % (seen, value) if seen else value
        lines += (self._forwarded_for(seen, sender), standard, b"X-Amzn-Trace-Id: ", trace, b"\r\n")
        return lines

    def _forwarded_for(self, seen: bytes, sender: tuple[bytes, bytes]) -> bytes:
        if self.forwarded_for == "remove":
            return b""
        if self.forwarded_for == "preserve":
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
