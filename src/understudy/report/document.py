"""``report.json``: an outcome, its simulated twin and their difference under stable names."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from understudy.control.comparison import CapacityDifference
from understudy.control.outcome import Outcome
from understudy.pricing.meter import Cost

SCHEMA = "understudy.report/1"

UNITS = {
    "at, started_at, ended_at, ended": "ISO-8601, UTC, world time",
    "seconds, *_seconds": "seconds of world time; `seconds` counts from started_at",
    "*_ms": "milliseconds of world time",
    "*usd": "US dollars, a decimal number as text",
    "hourly": "US dollars per instance-hour, a decimal number as text",
    "capacity": "instances from `at` until the next point",
    "load.requests, load.failed": "requests of the world in span_seconds from `at`",
    "requests.sent": "requests really sent, each standing for `stands_for` of the world",
    "updates.planned": "its change set; set_back are counts that scaling had set",
    "updates.requests, lost, late": "requests of the world in an update and the 600 s after it",
    "share, objective, equal": "0 to 1",
    "speed": "world seconds per real second, null in virtual time",
}

Json = dict[str, Any]


def iso(at: float) -> str:
    """A time of the world as ISO-8601 in UTC.

    >>> iso(1772452800.25)
    '2026-03-02T12:00:00.250Z'
    """
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def document(
    outcome: Outcome, simulated: Outcome | None, comparison: CapacityDifference | None
) -> Json:
    """The report as plain values; ``simulated`` and ``comparison`` are null where there is none."""
    return {
        "schema": SCHEMA,
        "units": UNITS,
        **_run(outcome),
        "simulated": _run(simulated) if simulated else None,
        "comparison": _comparison(comparison) if comparison else None,
    }


def to_json(
    outcome: Outcome, simulated: Outcome | None, comparison: CapacityDifference | None
) -> bytes:
    """The report as indented JSON."""
    return encoded(document(outcome, simulated, comparison))


def encoded(values: Any) -> bytes:
    """Plain values as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(values), indent=1)


def _run(run: Outcome) -> Json:
    fields: Json = msgspec.to_builtins(run)
    del fields["idle"]
    return {
        **fields,
        "started_at": iso(run.started_at),
        "ended_at": iso(run.ended_at),
        "duration_seconds": run.duration,
        "requests": msgspec.to_builtins(run.requests) | {"stands_for": run.stands_for},
        "load": [_dated(point, run) for point in run.load],
        "capacity": [_dated(point, run) for point in run.capacity],
        "activities": [
            _dated(each, run) | {"ended": None if each.ended is None else iso(each.ended)}
            for each in run.activities
        ],
        "alarms": [_dated(each, run) for each in run.alarms],
        "updates": [
            _dated(each, run) | {"ended": None if each.ended is None else iso(each.ended)}
            for each in run.updates
        ],
        "cost": _cost(run.cost, run.idle) if run.cost else None,
    }


def _dated(value: Struct, run: Outcome) -> Json:
    """A value with its time as ISO-8601 and as seconds from the start."""
    fields: Json = msgspec.to_builtins(value)
    at: float = fields.pop("at")
    return {"at": iso(at), "seconds": round(at - run.started_at, 3), **fields}


def _cost(cost: Cost, idle: Cost | None) -> Json:
    offers = [charge.offer for charge in cost.charges if charge.offer]
    return {
        "on_demand_usd": _text(cost.usd),
        "idle_usd": _text(idle.usd) if idle else None,
        "instance_hours": cost.instance_hours,
        "region": cost.region,
        "by_instance_type": msgspec.to_builtins(cost.charges),
        "price_as_of": sorted({offer.as_of for offer in offers if offer.as_of}),
        "price_source": sorted({offer.source for offer in offers}),
        "missing": cost.missing,
    }


def _text(amount: object) -> str | None:
    return None if amount is None else str(amount)


def _comparison(comparison: CapacityDifference) -> Json:
    fields: Json = msgspec.to_builtins(comparison)
    fields["activities"] = [
        msgspec.to_builtins(each) | {"offset_seconds": each.offset}
        for each in comparison.activities
    ]
    return fields
