"""How Reserved Instances and Savings Plans were used, and what they covered.

AWS: GetReservationUtilization, GetReservationCoverage, GetSavingsPlansUtilization,
GetSavingsPlansCoverage.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction

from understudy.base.fault import Fault
from understudy.control.cost_explorer.costs import passes, text
from understudy.control.cost_explorer.periods import MONTHLY, Span, span_of, spans
from understudy.control.cost_explorer.service import CostExplorer, Entry
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.application import (
    COVERED_USAGE,
    DISCOUNTED_USAGE,
    PLAN_FEE,
    RI_FEE,
    USAGE,
)
from understudy.pricing.commitments import PLAN_ORDER, plan_covers, reservable
from understudy.pricing.instance import units
from understudy.pricing.meter import SECONDS_PER_HOUR
from understudy.pricing.offer import SPOT

QUARTERS = 4
"""Normalization factors are kept in quarters."""


def _by_time(
    service: CostExplorer, params: Params, turn: Turn
) -> tuple[list[tuple[Span, list[Entry]]], list[Entry]]:
    """The entries of each period, and all of them. Raises Fault."""
    whole = span_of(params)
    entries = [e for e in service.entries(whole, turn) if passes(e, params.get("Filter", {}))]
    parts = [
        (span, [e for e in entries if span.begin <= e.hour * SECONDS_PER_HOUR < span.end])
        for span in spans(whole, params.get("Granularity", MONTHLY))
    ]
    return parts, entries


def _sum(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


def _percent(part: Fraction, whole: Fraction) -> str:
    return text(part / whole * 100) if whole else "0"


def _kinds(entries: Iterable[Entry], *kinds: str) -> list[Entry]:
    return [entry for entry in entries if entry.line.kind in kinds]


def _have(entries: list[Entry], what: str) -> None:
    if not entries:
        raise Fault("DataUnavailableException", f"There are no {what} in the period.")


def get_reservation_utilization(service: CostExplorer, params: Params, turn: Turn) -> Params:
    """Which part of the reserved hours was used, and what that saved."""
    parts, entries = _by_time(service, params, turn)
    _have(_kinds(entries, RI_FEE), "Reserved Instances")
    grouped = bool(params.get("GroupBy"))
    return {
        "UtilizationsByTime": [
            {
                "TimePeriod": span.shown(),
                "Groups": _subscriptions(inside) if grouped else [],
                "Total": _utilization(inside),
            }
            for span, inside in parts
        ],
        "Total": _utilization(entries),
    }


def _subscriptions(entries: list[Entry]) -> list[Params]:
    names = sorted({entry.line.by for entry in _kinds(entries, RI_FEE)})
    return [
        {
            "Key": "SUBSCRIPTION_ID",
            "Value": name,
            "Attributes": _attributes(next(e for e in entries if e.line.by == name)),
            "Utilization": _utilization([e for e in entries if e.line.by == name]),
        }
        for name in names
    ]


def _attributes(entry: Entry) -> Params:
    return {"instanceType": entry.line.product, "region": entry.region}


def _utilization(entries: list[Entry]) -> Params:
    fees, covered = _kinds(entries, RI_FEE), _kinds(entries, DISCOUNTED_USAGE)
    bought = _sum(e.line.quantity for e in fees)
    idle = _sum(e.line.unused for e in fees)
    bought_units = _sum(e.line.quantity * _units(e) for e in fees)
    idle_units = _sum(e.line.unused * _units(e) for e in fees)
    fee = _sum(e.line.amount or Fraction(0) for e in fees)
    wasted = _sum((e.line.amount or Fraction(0)) * e.line.unused / e.line.quantity for e in fees)
    worth = _sum(e.on_demand for e in covered)
    recurring = _sum(e.line.quantity * Fraction(e.line.rate or 0) for e in fees)
    return {
        "UtilizationPercentage": _percent(bought - idle, bought),
        "UtilizationPercentageInUnits": _percent(bought_units - idle_units, bought_units),
        "PurchasedHours": text(bought),
        "PurchasedUnits": text(bought_units),
        "TotalActualHours": text(bought - idle),
        "TotalActualUnits": text(bought_units - idle_units),
        "UnusedHours": text(idle),
        "UnusedUnits": text(idle_units),
        "OnDemandCostOfRIHoursUsed": text(worth),
        "NetRISavings": text(worth - fee),
        "AmortizedUpfrontFee": text(max(fee - recurring, Fraction(0))),
        "AmortizedRecurringFee": text(min(fee, recurring)),
        "TotalAmortizedFee": text(fee),
        "RICostForUnusedHours": text(wasted),
        "RealizedSavings": text(worth - (fee - wasted)),
    }


def _units(entry: Entry) -> Fraction:
    return Fraction(units(entry.line.product) or QUARTERS, QUARTERS)


def get_reservation_coverage(service: CostExplorer, params: Params, turn: Turn) -> Params:
    """Which part of the running hours Reserved Instances covered."""
    parts, entries = _by_time(service, params, turn)
    keys: list[str] = [each["Key"] for each in params.get("GroupBy", [])]
    return {
        "CoveragesByTime": [
            {
                "TimePeriod": span.shown(),
                "Groups": _grouped(inside, keys, _coverage),
                "Total": _coverage(inside),
            }
            for span, inside in parts
        ],
        "Total": _coverage(entries),
    }


def _grouped(
    entries: list[Entry], keys: list[str], measure: Callable[[list[Entry]], Params]
) -> list[Params]:
    if not keys:
        return []
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in _kinds(entries, USAGE, DISCOUNTED_USAGE, COVERED_USAGE):
        found.setdefault(tuple(entry.dimension(key) for key in keys), []).append(entry)
    return [
        {"Attributes": dict(zip(keys, values, strict=True)), "Coverage": measure(same)}
        for values, same in sorted(found.items())
    ]


def _coverage(entries: list[Entry]) -> Params:
    running = [
        e
        for e in _kinds(entries, USAGE, DISCOUNTED_USAGE, COVERED_USAGE)
        if reservable(e.line.product) and e.line.purchase != SPOT
    ]
    covered = _kinds(running, DISCOUNTED_USAGE)
    hours, reserved = (_sum(e.line.quantity for e in each) for each in (running, covered))
    all_units, own_units = (
        _sum(e.line.quantity * _units(e) for e in each) for each in (running, covered)
    )
    return {
        "CoverageHours": {
            "OnDemandHours": text(hours - reserved),
            "ReservedHours": text(reserved),
            "TotalRunningHours": text(hours),
            "CoverageHoursPercentage": _percent(reserved, hours),
        },
        "CoverageNormalizedUnits": {
            "OnDemandNormalizedUnits": text(all_units - own_units),
            "ReservedNormalizedUnits": text(own_units),
            "TotalRunningNormalizedUnits": text(all_units),
            "CoverageNormalizedUnitsPercentage": _percent(own_units, all_units),
        },
        "CoverageCost": {"OnDemandCost": text(_sum(e.unblended for e in _kinds(running, USAGE)))},
    }


def get_savings_plans_utilization(service: CostExplorer, params: Params, turn: Turn) -> Params:
    """Which part of the commitments was used, and what that saved."""
    parts, entries = _by_time(service, params, turn)
    _have(_kinds(entries, PLAN_FEE), "Savings Plans")
    return {
        "SavingsPlansUtilizationsByTime": [
            {"TimePeriod": span.shown(), **_plan_utilization(inside)} for span, inside in parts
        ],
        "Total": _plan_utilization(entries),
    }


def _plan_utilization(entries: list[Entry]) -> Params:
    fees, covered = _kinds(entries, PLAN_FEE), _kinds(entries, COVERED_USAGE)
    total = _sum(e.line.amount or Fraction(0) for e in fees)
    unused = _sum(e.line.unused for e in fees)
    worth = _sum(e.on_demand for e in covered)
    recurring = min(_sum(e.unblended for e in fees), total)
    return {
        "Utilization": {
            "TotalCommitment": text(total),
            "UsedCommitment": text(total - unused),
            "UnusedCommitment": text(unused),
            "UtilizationPercentage": _percent(total - unused, total),
        },
        "Savings": {"NetSavings": text(worth - total), "OnDemandCostEquivalent": text(worth)},
        "AmortizedCommitment": {
            "AmortizedRecurringCommitment": text(recurring),
            "AmortizedUpfrontCommitment": text(total - recurring),
            "TotalAmortizedCommitment": text(total),
        },
    }


def get_savings_plans_coverage(service: CostExplorer, params: Params, turn: Turn) -> Params:
    """Which part of the eligible spend Savings Plans covered, by period and group."""
    parts, _ = _by_time(service, params, turn)
    keys: list[str] = [each["Key"] for each in params.get("GroupBy", [])]
    found: list[Params] = []
    for span, inside in parts:
        groups = _grouped(inside, keys, _plan_coverage)
        groups = groups or [{"Attributes": {}, "Coverage": _plan_coverage(inside)}]
        found += [{**each, "TimePeriod": span.shown()} for each in groups]
    return {"SavingsPlansCoverages": found}


def _plan_coverage(entries: list[Entry]) -> Params:
    covered = _sum(e.on_demand for e in _kinds(entries, COVERED_USAGE))
    left = _sum(
        e.unblended
        for e in _kinds(entries, USAGE)
        if e.line.purchase != SPOT and any(plan_covers(kind, e.line.product) for kind in PLAN_ORDER)
    )
    return {
        "SpendCoveredBySavingsPlans": text(covered),
        "OnDemandCost": text(left),
        "TotalCost": text(covered + left),
        "CoveragePercentage": _percent(covered, covered + left),
    }
