"""What capacity there is and what is owned, from ``understudy.toml`` and from ``--scenario``.

Both come down to operations of ``control.capacity``, which are the same live and simulated.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.quantity import format_duration, parse_duration
from understudy.control.ecs.messages import FARGATE
from understudy.pricing.instance import HOSTING, known_instances
from understudy.pricing.offer import COMPUTE, NO_UPFRONT, STANDARD
from understudy.pricing.quota import EC2_QUOTAS, key_of

FILE = "understudy.toml"
HOW = (
    "write shortage:TYPE[@START],DURATION[,left=N][,zone=ZONE][,spot] or "
    "interruption:TYPE[@START][,count=N][,zone=ZONE], or name a TOML file"
)

Call = tuple[str, dict[str, Any]]
"""An operation of ``control.capacity`` with its parameters."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of a TOML file."""


class PoolLimit(_Table, frozen=True, kw_only=True):
    """At most ``count`` instances of a type or family run at a time in each of its pools."""

    type: str
    count: int
    zone: str = ""
    purchase: str = ""


class Shortage(_Table, frozen=True, kw_only=True):
    """For so many seconds no more than ``left`` run in a pool; None is for good.

    ``after`` is seconds from the start of the traffic.
    """

    type: str
    after: float = 0.0
    lasts: float | None = None
    left: int = 0
    zone: str = ""
    purchase: str = ""


class Interruption(_Table, frozen=True, kw_only=True):
    """Spot instances are taken back, ``count`` of them or all."""

    type: str
    after: float = 0.0
    count: int | None = None
    zone: str = ""


class Reserved(_Table, frozen=True, kw_only=True):
    """Reserved Instances that are owned; with a zone they are zonal."""

    type: str
    count: int
    years: int = 1
    payment: str = NO_UPFRONT
    offering_class: str = STANDARD
    zone: str = ""


class Plan(_Table, frozen=True, kw_only=True):
    """A Savings Plan that is owned: US dollars an hour."""

    hourly: str
    kind: str = COMPUTE
    years: int = 1
    payment: str = NO_UPFRONT
    region: str = ""
    family: str = ""


class Reservation(_Table, frozen=True, kw_only=True):
    """An On-Demand Capacity Reservation."""

    type: str
    zone: str
    count: int


class Settings(Struct, frozen=True):
    """What ``understudy.toml`` says of capacity and commitments."""

    pools: tuple[PoolLimit, ...] = ()
    quotas: dict[str, int] = {}
    reserved: tuple[Reserved, ...] = ()
    plans: tuple[Plan, ...] = ()
    reservations: tuple[Reservation, ...] = ()


class Events(Struct, frozen=True):
    """What happens to capacity while traffic runs."""

    shortages: tuple[Shortage, ...] = ()
    interruptions: tuple[Interruption, ...] = ()


