"""GetCostAndUsage."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from understudy.base.fault import Fault
from understudy.control.cost_explorer.periods import MONTHLY, span_of, spans
from understudy.control.cost_explorer.service import CostExplorer, Entry
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.application import PLAN_FEE, RI_FEE
from understudy.pricing.meter import SECONDS_PER_HOUR

CHARGED = ("BlendedCost", "UnblendedCost", "NetUnblendedCost")
SPREAD = ("AmortizedCost", "NetAmortizedCost")
USAGE = ("UsageQuantity", "NormalizedUsageAmount")


def get_cost_and_usage(service: CostExplorer, params: Params, turn: Turn) -> Params:
    """Costs by period and group."""
    metrics = [_metric(each) for each in params["Metrics"]]
    groups: list[Params] = params.get("GroupBy", [])
    for group in groups:
        if group["Type"] != "DIMENSION":
            text = f"Understudy groups by dimensions; {group['Type']} is none."
            raise Fault("ValidationException", text)
    whole = span_of(params)
    entries = [e for e in service.entries(whole, turn) if passes(e, params.get("Filter", {}))]
    results: list[Params] = []
    for span in spans(whole, params.get("Granularity", MONTHLY)):
        inside = [e for e in entries if span.begin <= e.hour * SECONDS_PER_HOUR < span.end]
        result: Params = {
            "TimePeriod": span.shown(),
            "Total": {} if groups else _amounts(inside, metrics),
            "Groups": _groups(inside, groups, metrics),
            "Estimated": True,
        }
        results.append(result)
    answer: Params = {"ResultsByTime": results, "DimensionValueAttributes": []}
    return {**answer, "GroupDefinitions": groups} if groups else answer


def _metric(name: str) -> str:
    """A metric's own name; AWS takes it in either case."""
    known = {each.lower(): each for each in (*CHARGED, *SPREAD, *USAGE)}
    if name.lower() not in known:
        text = f"Invalid value for metrics: {name}. Valid values are {', '.join(known.values())}."
        raise Fault("ValidationException", text)
    return known[name.lower()]


def _groups(entries: list[Entry], groups: list[Params], metrics: list[str]) -> list[Params]:
    if not groups:
        return []
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        keys = tuple(entry.dimension(group["Key"]) for group in groups)
        found.setdefault(keys, []).append(entry)
    return [
        {"Keys": list(keys), "Metrics": _amounts(same, metrics)}
        for keys, same in sorted(found.items())
    ]


def _amounts(entries: Iterable[Entry], metrics: list[str]) -> Params:
    chosen = list(entries)
    return {name: _amount(chosen, name) for name in metrics}


def _amount(entries: list[Entry], metric: str) -> Params:
    if metric in USAGE:
        used = (e.line.quantity for e in entries if e.line.kind not in (RI_FEE, PLAN_FEE))
        return {"Amount": text(sum(used, Fraction(0))), "Unit": "N/A"}
    if metric in CHARGED:
        return {"Amount": text(sum((e.unblended for e in entries), Fraction(0))), "Unit": "USD"}
    return {"Amount": text(sum((e.amortized for e in entries), Fraction(0))), "Unit": "USD"}


def text(amount: Fraction) -> str:
    """An amount with ten decimals at most.

    >>> text(Fraction(1, 3)), text(Fraction(5)), text(Fraction(0))
    ('0.3333333333', '5', '0')
    """
    value = Decimal(amount.numerator) / Decimal(amount.denominator)
    written = f"{value:.10f}".rstrip("0").rstrip(".")
    return written or "0"


def passes(entry: Entry, wish: Params) -> bool:
    """Whether an entry passes an Expression: And, Or, Not, Dimensions. Raises Fault."""
    if not wish:
        return True
    if "And" in wish:
        return all(passes(entry, each) for each in wish["And"])
    if "Or" in wish:
        return any(passes(entry, each) for each in wish["Or"])
    if "Not" in wish:
        return not passes(entry, wish["Not"])
    if "Dimensions" not in wish:
        raise Fault("ValidationException", "Understudy filters by dimensions only.")
    told = wish["Dimensions"]
    return entry.dimension(told["Key"]) in told.get("Values", [])
