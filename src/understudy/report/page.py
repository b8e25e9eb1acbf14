"""``report.html``: an outcome as one self-contained page that works without a network."""

from dataclasses import dataclass
from typing import Any

import msgspec

from understudy.base.quantity import format_duration, format_usd
from understudy.control.comparison import CapacityDifference
from understudy.control.outcome import Attainment, Outcome
from understudy.pricing.meter import Charge
from understudy.report import words
from understudy.report.axes import clock, milliseconds
from understudy.report.drawing import live_and_simulated, what_happened
from understudy.report.method import how_measured
from understudy.report.page_templates import template

WIDTHS = (1040, 400)
"""Pictures are drawn for wide and for narrow screens; the page shows the one that fits."""
NONE = "none"


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the page's first row; ``tone`` is met, missed or empty."""

    name: str
    value: str
    of: str
    tone: str = ""


def render(run: Outcome, simulated: Outcome | None, comparison: CapacityDifference | None) -> str:
    """The whole page. ``comparison`` is that of the run with the simulated one."""
    return template("report").render(
        run=run,
        kind=words.kind(run).lower(),
        data=_data(run, simulated),
        headline=words.headline(run, "→"),
        mode=words.mode(run),
        answered_by=words.answered_by(run),
        start=words.moment(run.started_at),
        end=words.moment(run.ended_at),
        tiles=_tiles(run),
        happened=[what_happened(run, width) for width in WIDTHS],
        both=[live_and_simulated(run, simulated, width) for width in WIDTHS] if simulated else [],
        comparison=comparison,
        no_activity=words.no_activity(run),
        method=how_measured(run),
        **_tables(run),
        **_compared(comparison),
    )


def _tiles(run: Outcome) -> tuple[Tile, ...]:
    requests = run.requests
    stands_for = f"; each stands for {run.stands_for:g}" if run.stands_for != 1 else ""
    peak = max((point.in_service for point in run.capacity), default=0)
    return (
        Tile(
            "Requests sent", words.count(requests.sent), f"{requests.failed:,} failed{stands_for}"
        ),
        Tile("Latency, median", _latency(requests.p50_ms), "of requests that succeeded"),
        Tile("Latency, p99", _latency(requests.p99_ms), f"longest {_latency(requests.max_ms)}"),
        *map(_objective, requests.attainments),
        Tile("Most in service", str(peak), f"between {run.minimum} and {run.maximum} allowed"),
        _price(run),
    )


def _latency(value: float | None) -> str:
    return NONE if value is None else milliseconds(value)


def _objective(each: Attainment) -> Tile:
    if each.share is None:
        return Tile(each.slo, NONE, "nothing was sent")
    what = "succeeded" if each.slo.startswith("failed") else "in time"
    verdict = "met" if each.met else "not met"
    of = f"{what}, {words.percent(each.objective)} wanted: {verdict}"
    return Tile(each.slo, words.percent(each.share), of, "met" if each.met else "missed")


def _price(run: Outcome) -> Tile:
    if run.cost is None or run.cost.usd is None:
        return Tile("On demand", "not known", words.costs(run))
    idle = f"{format_usd(run.idle.usd)} with no traffic" if run.idle and run.idle.usd else ""
    return Tile("On demand", format_usd(run.cost.usd), idle)


def _tables(run: Outcome) -> dict[str, Any]:
    cost, idle = run.cost, run.idle
    return {
        "activities": [
            {
                "at": clock(each.at - run.started_at),
                "change": _change(each.from_count, each.to_count),
                "status": each.status,
                "took": "" if each.ended is None else format_duration(each.ended - each.at),
                "cause": each.cause,
                "message": "" if each.status == "Successful" else each.message,
            }
            for each in run.activities
        ],
        "alarms": [
            {
                "at": clock(each.at - run.started_at),
                "alarm": each.alarm,
                "change": f"{each.from_state} → {each.to_state}",
                "reason": each.reason,
            }
            for each in run.alarms
        ],
        "updates": [(words.update(run, each), each.planned.set_back) for each in run.updates],
        "charges": [_charge(charge) for charge in cost.charges] if cost else [],
        "hours": f"{cost.instance_hours:.3f}" if cost else "",
        "total": words.usd(cost.usd) if cost else "",
        "prices": words.prices([run]) if cost else "",
        "idle_hours": f"{idle.instance_hours:.3f}" if idle else "",
        "idle_total": words.usd(idle.usd) if idle else "",
    }


def _change(before: int, after: int) -> str:
    return f"{before} → {after}"


def _charge(charge: Charge) -> dict[str, str]:
    offer = charge.offer
    return {
        "instance_type": charge.instance_type,
        "starts": str(charge.starts),
        "hours": f"{charge.seconds / 3600:.3f}",
        "hourly": f"${offer.hourly}" if offer else "missing",
        "usd": words.usd(charge.usd),
        "as_of": (offer.as_of or "not dated") if offer else "",
        "source": offer.source if offer else "no figure is known here for this type and region",
    }


def _compared(comparison: CapacityDifference | None) -> dict[str, Any]:
    if comparison is None:
        return {"differences": (), "offsets": (), "compared_span": ""}
    return {
        "compared_span": format_duration(comparison.seconds),
        "differences": words.differences(comparison),
        "offsets": [
            {
                "change": _change(each.from_count, each.to_count),
                "first": "" if each.first is None else clock(each.first),
                "second": "" if each.second is None else clock(each.second),
                "offset": words.matched(each),
            }
            for each in comparison.activities
        ],
    }


def _data(run: Outcome, simulated: Outcome | None) -> str:
    """What the cursor reads, as JSON that is safe within a script element."""
    states: dict[str, list[tuple[float, str]]] = {}
    for each in run.alarms:
        turns = states.setdefault(words.brief(each.alarm), [(0.0, each.from_state)])
        turns.append((each.at - run.started_at, each.to_state))
    text = msgspec.json.encode(
        {
            "start": run.started_at,
            "duration": max(run.duration, simulated.duration if simulated else 0),
            "load": [
                (
                    point.at - run.started_at,
                    round(point.requests / point.seconds, 2),
                    round(point.failed / point.seconds, 2),
                    point.p50_ms,
                    point.p99_ms,
                )
                for point in run.load
            ],
            "capacity": _capacity(run),
            "simulated": _capacity(simulated) if simulated else [],
            "alarms": states,
        }
    ).decode()
    return text.replace("<", "\\u003c")


def _capacity(run: Outcome) -> list[tuple[float, int, int, int, int]]:
    return [
        (p.at - run.started_at, p.desired, p.in_service, p.pending, p.terminating)
        for p in run.capacity
    ]
