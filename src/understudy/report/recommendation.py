"""A recommendation on a terminal: the answer first, then how it was found."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from understudy.app.recommending import Answer
from understudy.base.quantity import format_duration
from understudy.recommend.recommendation import CURRENT, Judged, Recommendation
from understudy.recommend.sweep import Curve
from understudy.report import words
from understudy.report.axes import clock, milliseconds
from understudy.report.side_by_side import ROWS
from understudy.report.spark import Spark
from understudy.report.terminal import BAD, GOOD, MUTED, STRONG, grid
from understudy.sim.candidate import Candidate, Policy
from understudy.sim.measures import Measures

SPARK = 56
PLOT_WIDTH, PLOT_HEIGHT = 56, 12
MOST_ACTIONS = 6


def money(amount: float | None) -> str:
    """US dollars, or what stands where no price is known."""
    return "-" if amount is None else f"${amount:,.2f}"


def headline(answer: Answer) -> str:
    """The answer in plain words."""
    found, chosen = answer.found, answer.found.chosen
    before = found.current or found.default
    parts = [f"{_verb(answer)} {in_words(chosen.candidate, found.unit)}."]
    saved = _saved(before.unseen, chosen.unseen)
    if chosen.family == before.family:
        parts.append("Nothing that was tried is cheaper and as safe.")
    elif saved is not None and saved > 0:
        parts.append(f"It saves {money(saved)} a month against {before.family}.")
    elif saved is not None:
        why = "which misses its objectives" if not before.unseen.met else "for more in reserve"
        parts.append(f"It costs {money(-saved)} a month more than {before.family}, {why}.")
    parts.append(f"{_latency(answer)}.")
    if chosen.over_bound is not None:
        over = max(100 * (chosen.over_bound - 1), 0.0)
        parts.append(f"That is within {over:.0f} % of the best possible.")
    if not chosen.unseen.met:
        parts.append("On the part that was not seen it misses an objective: see below.")
    return " ".join(parts)


def _verb(answer: Answer) -> str:
    current = answer.found.current
    chosen = answer.found.chosen
    kind = f" on {chosen.instance_type}"
    if current is None:
        return f"Use{kind}"
    kinds = {policy.kind for policy in current.candidate.policies}
    ours = {policy.kind for policy in chosen.candidate.policies}
    same_type = kind if chosen.instance_type != current.instance_type else ""
    if chosen.candidate == current.candidate:
        return "Keep"
    if kinds == ours == {"TargetTrackingScaling"}:
        return f"Keep target tracking{same_type}, but with"
    return f"Use{same_type}"


def _saved(before: Measures, after: Measures) -> float | None:
    first, second = before.usd_a_month, after.usd_a_month
    return None if first is None or second is None else first - second


def _latency(answer: Answer) -> str:
    measures = answer.exact or answer.found.chosen.unseen
    p99 = "none" if measures.p99_ms is None else milliseconds(measures.p99_ms)
    lane = "request by request" if answer.exact or answer.found.exact else "by the minute"
    return f"p99 is {p99} on the part that it never saw, simulated {lane}"


def in_words(candidate: Candidate, unit: str = "instance") -> str:
    """A candidate in a sentence's part."""
    if not candidate.policies and not candidate.actions:
        return f"a fixed capacity of {words.plural(candidate.minimum, unit)}"
    parts = [_policy(policy, unit) for policy in candidate.policies]
    if candidate.actions:
        parts.append(
            f"{len(candidate.actions)} scheduled actions that set the minimum by the clock"
        )
    bounds = f"between {candidate.minimum} and {candidate.maximum} {unit}s"
    return f"{', and '.join(parts)}, {bounds}"


METRICS = {
    "SageMakerVariantInvocationsPerInstance": "invocations per {unit} and minute",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (
        "requests in flight per {unit}, seen every 10 s"
    ),
    "ALBRequestCountPerTarget": "requests per {unit} and minute",
    "ASGAverageCPUUtilization": "% CPU",
    "ECSServiceAverageCPUUtilization": "% CPU",
}


def _policy(policy: Policy, unit: str) -> str:
    settings = policy.configuration
    if policy.kind == "TargetTrackingScaling":
        metric = settings.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
        name = METRICS.get(metric, metric or "a metric of its own").format(unit=unit)
        return f"a target of {settings['TargetValue']:g} {name}{_waits(settings)}"
    if "StepAdjustments" not in settings:
        return f"{policy.kind} {policy.name}"
    steps = "/".join(f"{each['ScalingAdjustment']:+d}" for each in settings["StepAdjustments"])
    share = " %" if settings["AdjustmentType"].startswith("Percent") else ""
    return f"steps of {steps}{share}{_when(policy, unit)}"


def _waits(settings: Mapping[str, Any]) -> str:
    """The cooldowns of a policy, or its warm-up, where it names them."""
    if settings.get("EstimatedInstanceWarmup") is not None:
        return f", warm-up {settings['EstimatedInstanceWarmup']} s"
    if "ScaleOutCooldown" not in settings or "ScaleInCooldown" not in settings:
        return ""
    return (
        f", cooldowns {settings['ScaleOutCooldown']} s out and {settings['ScaleInCooldown']} s in"
    )