def read_settings(path: Path | None = None) -> Settings:
    """The settings of a file, by default of ``understudy.toml`` here if there is one.

    Raises InvalidInput with all that is wrong.
    """
    chosen = path or Path(FILE)
    if path is None and not chosen.exists():
        return Settings()
    table, problems = _toml(chosen), list[Diagnostic]()
    capacity = _section(table, "capacity", ("pool", "quotas"), chosen, problems)
    kinds = ("reserved", "savings-plan", "capacity-reservation")
    owned = _section(table, "commitments", kinds, chosen, problems)
    settings = Settings(
        _tables(capacity, "pool", PoolLimit, chosen, problems),
        dict(capacity.get("quotas", {})),
        _tables(owned, "reserved", Reserved, chosen, problems),
        _tables(owned, "savings-plan", Plan, chosen, problems),
        _tables(owned, "capacity-reservation", Reservation, chosen, problems),
    )
    problems += quota_problems(settings.quotas)
    problems += [p for each in settings.pools for p in _pattern(each.type, each.count)]
    if problems:
        raise InvalidInput(tuple(problems))
    return settings


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise InvalidInput((Diagnostic(f"{path}: {error.strerror}."),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput((Diagnostic(f"{path} is no TOML: {error}."),)) from error


def _section(
    table: Mapping[str, Any],
    name: str,
    keys: tuple[str, ...],
    path: Path,
    problems: list[Diagnostic],
) -> dict[str, Any]:
    section = table.get(name, {})
    unknown = sorted(set(section) - set(keys))
    action = f"there are {', '.join(keys)}"
    problems += [Diagnostic(f"{path}: [{name}] has no {key}.", action=action) for key in unknown]
    return section


Row = TypeVar("Row", bound=_Table)


def _tables(
    section: Mapping[str, Any], key: str, kind: type[Row], path: Path, problems: list[Diagnostic]
) -> tuple[Row, ...]:
    found: list[Row] = []
    for number, each in enumerate(section.get(key, ()), 1):
        try:
            found.append(msgspec.convert(each, kind))
        except msgspec.ValidationError as error:
            problems.append(Diagnostic(f"{path}: [[{key}]] number {number}: {error}."))
    return tuple(found)


def quota_problems(quotas: Mapping[str, Any]) -> list[Diagnostic]:
    """What is wrong with limits by quota."""
    action = f"name {', '.join(EC2_QUOTAS)}, a code as L-1216C47A, or a type as ml.g5.xlarge"
    unknown = [
        Diagnostic(f"{key} is no quota.", action=action) for key in quotas if not key_of(key)
    ]
    return unknown + [
        Diagnostic(f"The limit of {key} is {limit}.", action="give a whole number, 0 or more")
        for key, limit in quotas.items()
        if not isinstance(limit, int) or limit < 0
    ]


def _pattern(pattern: str, count: int) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if not _known(pattern):
        action = "name a type as g5.xlarge, a family as g5, with ml. for SageMaker, fargate, or *"
        found.append(Diagnostic(f"{pattern} is no instance type or family.", action=action))
    if count < 0:
        found.append(Diagnostic(f"{count} instances of {pattern} cannot be left."))
    return found


def _known(pattern: str) -> bool:
    name = pattern.removeprefix(HOSTING)
    return pattern in ("*", FARGATE) or any(
        name in (kind, kind.partition(".")[0]) for kind in known_instances()
    )


def read_events(told: Iterable[str]) -> Events:
    """What ``--scenario`` says, each time in line or a file. Raises InvalidInput with all of it.

    >>> read_events(["shortage:ml.g5@10m,40m,left=2"]).shortages
    (Shortage(type='ml.g5', after=600.0, lasts=2400.0, left=2, zone='', purchase=''),)
    """
    shortages: list[Shortage] = []
    interruptions: list[Interruption] = []
    problems: list[Diagnostic] = []
    for text in told:
        if text.partition(":")[0] not in ("shortage", "interruption"):
            _read_file(Path(text), shortages, interruptions, problems)
            continue
        try:
            event = _event(text)
        except ValueError as error:
            problems.append(Diagnostic(f"--scenario {text}: {error}.", action=HOW))
            continue
        shortages += [event] if isinstance(event, Shortage) else []
        interruptions += [event] if isinstance(event, Interruption) else []
    for each in shortages:
        problems += _pattern(each.type, each.left)
    for each in interruptions:
        problems += _pattern(each.type, each.count or 0)
    if problems:
        raise InvalidInput(tuple(problems))
    return Events(tuple(shortages), tuple(interruptions))


def _read_file(
    path: Path,
    shortages: list[Shortage],
    interruptions: list[Interruption],
    problems: list[Diagnostic],
) -> None:
    if not path.exists():
        problems.append(
            Diagnostic(f"--scenario {path} is neither a scenario nor a file.", action=HOW)
        )
        return
    table = _toml(path)
    keys = ("shortage", "interruption")
    for key in sorted(set(table) - set(keys)):
        action = f"there are {', '.join(keys)}"
        problems.append(Diagnostic(f"{path} has no [[{key}]].", action=action))
    rows = {key: [_seconds(each) for each in table.get(key, ())] for key in keys}
    shortages += _tables(rows, "shortage", Shortage, path, problems)
    interruptions += _tables(rows, "interruption", Interruption, path, problems)


def _seconds(row: Mapping[str, Any]) -> dict[str, Any]:
    """Durations may be written as 40m."""
    return {
        key: parse_duration(value)
        if key in ("after", "lasts") and isinstance(value, str)
        else value
        for key, value in row.items()
    }


def _event(text: str) -> Shortage | Interruption:
    """Raises ValueError."""
    what, _, rest = text.partition(":")
    first, *others = rest.split(",")
    pattern, _, start = first.partition("@")
    after = parse_duration(start) if start else 0.0
    options = [each.partition("=") for each in others]
    facts = {key: value for key, equals, value in options if equals}
    plain = [key for key, equals, _ in options if not equals]
    unknown = sorted(set(facts) - {"left", "zone", "count"})
    if unknown:
        raise ValueError(f"there is no {unknown[0]}")
    zone = facts.get("zone", "")
    if what == "interruption":
        count = int(facts["count"]) if "count" in facts else None
        return Interruption(type=pattern, after=after, count=count, zone=zone)
    spot = "spot" if "spot" in plain else ""
    lasts = [parse_duration(each) for each in plain if each != "spot"]
    if len(lasts) != 1:
        raise ValueError("a shortage lasts for one duration, such as 40m")
    left = int(facts.get("left", 0))
    return Shortage(type=pattern, after=after, lasts=lasts[0], left=left, zone=zone, purchase=spot)


def setting_calls(settings: Settings) -> list[Call]:
    """The operations that put settings into force."""
    calls: list[Call] = []
    if settings.pools:
        pools = [
            {"Pattern": p.type, "Count": p.count, "Zone": p.zone, "Purchase": p.purchase}
            for p in settings.pools
        ]
        calls.append(("PutPools", {"Pools": pools}))
    if settings.quotas:
        calls.append(("PutLimits", {"Limits": settings.quotas}))
    owned = {
        "Reserved": [msgspec.to_builtins(each) for each in settings.reserved],
        "Plans": [msgspec.to_builtins(each) for each in settings.plans],
        "Reservations": [msgspec.to_builtins(each) for each in settings.reservations],
    }
    return [*calls, ("PutCommitments", owned)] if any(owned.values()) else calls


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


def limit_calls(told: Iterable[str]) -> list[Call]:
    """The operations for ``--limit``. Raises InvalidInput with all that is wrong.

    >>> limit_calls(["p4d=2"])[0][0], limit_calls(["p4d=2"])[0][1]["Pools"][0]["Count"]
    ('PutPools', 2)
    """
    limits: list[PoolLimit] = []
    problems: list[Diagnostic] = []
    for text in told:
        first, *options = text.split(",")
        pattern, _, count = first.partition("=")
        zones = [each.removeprefix("zone=") for each in options if each.startswith("zone=")]
        others = [each for each in options if each != "spot" and not each.startswith("zone=")]
        if not count.isdigit() or others:
            action = "write TYPE=COUNT[,zone=ZONE][,spot], as p4d=2"
            problems.append(Diagnostic(f"--limit {text} is no limit.", action=action))
            continue
        problems += _pattern(pattern, int(count))
        purchase = "spot" if "spot" in options else ""
        zone = zones[0] if zones else ""
        limits.append(PoolLimit(type=pattern, count=int(count), zone=zone, purchase=purchase))
    if problems:
        raise InvalidInput(tuple(problems))
    return setting_calls(Settings(pools=tuple(limits)))


def quota_calls(told: Iterable[str]) -> list[Call]:
    """The operations for ``--quota``. Raises InvalidInput with all that is wrong."""
    pairs = [text.partition("=") for text in told]
    quotas = {key: int(limit) if limit.isdigit() else limit for key, _, limit in pairs}
    if problems := quota_problems(quotas):
        raise InvalidInput(tuple(problems))
    return setting_calls(Settings(quotas={key: int(limit) for key, limit in quotas.items()}))


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
