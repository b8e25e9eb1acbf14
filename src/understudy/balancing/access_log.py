"""The lines of a load balancer's access log, and where they are put in a bucket.

AWS: Access logs for your Application Load Balancer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from understudy.base.arn import ACCOUNT

NODE = "127.0.0.1"
"""The address of every node of a load balancer here."""
SECONDS = 300.0
"""AWS: a log file for each node every 5 minutes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request. Times are of the world, in seconds; what there was not is empty, None or -1.

    ``request`` is its first line with the whole URL; ``tls`` are cipher and protocol. ``status``
    is what the client got, ``answered`` what the target said.
    """

    kind: str
    ended: float
    balancer: str
    client: str
    target: str
    times: tuple[float, float, float]
    status: int
    answered: int | None
    received: int
    sent: int
    request: str
    agent: str
    tls: tuple[str, str]
    group: str
    trace: str
    domain: str
    priority: int
    began: float
    action: str
    redirect: str
    connection: str


def line(entry: Entry) -> str:
    """An entry as it is written."""
    answered = "-" if entry.answered is None else str(entry.answered)
    request_time, target_time, response_time = map(_seconds, entry.times)
    fields = (
        entry.kind,
        moment(entry.ended),
        entry.balancer,
        entry.client,
        entry.target or "-",
        request_time,
        target_time,
        response_time,
        str(entry.status),
        answered,
        str(entry.received),
        str(entry.sent),
        _quoted(entry.request),
        _quoted(entry.agent),
        entry.tls[0] or "-",
        entry.tls[1] or "-",
        entry.group or "-",
        _quoted(entry.trace),
        _quoted(entry.domain),
        _quoted(""),  # the certificate
        str(entry.priority),
        moment(entry.began),
        _quoted(entry.action),
        _quoted(entry.redirect),
        _quoted(""),  # the reason of an error
        _quoted(entry.target),
        _quoted(answered),
        _quoted(""),  # the classification
        _quoted(""),  # and why
        entry.connection,
        *(_quoted(""),) * 3,  # what transforms made of host and URL, and how that went
    )
    return " ".join(fields)


def moment(at: float) -> str:
    """A time to the microsecond.

    >>> moment(1530570180.186641)
    '2018-07-02T22:23:00.186641Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def object_key(prefix: str, region: str, balancer: str, end: float, name: str) -> str:
    """Where the log of the five minutes before a time is put; ``name`` makes it unique.

    >>> object_key("logs", "us-east-1", "app/front/50dc6c495c0c9188", 1530570300.0, "20sg8hgm")
    ... # doctest: +NORMALIZE_WHITESPACE
    'logs/AWSLogs/000000000000/elasticloadbalancing/us-east-1/2018/07/02/000000000000_elasticloadbalancing_us-east-1_app.front.50dc6c495c0c9188_20180702T2225Z_127.0.0.1_20sg8hgm.log.gz'
    """
    date = datetime.fromtimestamp(end, UTC)
    parts = (
        ACCOUNT, "elasticloadbalancing", region, balancer.replace("/", "."),
        date.strftime("%Y%m%dT%H%MZ"), NODE, name,
    )  # fmt: skip
    folder = f"AWSLogs/{ACCOUNT}/elasticloadbalancing/{region}/{date:%Y/%m/%d}"
    return f"{f'{prefix}/' if prefix else ''}{folder}/{'_'.join(parts)}.log.gz"


def _seconds(time: float) -> str:
    return "-1" if time < 0 else f"{time:.3f}"


def _quoted(text: str) -> str:
    r"""A field in quotes; what could end it, or is not printable, is escaped.

    >>> print(_quoted('a "b"' + chr(9)))
    "a \"b\"\x09"
    """
    safe = text.replace("\\", "\\\\").replace('"', '\\"') or "-"
    return f'"{"".join(c if c.isprintable() else f"{chr(92)}x{ord(c):02x}" for c in safe)}"'