def _when(policy: Policy, unit: str) -> str:
    """Which alarm invokes a step policy."""
    for alarm in policy.alarms:
        side = "above" if "Greater" in alarm["ComparisonOperator"] else "below"
        metric = alarm.get("MetricName", "")
        name = "requests per {unit} and minute" if metric in COUNTS else metric
        return f" {side} {alarm['Threshold']:g} {name.format(unit=unit)}"
    return ""


COUNTS = ("InvocationsPerInstance", "RequestCountPerTarget")


def terminal(answer: Answer, files: Sequence[str] = ()) -> RenderableType:
    """The whole recommendation."""
    found = answer.found
    parts: list[RenderableType] = [
        Text(headline(answer), STRONG),
        "",
        _how(answer),
        "",
        Text("Families, each tuned on the first part and judged on the rest", STRONG),
        families(found),
        *(Text(f"{name}: {why}", MUTED) for name, why in found.not_offered.items()),
        "",
        Text("Measured on the part that was not seen", STRONG),
        measured_table(answer),
        "",
        Text("On perturbed copies of it", STRONG),
        _copies(found),
        "",
        curves(found),
        "",
        Text("Cost against missed objectives, all candidates (o: none is better in both)", STRONG),
        scatter(found),
        "",
        *_purchase(answer),
        Text("Template patch", STRONG),
        Padding(Text(answer.diff.rstrip() or "nothing changes"), (0, 0, 0, 2)),
        "",
        Text("Change set", STRONG),
        _changes(answer),
    ]
    if files:
        parts += ["", *(Text(f"Report     {each}") for each in files)]
    return Group(*parts)


def _how(answer: Answer) -> RenderableType:
    found, table = answer.found, grid()
    table.add_row("Traffic", f"{found.traffic}: {clock(found.tuning_hours * 3600)} h to tune on, "
                             f"{clock(found.unseen_hours * 3600)} h to judge on")  # fmt: skip
    table.add_row("Objectives", ", ".join(found.slos))
    rates = ", ".join(f"{rate:.3g} requests/s on {kind}" for kind, rate in found.rates.items())
    table.add_row("Bears", f"one {found.unit} {rates}")
    table.add_row("Service", answer.told)
    sifted = ", the best few of each family request by request" if found.exact else ""
    table.add_row("Tried", f"{found.candidates:,} runs of candidates{sifted}")
    table.add_row(
        "Bound", f"{money(found.bound_usd)} for the part not seen, by a schedule that knows it"
    )
    return table


def families(found: Recommendation) -> Table:
    """The table of families: what each is for, and what was measured."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    for name in ("Family", "USD", "of bound", "Objectives", "Best for; weakness"):
        figures = name in ("USD", "of bound")
        table.add_column(name, justify="right" if figures else "left", overflow="fold")
    for each in found.families:
        chosen = each.family == found.chosen.family
        bound = "-" if each.over_bound is None else f"{each.over_bound:.2f}x"
        verdict = Text("met", GOOD) if each.unseen.met else Text("not met", BAD)
        name = Text(f"{'> ' if chosen else '  '}{each.family}", STRONG if chosen else "")
        cost = (
            f"{each.unseen.usd:,.2f}"
            if each.unseen.usd is not None
            else f"{each.unseen.paid:.1f} h"
        )
        table.add_row(name, cost, bound, verdict, f"{each.best_for}; {each.weakness}")
    return table


def shown(answer: Answer) -> list[tuple[str, Measures]]:
    """What is compared number by number: the choice, the template as it is, the default advice."""
    found = answer.found
    columns = [("recommended", found.chosen.unseen)]
    if found.current is not None:
        columns.append((CURRENT, found.current.unseen))
    columns.append(("default advice", found.default.unseen))
    if answer.exact is not None:
        columns.append(("recommended, exact lane", answer.exact))
    return columns


def measured_table(answer: Answer) -> Table:
    """The measures side by side."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=STRONG)
    table.add_column("", style=MUTED, no_wrap=True)
    columns = shown(answer)
    for name, _ in columns:
        table.add_column(name, overflow="fold")
    for index, slo in enumerate(answer.found.slos):
        table.add_row(slo, *(attained(each, index) for _, each in columns))
    for label, write in ROWS:
        table.add_row(label, *(write(each) for _, each in columns))
    return table


def attained(measures: Measures, index: int) -> str:
    """How far an objective was met."""
    each = measures.attainments[index]
    share = "-" if each.share is None else words.percent(each.share)
    return f"{'met' if each.met else 'not met'}, {share}"


def _copies(found: Recommendation) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=MUTED)
    table.add_column("")
    judged = [("recommended", found.chosen), ("default advice", found.default)]
    if found.current is not None:
        judged.insert(1, (CURRENT, found.current))
    for name, _ in judged:
        table.add_column(name)
    for copy in found.chosen.copies:
        table.add_row(copy, *(_copy(each.copies[copy]) for _, each in judged))
    return table


