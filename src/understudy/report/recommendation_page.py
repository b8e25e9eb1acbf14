"""``recommendation.html``: a recommendation as one self-contained page."""

from typing import Any

from understudy.app.recommending import Answer
from understudy.recommend.recommendation import Judged, Recommendation
from understudy.report.page_templates import template
from understudy.report.recommendation import (
    attained,
    headline,
    in_words,
    money,
    reaction,
    shown,
)
from understudy.report.recommendation_drawing import capacity, pareto
from understudy.report.side_by_side import ROWS

WIDTHS = (1040, 400)


def page(answer: Answer) -> str:
    """The whole page."""
    found = answer.found
    columns = shown(answer)
    return template("recommendation").render(
        answer=answer,
        found=found,
        headline=headline(answer),
        families=[_family(each, found) for each in found.families],
        not_offered=found.not_offered,
        columns=[name for name, _ in columns],
        rows=[
            (slo, [attained(measures, index) for _, measures in columns])
            for index, slo in enumerate(found.slos)
        ]
        + [(label, [write(measures) for _, measures in columns]) for label, write in ROWS],
        copies=_copies(answer),
        pictures=[capacity(found, width) for width in WIDTHS],
        fronts=[pareto(found, width) for width in WIDTHS],
        bound=money(found.bound_usd),
        purchase=_purchase(answer),
        changes=answer.changes,
    )


def _family(judged: Judged, found: Recommendation) -> dict[str, Any]:
    measures = judged.unseen
    return {
        "name": judged.family,
        "chosen": judged.family == found.chosen.family,
        "policy": in_words(judged.candidate, found.unit),
        "type": judged.instance_type,
        "usd": money(measures.usd),
        "bound": "" if judged.over_bound is None else f"{judged.over_bound:.2f}",
        "met": measures.met,
        "shares": ", ".join(attained(measures, i) for i in range(len(measures.attainments))),
        "activities": f"{measures.activities_per_day:.1f}",
        "reversals": f"{measures.reversals_per_hour:.2f}",
        "under": f"{measures.under:.2f}",
        "over": f"{measures.over:.1f}",
        "idle": f"{measures.idle:.1f}",
        "reaction": reaction(judged),
        "best_for": judged.best_for,
        "weakness": judged.weakness,
    }


def _copies(answer: Answer) -> list[dict[str, Any]]:
    found = answer.found
    judged = [found.chosen, *([found.current] if found.current else []), found.default]
    return [
        {
            "name": copy,
            "cells": [
                f"{money(each.copies[copy].usd)}, {'met' if each.copies[copy].met else 'not met'}"
                for each in judged
            ],
        }
        for copy in found.chosen.copies
    ]


def _purchase(answer: Answer) -> str:
    mix = answer.purchase
    if mix is None:
        return "No price is known for this type here."
    if not mix.purchases:
        return f"On demand is cheapest: {money(mix.on_demand_a_month)} a month."
    bought = "; ".join(
        f"{f'{each.count} of ' if each.count else ''}{each.what} ({each.terms.years} year, "
        f"{each.terms.payment}) at ${each.hourly:.4f} an hour"
        for each in mix.purchases
    )
    return (
        f"{bought}. {money(mix.usd_a_month)} a month instead of {money(mix.on_demand_a_month)} on "
        f"demand; no purchase costs {100 * mix.gap:.2f} % less."
    )
