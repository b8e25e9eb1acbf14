"""Access logs as times of single requests: Application Load Balancer, nginx and common log format.

AWS: Access logs for your Application Load Balancer, "Access log entries"; nginx: Module
ngx_http_log_module; Apache: Log files, "Common Log Format".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from understudy.sim.rows import Findings, Rows, Severity, refuse

ALB, COMMON = "alb", "common"
SNIFFED = 20
"""Lines that are looked at to tell what a file is."""
MOST_BAD = 0.1
"""A file of whose lines a greater share cannot be read is not a log."""

_ALB_KINDS = ("http", "https", "h2", "grpcs", "ws", "wss")
_ALB = re.compile(
    r"(?P<kind>\w+) (?P<end>\S+) \S+ \S+ \S+ (?P<first>\S+) (?P<target>\S+) (?P<last>\S+) \d+"
)
_ALB_CREATED = re.compile(r'" \S+ (\d{4}-\d\d-\d\dT[\d:.]+Z) ')
_COMMON = re.compile(r'\S+ \S+ \S+ \[(?P<time>[^\]]+)\] "[^"]*" \d{3} \S+(?P<rest>.*)')
_TRAILING_SECONDS = re.compile(r" (\d+\.\d{3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Request:
    """One line of a log: when the request came, and the seconds that it was served, if told."""

    at: float
    seconds: float | None


def kind_of(text: str) -> str:
    """Which kind of log a text is, empty if it is none."""
    lines = [line for line in islice(text.splitlines(), SNIFFED) if line.strip()]
    if not lines:
        return ""
    for kind, read in ((ALB, _alb), (COMMON, _common)):
        if sum(read(line) is not None for line in lines) * 2 > len(lines):
            return kind
    return ""


def read_log(text: str, name: str, kind: str) -> Rows:
    """The requests of a log in the order of their arrival.

    Lines are written when a request is over, so arrivals in them are not in order: they are put in
    order. Lines that cannot be read are left out, and a warning names each. Raises InvalidInput
    where more than a tenth of them cannot.
    """
    read = _alb if kind == ALB else _common
    findings = Findings(name)
    found: list[tuple[float, int, float | None]] = []
    bad = 0
    for number, line in _lines(text):
        request = read(line)
        if request is None:
            bad += 1
            action = "it is left out"
            findings.add(number, "the line cannot be read as a request", action, Severity.WARNING)
        else:
            found.append((request.at, number, request.seconds))
    if bad > MOST_BAD * (bad + len(found)):
        raise refuse(name, f"{bad:,} of its lines are no requests", "give a whole access log")
    found.sort()
    seconds = [each for _, _, each in found if each is not None]
    return Rows(
        [at for at, _, _ in found],
        None,
        [number for _, number, _ in found],
        dated=True,
        seconds=seconds,
        warnings=findings.all(),
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _alb(line: str) -> Request | None:
    """A line of an Application Load Balancer: the request came when its entry was created."""
    match = _ALB.match(line)
    if match is None or match["kind"] not in _ALB_KINDS:
        return None
    try:
        spent = [float(match[part]) for part in ("first", "target", "last")]
        created = _ALB_CREATED.search(line)
        if created:
            at = datetime.fromisoformat(created[1]).timestamp()
        else:
            took = sum(each for each in spent if each > 0)
            at = datetime.fromisoformat(match["end"]).timestamp() - took
    except ValueError:
        return None
    return Request(at, spent[1] if spent[1] >= 0 else None)


def _common(line: str) -> Request | None:
    """A line of common or combined format; nginx may append ``$request_time`` in seconds."""
    match = _COMMON.match(line)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["time"], "%d/%b/%Y:%H:%M:%S %z").timestamp()
    except ValueError:
        return None
    taken = _TRAILING_SECONDS.search(match["rest"])
    seconds = float(taken[1]) if taken else None
    return Request(at - (seconds or 0.0), seconds)