def _copy(measures: Measures) -> str:
    met = "met" if measures.met else "not met"
    return f"{money(measures.usd)}, {met}"


def curves(found: Recommendation) -> Table:
    """Capacity against load for the choice, the default and the bound."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style=MUTED, no_wrap=True)
    table.add_column(width=SPARK)
    table.add_column(style=MUTED)
    seconds = found.unseen_hours * 3600
    most = max(
        max(each.instances) for each in (found.chosen.curve, found.default.curve, found.bound_curve)
        if each
    )  # fmt: skip
    table.add_row("Load", Spark(found.load.instances, "blue", 0.0, SPARK),
                  f"up to {max(found.load.instances):.3g}/s")  # fmt: skip
    for name, curve, style in (
        ("Recommended", found.chosen.curve, "green"),
        ("Default", found.default.curve, "yellow"),
        ("Bound", found.bound_curve, "magenta"),
    ):
        if curve is not None:
            note = f"{min(curve.instances):.0f} to {max(curve.instances):.0f} {found.unit}s"
            table.add_row(name, Spark(sampled(curve, seconds, 8 * SPARK), style, most, SPARK), note)
    table.add_row("", f"0:00{clock(seconds):>{SPARK - 4}}", "of the part not seen")
    return table


def sampled(curve: Curve, seconds: float, samples: int) -> list[float]:
    """The curve at so many even times."""
    found: list[float] = []
    index = 0
    for sample in range(samples):
        at = seconds * sample / samples
        while index + 1 < len(curve.seconds) and curve.seconds[index + 1] <= at:
            index += 1
        found.append(curve.instances[index])
    return found


def scatter(found: Recommendation) -> RenderableType:
    """Cost to the right, what is missed upward, in units of what the objectives allow."""
    best = set(found.pareto)
    points = [each for each in (*found.tried, *found.pareto) if each[1] <= 20]
    if not points:
        return Text("no candidate came near the objectives")
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    top = max(*(y for _, y in points), 1.5)
    rows = [[" "] * PLOT_WIDTH for _ in range(PLOT_HEIGHT)]
    line = _row(1.0, top)
    rows[line] = ["-"] * PLOT_WIDTH
    for x, y in sorted(points, key=lambda each: each in best):
        column = round((x - low) / max(high - low, 1e-9) * (PLOT_WIDTH - 1))
        rows[_row(y, top)][column] = "o" if (x, y) in best else "."
    labels = {0: f"{top:5.1f}", line: "  1.0", PLOT_HEIGHT - 1: "  0.0"}
    text = "\n".join(f"{labels.get(i, '     ')} |{''.join(row)}" for i, row in enumerate(rows))
    foot = f"      {money(low)}{money(high):>{PLOT_WIDTH - len(money(low)) + 1}}"
    return Group(Text(text), Text(f"{foot}  on the tuning part; below 1.0 all is met", MUTED))


def _row(missed: float, top: float) -> int:
    return PLOT_HEIGHT - 1 - round(min(missed / top, 1.0) * (PLOT_HEIGHT - 1))


def _purchase(answer: Answer) -> list[RenderableType]:
    mix = answer.purchase
    if mix is None:
        return []
    table = grid()
    for each in mix.purchases:
        count = f"{each.count} of " if each.count else ""
        table.add_row("Buy", f"{count}{each.what}, {each.terms.years} year, {each.terms.payment}: "
                             f"${each.hourly:.4f} an hour")  # fmt: skip
    if mix.purchases:
        saved = mix.on_demand_a_month - mix.usd_a_month
        table.add_row(
            "Cost", f"{money(mix.usd_a_month)} a month, {money(saved)} less than on demand"
        )
        table.add_row("Proof", f"no purchase costs {100 * mix.gap:.2f} % less")
    else:
        table.add_row("Buy", f"nothing: on demand is cheapest{f' ({mix.note})' * bool(mix.note)}")
    return [Text("Purchase for this demand, if it goes on", STRONG), table, ""]


def _changes(answer: Answer) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 2), pad_edge=True)
    signs = {"Add": "+", "Modify": "~", "Remove": "-"}
    for each in answer.changes:
        names = {
            d["Target"].get("Name") or d["Target"]["Attribute"] for d in each.get("Details", ())
        }
        replaced = each.get("Replacement", "")
        told = f"replacement {replaced}" if replaced and each["Action"] == "Modify" else ""
        sign, kind = signs.get(each["Action"], "?"), each["ResourceType"]
        table.add_row(sign, each["LogicalResourceId"], kind, ", ".join(sorted(names)), told)
    return table if answer.changes else Text("  nothing changes", MUTED)


def reaction(judged: Judged) -> str:
    """Where the seconds from a breach to enough capacity go."""
    whole, asked = judged.unseen.reaction, judged.unseen.detection
    if whole is None or asked is None:
        return "no breach"
    started = format_duration(whole - asked)
    return f"{format_duration(whole)}: {format_duration(asked)} to ask, {started} to start"
