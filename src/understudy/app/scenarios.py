"""What happens to capacity while traffic runs: what ``--scenario`` says, in line or in a file.

It comes down to operations of ``control.capacity``, live and simulated, and to the pools of the
compiled lane.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from understudy.app.capacity import Call, Settings, Table, pattern_problems, tables, toml
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.quantity import format_duration, parse_duration
from understudy.control.capacity.state import Pool

HOW = (
    "write shortage:TYPE[@START],DURATION[,left=N][,zone=ZONE][,spot] or "
    "interruption:TYPE[@START][,count=N][,zone=ZONE], or name a TOML file"
)

DURATIONS = ("after", "lasts")


class Shortage(Table, frozen=True, kw_only=True):
    """For so many seconds no more than ``left`` run in a pool; None is for good.

    ``after`` is seconds from the start of the traffic.
    """

    type: str
    after: float = 0.0
    lasts: float | None = None
    left: int = 0
    zone: str = ""
    purchase: str = ""


class Interruption(Table, frozen=True, kw_only=True):
    """Spot instances are taken back, ``count`` of them or all."""

    type: str
    after: float = 0.0
    count: int | None = None
    zone: str = ""


class Events(Struct, frozen=True):
    """What happens to capacity while traffic runs."""

    shortages: tuple[Shortage, ...] = ()
    interruptions: tuple[Interruption, ...] = ()


def read_events(told: Iterable[str]) -> Events:
    """What ``--scenario`` says, each time in line or a file. Raises InvalidInput with all of it.

    >>> read_events(["shortage:ml.g5@10m,40m,left=2"]).shortages
    (Shortage(type='ml.g5', after=600.0, lasts=2400.0, left=2, zone='', purchase=''),)
    """
    events: list[Shortage | Interruption] = []
    problems: list[Diagnostic] = []
    for text in told:
        if text.partition(":")[0] not in ("shortage", "interruption"):
            events += _read_file(Path(text), problems)
            continue
        try:
            events.append(_event(text))
        except ValueError as error:
            problems.append(Diagnostic(f"--scenario {text}: {error}.", action=HOW))
    for each in events:
        count = each.left if isinstance(each, Shortage) else each.count
        problems += pattern_problems(each.type, count or 0)
    if problems:
        raise InvalidInput(tuple(problems))
    return Events(
        tuple(each for each in events if isinstance(each, Shortage)),
        tuple(each for each in events if isinstance(each, Interruption)),
    )


def _read_file(path: Path, problems: list[Diagnostic]) -> list[Shortage | Interruption]:
    if not path.exists():
        told = f"--scenario {path} is neither a scenario nor a file."
        problems.append(Diagnostic(told, action=HOW))
        return []
    table = toml(path)
    keys = ("shortage", "interruption")
    for key in sorted(set(table) - set(keys)):
        action = f"there are {', '.join(keys)}"
        problems.append(Diagnostic(f"{path} has no [[{key}]].", action=action))
    rows = {key: [_seconds(each, path, problems) for each in table.get(key, ())] for key in keys}
    return [
        *tables(rows, "shortage", Shortage, path, problems),
        *tables(rows, "interruption", Interruption, path, problems),
    ]


def _seconds(row: Mapping[str, Any], path: Path, problems: list[Diagnostic]) -> dict[str, Any]:
    """Durations may be written as 40m."""
    found = dict(row)
    for key in DURATIONS:
        if isinstance(value := row.get(key), str):
            try:
                found[key] = parse_duration(value)
            except ValueError as error:
                problems.append(Diagnostic(f"{path}: {key}: {error}."))
                found[key] = 0.0
    return found


def _event(text: str) -> Shortage | Interruption:
    """Raises ValueError."""
    what, _, rest = text.partition(":")
    first, *others = rest.split(",")
    pattern, _, start = first.partition("@")
    after = parse_duration(start) if start else 0.0
    options = [each.partition("=") for each in others]
    facts = {key: value for key, equals, value in options if equals}
    plain = [key for key, equals, _ in options if not equals]
    counted = "left" if what == "shortage" else "count"
    for unknown in sorted(set(facts) - {counted, "zone"}):
        raise ValueError(f"there is no {unknown}")
    number = facts.get(counted)
    if number is not None and not number.isdigit():
        raise ValueError(f"{counted}={number} is no whole number")
    zone = facts.get("zone", "")
    if what == "interruption":
        if plain:
            raise ValueError(f"there is no {plain[0]}")
        return Interruption(
            type=pattern, after=after, count=None if number is None else int(number), zone=zone
        )
    spot = "spot" if "spot" in plain else ""
    lasts = [parse_duration(each) for each in plain if each != "spot"]
    if len(lasts) != 1:
        raise ValueError("a shortage lasts for one duration, such as 40m")
    left = int(number or 0)
    return Shortage(type=pattern, after=after, lasts=lasts[0], left=left, zone=zone, purchase=spot)


def pools_of(settings: Settings, events: Events, start: float) -> tuple[Pool, ...]:
    """The limits on pools for traffic that starts at a world time, those that stand first."""
    standing = (Pool(p.type, p.count, p.zone, p.purchase) for p in settings.pools)
    begins = [(each, start + each.after) for each in events.shortages]
    passing = (
        Pool(e.type, e.left, e.zone, e.purchase, at, None if e.lasts is None else at + e.lasts)
        for e, at in begins
    )
    return (*standing, *passing)


def later(events: Events, seconds: float) -> Events:
    """The same events for traffic that starts so many seconds later: what is left of them.

    >>> [each.lasts for each in later(read_events(["shortage:g5@1m,1h"]), 120.0).shortages]
    [3540.0]
    """
    shortages = (
        replace(each, after=max(each.after - seconds, 0.0), lasts=_left(each, seconds))
        for each in events.shortages
    )
    interruptions = (
        replace(each, after=each.after - seconds)
        for each in events.interruptions
        if each.after >= seconds
    )
    return Events(
        tuple(each for each in shortages if each.lasts is None or each.lasts > 0),
        tuple(interruptions),
    )


def _left(shortage: Shortage, seconds: float) -> float | None:
    """How long a shortage lasts from so many seconds after the start on, or from its begin."""
    if shortage.lasts is None:
        return None
    return shortage.lasts - max(seconds - shortage.after, 0.0)


def event_calls(events: Events, start: float) -> list[Call]:
    """The operations that let events happen to traffic that starts at a world time."""
    pools = [
        {
            "Pattern": each.type,
            "Count": each.left,
            "Zone": each.zone,
            "Purchase": each.purchase,
            "Since": start + each.after,
            "For": each.lasts,
        }
        for each in events.shortages
    ]
    interruptions: list[Call] = [
        (
            "InterruptSpot",
            {"Pattern": e.type, "Zone": e.zone, "Count": e.count, "At": start + e.after},
        )
        for e in events.interruptions
    ]
    return ([("PutPools", {"Pools": pools})] if pools else []) + interruptions


def events_said(events: Events) -> tuple[str, ...]:
    """Events in words.

    >>> events_said(read_events(["shortage:ml.g5@10m,40m,left=2"]))
    ('from 10m00s for 40m00s no more than 2 of ml.g5 in a pool',)
    """
    shortages = (
        f"from {format_duration(each.after)} "
        + (f"for {format_duration(each.lasts)} " if each.lasts else "on ")
        + f"no more than {each.left} of {each.type}{_where(each.zone, each.purchase)} in a pool"
        for each in events.shortages
    )
    interruptions = (
        f"at {format_duration(each.after)} {each.count or 'all'} spot instances of {each.type}"
        f"{_where(each.zone, '')} taken back"
        for each in events.interruptions
    )
    return (*shortages, *interruptions)


def _where(zone: str, purchase: str) -> str:
    return (f" on {purchase}" if purchase else "") + (f" in {zone}" if zone else "")
