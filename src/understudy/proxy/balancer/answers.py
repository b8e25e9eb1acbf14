"""What a load balancer answers itself: fixed responses, redirects, and its own errors.

AWS: Listeners for your Application Load Balancers, Rule action types; Troubleshoot your Application
Load Balancers, The load balancer generates an HTTP error.
"""

from email.utils import formatdate

from understudy.balancing.actions import FixedResponse, Redirect, Url, location
from understudy.proxy.connection import Head, ending

REASONS = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    408: "Request Time-out",
    413: "Payload Too Large",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
_SERVER = b"Server: awselb/2.0\r\n"


def page(status: int) -> bytes:
    """The body of an answer of the load balancer's own."""
    title = f"{status} {REASONS[status]}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def error(status: int, head: Head, now: float, extra: bytes = b"") -> bytes:
    """An error of the load balancer's own."""
    return _answer(status, REASONS[status], b"text/html", page(status), head, now, extra)


def fixed(action: FixedResponse, head: Head, now: float, extra: bytes = b"") -> bytes:
    """A fixed response; its reason phrase is empty where we know none."""
    kind = f"{action.content_type}; charset=utf-8".encode()
    reason = REASONS.get(action.status, "OK" if action.status == 200 else "")
    return _answer(action.status, reason, kind, action.body.encode(), head, now, extra)


def redirected(action: Redirect, url: Url, head: Head, now: float, extra: bytes = b"") -> bytes:
    """A redirect."""
    line = b"Location: %b\r\n" % location(action, url).encode()
    status = action.status
    return _answer(status, REASONS[status], b"text/html", page(status), head, now, extra + line)


def _answer(
    status: int, reason: str, kind: bytes, body: bytes, head: Head, now: float, extra: bytes
) -> bytes:
    first = f"HTTP/1.1 {status} {reason}\r\n".encode()
    date = b"Date: %b\r\n" % formatdate(now, usegmt=True).encode()
    about = b"Content-Type: %b\r\nContent-Length: %d\r\n" % (kind, len(body))
    sent = b"" if head.method == b"HEAD" else body
    return b"".join((first, _SERVER, date, about, extra, ending(head), sent))
