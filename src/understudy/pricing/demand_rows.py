"""Reading a demand curve: a CSV of instance counts by hour and type.

The header names the columns, in any order: ``hour`` (or time, timestamp), ``instance_type`` (or
type) and ``count`` (or instances), and ``region`` where there are several. An hour is a time of ISO
8601 at a full hour, UTC where it does not say, or seconds since the epoch. A type that has no row
in an hour has no instance in it; an hour without any row is missing.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise

from msgspec import Struct

from understudy.base.diagnostic import Diagnostic, InvalidInput, Mark
from understudy.pricing.demand import Demand, demand_of
from understudy.pricing.meter import SECONDS_PER_HOUR, Item

COLUMNS = {
    "hour": ("hour", "time", "timestamp"),
    "instance_type": ("instance_type", "type", "product"),
    "count": ("count", "instances", "demand"),
    "region": ("region",),
}
MOST_PROBLEMS = 50
"""How many problems of a file are told."""


class Row(Struct, frozen=True):
    """So many instances of a type in a region in a clock-hour, counted from the epoch."""

    number: int
    hour: int
    item: Item
    count: Decimal


def read_demand(
    text: str, name: str, region: str, products: Mapping[str, Collection[str]]
) -> Demand:
    """The demand in a CSV. ``products`` are the known ones of each region.

    Raises InvalidInput with what is wrong in which row.
    """
    problems: list[Diagnostic] = []
    rows = list(_rows(text, name, region, problems))
    unread = bool(problems)
    _check_places(rows, products, name, problems)
    _check_hours(rows, name, problems, whole=not unread)
    if problems:
        raise InvalidInput(_first(sorted(problems, key=_line)))
    if not any(row.count for row in rows):
        raise InvalidInput((Diagnostic(f"{name} has no demand."),))
    hours: dict[int, dict[Item, Fraction]] = {}
    for row in rows:
        hours.setdefault(row.hour, {})[row.item] = Fraction(row.count) * SECONDS_PER_HOUR
    return demand_of(hours)


def _line(problem: Diagnostic) -> int:
    return problem.mark.line if problem.mark else 0


def _first(problems: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    more = len(problems) - MOST_PROBLEMS
    rest = (Diagnostic(f"There are {more} more problems."),) if more > 0 else ()
    return (*problems[:MOST_PROBLEMS], *rest)


def _problem(name: str, number: int, summary: str, action: str = "") -> Diagnostic:
    return Diagnostic(f"Row {number}: {summary}", mark=Mark(name, number, 1), action=action)


def _rows(text: str, name: str, region: str, problems: list[Diagnostic]) -> Iterator[Row]:
    reader = csv.reader(text.splitlines())
    places = _places(next(reader, [""]), name, problems)
    if places is None:
        return
    for cells in reader:
        if any(cell.strip() for cell in cells):
            row = _row(cells, places, region, name, reader.line_num, problems)
            if row is not None:
                yield row


def _places(header: Sequence[str], name: str, problems: list[Diagnostic]) -> dict[str, int] | None:
    names = [cell.strip().lower() for cell in header]
    places = {
        column: names.index(each)
        for column, known in COLUMNS.items()
        for each in known
        if each in names
    }
    missing = [column for column in ("hour", "instance_type", "count") if column not in places]
    if missing:
        action = "begin with the line: hour,instance_type,count"
        problems.append(_problem(name, 1, f"there is no column {', '.join(missing)}.", action))
        return None
    return places


def _row(
    cells: Sequence[str],
    places: Mapping[str, int],
    region: str,
    name: str,
    number: int,
    problems: list[Diagnostic],
) -> Row | None:
    if len(cells) <= max(places.values()):
        problems.append(_problem(name, number, f"it has {len(cells)} columns only."))
        return None
    told = {column: cells[place].strip() for column, place in places.items()}
    hour, count = _hour(told["hour"]), _count(told["count"])
    if hour is None:
        action = "write a full hour, as 2026-03-02T12:00:00Z"
        problems.append(_problem(name, number, f"{told['hour']!r} is no full hour.", action))
    if count is None:
        action = "write how many instances ran, 0 or more"
        problems.append(_problem(name, number, f"{told['count']!r} is no count.", action))
    elif count < 0:
        problems.append(_problem(name, number, f"the count {count} is negative."))
    if hour is None or count is None:
        return None
    return Row(number, hour, Item(told["instance_type"], told.get("region") or region), count)


def _hour(text: str) -> int | None:
    """Hours since the epoch.

    >>> _hour("1970-01-02T01:00:00Z"), _hour("3600"), _hour("1970-01-01 00:30")
    (25, 1, None)
    """
    try:
        at = Fraction(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        at = Fraction((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    hour, rest = divmod(at, SECONDS_PER_HOUR)
    return None if rest else int(hour)


def _count(text: str) -> Decimal | None:
    try:
        count = Decimal(text)
    except InvalidOperation:
        return None
    return count if count.is_finite() else None


def _check_places(
    rows: Sequence[Row],
    products: Mapping[str, Collection[str]],
    name: str,
    problems: list[Diagnostic],
) -> None:
    """Each unknown region or type once, where it comes first."""
    told: set[Item] = set()
    for row in rows:
        if row.item in told:
            continue
        told.add(row.item)
        known = products.get(row.item.region)
        if known is None:
            action = f"prices are known of {', '.join(sorted(products))}"
            summary = f"no price is known in region {row.item.region}."
            problems.append(_problem(name, row.number, summary, action))
        elif row.item.product not in known:
            action = "read newer prices with: understudy prices refresh"
            summary = f"no price is known of {row.item.product} in {row.item.region}."
            problems.append(_problem(name, row.number, summary, action))


def _check_hours(
    rows: Sequence[Row], name: str, problems: list[Diagnostic], *, whole: bool
) -> None:
    """An hour of a type told twice, and, where all rows could be read, hours that nobody tells."""
    seen: dict[tuple[int, Item], int] = {}
    for row in rows:
        key = (row.hour, row.item)
        if key in seen:
            text = f"{row.item.product} in {_iso(row.hour)} was told in row {seen[key]} already."
            problems.append(_problem(name, row.number, text))
        seen.setdefault(key, row.number)
    hours = sorted({row.hour for row in rows})
    firsts = {row.hour: row.number for row in reversed(rows)}
    for before, after in pairwise(hours) if whole else ():
        if after - before > 1:
            count = after - before - 1
            which = f"the hour {_iso(before + 1)} is" if count == 1 else f"{count} hours are"
            text = f"{which} missing before {_iso(after)}."
            action = "write a row with count 0 where nothing ran"
            problems.append(_problem(name, firsts[after], text, action))


def _iso(hour: int) -> str:
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC).strftime("%Y-%m-%dT%H:%MZ")
