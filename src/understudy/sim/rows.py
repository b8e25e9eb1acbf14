"""The rows of a traffic file as times and counts, or what is wrong with each of them."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from math import inf, isnan

from understudy.base.diagnostic import Diagnostic, InvalidInput, Mark, Severity

TIME_NAMES = frozenset({"time", "timestamp", "date", "datetime", "ts", "start", "arrival"})
SERVICE_WORDS = ("service", "duration", "latency", "elapsed")
TOKEN_WORDS = ("generated", "output", "completion", "response")
"""Which of several columns of tokens holds those that were generated."""
COUNT_NAMES = frozenset({"count", "requests", "invocations", "samplecount", "sum", "value"})
REQUEST_WORDS = ("token", "duration", "latency", "service", "elapsed", "bytes", "status")
"""A column so named tells something of one request, so each row of the file is one request."""

MOST_SHOWN = 50
LARGEST_COUNT = 10**9

_EPOCH_FROM = 1e8
_MILLISECONDS_FROM = 1e11
_CLOCK = re.compile(r"(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
_TIME_ACTION = (
    "write ISO-8601 (2026-03-02T12:00:00Z), epoch seconds, or h:mm:ss or seconds from the start"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Times and counts as the file has them, with their line numbers.

    ``times`` are seconds since the epoch if ``dated``, else seconds from the start of the file.
    ``counts`` is None where each row is one request; ``seconds`` are then the service times and
    ``tokens`` the generated tokens that the rows tell.
    """

    times: list[float]
    counts: list[float] | None
    lines: list[int]
    dated: bool
    seconds: list[float] = field(default_factory=list[float])
    tokens: list[float] = field(default_factory=list[float])
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class Findings:
    """Diagnostics about the lines of one file, the first fifty of each kind in full."""

    name: str
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    unshown: list[int] = field(default_factory=list[int])

    def add(
        self, line: int, summary: str, action: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """Note what is wrong in a line; beyond the first fifty only the line is kept."""
        if len(self.found) < MOST_SHOWN:
            mark = Mark(self.name, line, 1)
            self.found.append(Diagnostic(summary, mark=mark, action=action, severity=severity))
        else:
            self.unshown.append(line)

    def all(self) -> tuple[Diagnostic, ...]:
        """What was found, with one last diagnostic that counts what is not shown."""
        if not self.unshown:
            return tuple(self.found)
        rest = Diagnostic(
            f"{len(self.unshown)} more lines, {self.unshown[0]} to {self.unshown[-1]}, "
            "have problems of this kind",
            mark=Mark(self.name, self.unshown[0], 1),
            severity=self.found[-1].severity,
        )
        return (*self.found, rest)

    def raise_if_any(self) -> None:
        """Raise InvalidInput with all of them, if there are any."""
        if self.found:
            raise InvalidInput(self.all())


def refuse(name: str, summary: str, action: str, line: int = 1) -> InvalidInput:
    """The exception for a file that is wrong as a whole."""
    return InvalidInput((Diagnostic(summary, mark=Mark(name, line, 1), action=action),))


def text_of(data: bytes | str, name: str) -> str:
    """The text of a file, unpacked if it is gzip. Raises InvalidInput if it is not UTF-8 text."""
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        raw = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return raw.decode("utf-8-sig")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise refuse(
            name, f"the gzip data is damaged: {error}", "compress the file anew"
        ) from error
    except UnicodeDecodeError as error:
        summary = f"byte {error.start + 1} is not UTF-8 text"
        raise refuse(name, summary, "save it as CSV in UTF-8, or as gzip of that") from error


def read_rows(text: str, name: str) -> Rows:
    """The rows of CSV text. Raises InvalidInput naming every row that cannot be read."""
    rows = list(_cells(text, name))
    if not rows:
        raise refuse(name, "the file has no rows", "write a header and rows: time,count")
    line, cells = rows[0]
    if not _is_header(cells):
        return _parse(rows, 0, _bare_count_column(line, cells, name), name)
    if len(rows) == 1:
        raise refuse(name, "the file has a header and no rows", "add rows under it", line)
    time_column, count_column = _named_columns(line, cells, name)
    read = _parse(rows[1:], time_column, count_column, name)
    return read if count_column >= 0 else _with_samples(read, rows, name)


def _with_samples(read: Rows, rows: list[tuple[int, list[str]]], name: str) -> Rows:
    """Requests with the service times and tokens that their rows tell."""
    names = [_plain(cell) for cell in rows[0][1]]
    service = next((i for i, each in enumerate(names) if _names(each, SERVICE_WORDS)), -1)
    tokens = [i for i, each in enumerate(names) if "token" in each]
    generated = next((i for i in tokens if _names(names[i], TOKEN_WORDS)), max(tokens, default=-1))
    findings = Findings(name)
    unit = 0.001 if service >= 0 and names[service].endswith(("ms", "millis")) else 1.0
    seconds = [unit * each for each in _numbers(rows[1:], service, findings)]
    produced = _numbers(rows[1:], generated, findings)
    warnings = (*read.warnings, *findings.all())
    return replace(read, seconds=seconds, tokens=produced, warnings=warnings)


def _names(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)


def _numbers(body: list[tuple[int, list[str]]], column: int, findings: Findings) -> list[float]:
    """The numbers of a column; cells that hold none are left out, and named."""
    numbers: list[float] = []
    for line, cells in body if column >= 0 else ():
        number = _number(cells[column]) if column < len(cells) else None
        if number is not None and 0 <= number < inf:
            numbers.append(number)
        else:
            summary = "the row does not say how long its request took"
            findings.add(line, summary, "it counts as a request only", Severity.WARNING)
    return numbers


def _cells(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of the lines that are neither blank nor a # comment."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise refuse(name, f"line {reader.line_num} is not CSV: {error}", "save as CSV") from error


def _is_header(cells: list[str]) -> bool:
    return all(_number(cell) is None and _time(cell) is None for cell in cells)


def _bare_count_column(line: int, cells: list[str], name: str) -> int:
    """The column of the count in a file without a header; -1 if there are only times."""
    if len(cells) > 2:
        summary = f"{len(cells)} columns and no header: which is the count?"
        raise refuse(name, summary, "add a header line such as time,count", line)
    return len(cells) - 1 or -1


def _plain(cell: str) -> str:
    return cell.lower().replace(" ", "").replace("_", "")


def _named_columns(line: int, cells: list[str], name: str) -> tuple[int, int]:
    """The columns of time and count; -1 for no count, where each row is one request."""
    names = [_plain(cell) for cell in cells]
    time = next((index for index, each in enumerate(names) if each in TIME_NAMES), 0)
    counts = [index for index, each in enumerate(names) if each in COUNT_NAMES and index != time]
    if counts:
        return time, counts[0]
    others = [each for index, each in enumerate(names) if index != time]
    if all(any(word in each for word in REQUEST_WORDS) for each in others):
        return time, -1
    summary = f"none of the columns {', '.join(cells)} is known to hold a count"
    action = "name the column of requests per period count; for one request per row keep the time"
    raise refuse(name, summary, action, line)


def _parse(
    body: list[tuple[int, list[str]]], time_column: int, count_column: int, name: str
) -> Rows:
    findings = Findings(name)
    times: list[float] = []
    counts: list[float] = []
    dated: bool | None = None
    for line, cells in body:
        if len(cells) <= max(time_column, count_column):
            findings.add(line, f"the row has {len(cells)} of the columns", "write both cells")
            continue
        time = _time(cells[time_column])
        if time is None:
            findings.add(line, f"{cells[time_column]!r} is not a time", _TIME_ACTION)
        else:
            dated = time[0] if dated is None else dated
            if dated is not time[0]:
                summary = f"{cells[time_column]!r} mixes dates with times from the start"
                findings.add(line, summary, "write all times of a file in one way")
            elif times and count_column >= 0:
                _check_order(line, times[-1], time[1], findings)
            times.append(time[1])
        if count_column >= 0:
            counts.append(_count(cells[count_column], line, findings))
    findings.raise_if_any()
    lines = [line for line, _ in body]
    warnings = _assumed(times, [cells[time_column] for _, cells in body], lines, name)
    return Rows(times, counts if count_column >= 0 else None, lines, bool(dated), warnings=warnings)


def _assumed(
    times: list[float], cells: list[str], lines: list[int], name: str
) -> tuple[Diagnostic, ...]:
    """What is taken to be meant: times without a zone, requests that are not in order."""
    findings = Findings(name)
    bare = [line for line, cell in zip(lines, cells, strict=True) if _lacks_zone(cell)]
    if bare:
        summary = f"{_rows(len(bare))} no time zone; taken as UTC, from this one on"
        findings.add(bare[0], summary, "write 2026-03-02T12:00:00Z", Severity.WARNING)
    late = [line for line, (one, two) in zip(lines[1:], pairwise(times), strict=True) if two < one]
    if late:
        summary = f"{_rows(len(late))} an earlier time than the row before; sorted"
        findings.add(late[0], summary, "", Severity.WARNING)
    return findings.all()


def _rows(count: int) -> str:
    return f"{count:,} rows have" if count > 1 else "1 row has"


def _lacks_zone(cell: str) -> bool:
    if _number(cell) is not None or _CLOCK.fullmatch(cell):
        return False
    return datetime.fromisoformat(cell).tzinfo is None


def _check_order(line: int, before: float, after: float, findings: Findings) -> None:
    if after == before:
        findings.add(line, "the time is that of the row before", "write each period once")
    elif after < before:
        findings.add(line, "the time is earlier than the row before", "sort the rows by time")


def _count(cell: str, line: int, findings: Findings) -> float:
    number = _number(cell)
    if number is None:
        findings.add(line, f"{cell!r} is not a number of requests", "write 0 or more")
    elif number < 0:
        findings.add(line, f"{cell} requests are fewer than none", "write 0 or more")
    elif number > LARGEST_COUNT:
        findings.add(line, f"{cell} requests are more than a billion", "write smaller periods")
    else:
        return number
    return 0.0


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return None if isnan(number) else number


def _time(cell: str) -> tuple[bool, float] | None:
    """Whether a time is dated, and its seconds; None if it is not a time."""
    number = _number(cell)
    if number is not None:
        if not 0 <= number < 1e14:
            return None
        seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
        return number >= _EPOCH_FROM, seconds
    clock = _CLOCK.fullmatch(cell)
    if clock:
        hours, minutes, seconds = clock.groups(default="0")
        return False, int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return True, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
