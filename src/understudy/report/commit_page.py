"""``commit.html`` and ``commit.json``: the advice as files. The page needs no network."""

from pathlib import Path

import msgspec

from understudy.app.commit import Advice
from understudy.base.quantity import format_usd
from understudy.report import commit as words
from understudy.report.page_templates import template
from understudy.report.purchase_charts import (
    break_even,
    duration_curves,
    monthly_cost,
    spread_charts,
)

WIDTHS = (1040, 400)


def render(advice: Advice) -> str:
    """The whole page."""
    rows = words.rows(advice)
    best = next(row for row in rows if row["name"] == advice.answer.best.name)
    return template("commit").render(
        headline=f"{best['monthly']} a month, {best['saving']} less than on demand.",
        demand=words.demand_said(advice),
        prices=advice.vintage.said(advice.today),
        rows=rows,
        best=best["name"],
        purchases=[
            {
                "what": each.what,
                "count": each.count or "",
                "terms": str(each.terms),
                "hourly": f"${each.hourly:.4f}",
                "upfront": "not told" if each.upfront is None else format_usd(each.upfront),
                "as_of": each.as_of,
            }
            for each in advice.purchases
        ],
        monthly=[monthly_cost(advice, width) for width in WIDTHS],
        duration=[duration_curves(advice, width) for width in WIDTHS],
        even=[chart for width in WIDTHS if (chart := break_even(advice, width))],
        samples=[spread_charts(advice.spread, width) for width in WIDTHS] if advice.spread else [],
        sureness=words.sureness(advice),
        certificate=words.certificate(advice),
        notes=advice.notes,
        warnings=[each.summary for each in advice.warnings],
        sources=advice.vintage.sources,
    )


def write(folder: Path, advice: Advice) -> tuple[Path, ...]:
    """Write both files; a folder that is not there is made."""
    folder.mkdir(parents=True, exist_ok=True)
    page, data = folder / "commit.html", folder / "commit.json"
    page.write_text(render(advice))
    encoded = msgspec.json.encode(words.document(advice))
    data.write_bytes(msgspec.json.format(encoded, indent=1))
    return page, data
