"""What capacity there is and what is owned, from ``understudy.toml`` and from the command line.

It comes down to operations of ``control.capacity``, which are the same live and simulated.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.regions import is_region
from understudy.control.capacity.operations import EVERY_REGION
from understudy.control.ecs.messages import FARGATE
from understudy.pricing.instance import HOSTING, known_instances
from understudy.pricing.offer import COMPUTE, NO_UPFRONT, STANDARD
from understudy.pricing.quota import QUOTAS, key_of

FILE = "understudy.toml"
Call = tuple[str, dict[str, Any]]
"""An operation of ``control.capacity`` with its parameters."""


class Table(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of a TOML file."""


class PoolLimit(Table, frozen=True, kw_only=True):
    """At most ``count`` instances of a type or family run at a time in each of its pools."""

    type: str
    count: int
    zone: str = ""
    purchase: str = ""


class Reserved(Table, frozen=True, kw_only=True):
    """Reserved Instances that are owned in a region; with a zone they are zonal."""

    type: str
    count: int
    region: str = DEFAULT_REGION
    years: int = 1
    payment: str = NO_UPFRONT
    offering_class: str = STANDARD
    zone: str = ""


class Plan(Table, frozen=True, kw_only=True):
    """A Savings Plan that is owned: US dollars an hour."""

    hourly: str
    kind: str = COMPUTE
    years: int = 1
    payment: str = NO_UPFRONT
    region: str = ""
    family: str = ""


class Reservation(Table, frozen=True, kw_only=True):
    """An On-Demand Capacity Reservation."""

    type: str
    zone: str
    count: int
    region: str = DEFAULT_REGION


class Settings(Struct, frozen=True):
    """What ``understudy.toml`` says of capacity and commitments."""

    pools: tuple[PoolLimit, ...] = ()
    quotas: dict[str, int] = {}
    reserved: tuple[Reserved, ...] = ()
    plans: tuple[Plan, ...] = ()
    reservations: tuple[Reservation, ...] = ()


def read_settings(path: Path | None = None) -> Settings:
    """The settings of a file, by default of ``understudy.toml`` here if there is one.

    Raises InvalidInput with all that is wrong.
    """
    chosen = path or Path(FILE)
    if path is None and not chosen.exists():
        return Settings()
    table, problems = toml(chosen), list[Diagnostic]()
    capacity = _section(table, "capacity", ("pool", "quotas"), chosen, problems)
    kinds = ("reserved", "savings-plan", "capacity-reservation")
    owned = _section(table, "commitments", kinds, chosen, problems)
    settings = Settings(
        tables(capacity, "pool", PoolLimit, chosen, problems),
        dict(capacity.get("quotas", {})),
        tables(owned, "reserved", Reserved, chosen, problems),
        tables(owned, "savings-plan", Plan, chosen, problems),
        tables(owned, "capacity-reservation", Reservation, chosen, problems),
    )
    problems += quota_problems(settings.quotas)
    problems += [p for each in settings.pools for p in pattern_problems(each.type, each.count)]
    problems += _region_problems(settings, chosen)
    if problems:
        raise InvalidInput(tuple(problems))
    return settings


def _region_problems(settings: Settings, path: Path) -> list[Diagnostic]:
    """Regions that there are not, and zones of other regions."""
    rows = (*settings.reserved, *settings.plans, *settings.reservations)
    regions = dict.fromkeys(each.region for each in rows if each.region)
    found = [Diagnostic(f"{path}: {e} is no region of AWS.") for e in regions if not is_region(e)]
    return found + [
        Diagnostic(
            f"{path}: {each.zone} is no zone of {each.region}.", action="name its region too"
        )
        for each in (*settings.reserved, *settings.reservations)
        if each.zone and not each.zone.startswith(each.region)
    ]


def toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises InvalidInput."""
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


Row = TypeVar("Row", bound=Table)


def tables(
    section: Mapping[str, Any], key: str, kind: type[Row], path: Path, problems: list[Diagnostic]
) -> tuple[Row, ...]:
    """The rows of a list of tables, as many as are right; the others are ``problems``."""
    found: list[Row] = []
    for number, each in enumerate(section.get(key, ()), 1):
        try:
            found.append(msgspec.convert(each, kind))
        except msgspec.ValidationError as error:
            problems.append(Diagnostic(f"{path}: [[{key}]] number {number}: {error}."))
    return tuple(found)


def quota_problems(quotas: Mapping[str, Any]) -> list[Diagnostic]:
    """What is wrong with limits by quota."""
    action = f"name {', '.join(QUOTAS)}, a code as L-1216C47A, or a type as ml.g5.xlarge"
    unknown = [
        Diagnostic(f"{key} is no quota.", action=action) for key in quotas if not key_of(key)
    ]
    return unknown + [
        Diagnostic(f"The limit of {key} is {limit}.", action="give a whole number, 0 or more")
        for key, limit in quotas.items()
        if not isinstance(limit, int) or limit < 0
    ]


def pattern_problems(pattern: str, count: int) -> list[Diagnostic]:
    """What is wrong with so many instances of a type or family."""
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


def setting_calls(settings: Settings, *, everywhere: bool = True) -> list[Call]:
    """The operations that put settings into force, capacity in one region or ``everywhere``.

    Commitments are put into the region that each of them names.
    """
    calls: list[Call] = []
    where = {EVERY_REGION: True} if everywhere else {}
    if settings.pools:
        pools = [
            {"Pattern": p.type, "Count": p.count, "Zone": p.zone, "Purchase": p.purchase}
            for p in settings.pools
        ]
        calls.append(("PutPools", {"Pools": pools, **where}))
    if settings.quotas:
        calls.append(("PutLimits", {"Limits": settings.quotas, **where}))
    owned = {
        "Reserved": [msgspec.to_builtins(each) for each in settings.reserved],
        "Plans": [msgspec.to_builtins(each) for each in settings.plans],
        "Reservations": [msgspec.to_builtins(each) for each in settings.reservations],
    }
    return (
        [*calls, ("PutCommitments", {**owned, EVERY_REGION: True})]
        if any(owned.values())
        else calls
    )


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
        problems += pattern_problems(pattern, int(count))
        purchase = "spot" if "spot" in options else ""
        zone = zones[0] if zones else ""
        limits.append(PoolLimit(type=pattern, count=int(count), zone=zone, purchase=purchase))
    if problems:
        raise InvalidInput(tuple(problems))
    return setting_calls(Settings(pools=tuple(limits)), everywhere=False)


def quota_calls(told: Iterable[str]) -> list[Call]:
    """The operations for ``--quota``. Raises InvalidInput with all that is wrong."""
    pairs = [text.partition("=") for text in told]
    quotas = {key: int(limit) if limit.isdigit() else limit for key, _, limit in pairs}
    if problems := quota_problems(quotas):
        raise InvalidInput(tuple(problems))
    limits = {key: int(limit) for key, limit in quotas.items()}
    return setting_calls(Settings(quotas=limits), everywhere=False)
