"""Prices as a table for a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from understudy.pricing.offer import Offer
from understudy.pricing.vintage import vintage
from understudy.report.terminal import MUTED


def table(*columns: str) -> Table:
    """A table without lines; columns whose name begins with ``>`` are numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    for name in columns:
        number = name.startswith(">")
        made.add_column(name.removeprefix(">"), justify="right" if number else "left")
    return made


def price_table(offers: Iterable[Offer], today: str) -> RenderableType:
    """Each price with its terms, date and source, and how old they all are."""
    shown = table("bought", ">an hour", ">upfront", "as of", "source")
    known = list(offers)
    sources = list(dict.fromkeys(offer.source for offer in known))
    for offer in known:
        upfront = "not told" if offer.upfront is None else f"${offer.upfront:,}"
        number = f"[{sources.index(offer.source) + 1}]"
        row = (str(offer.terms), f"${offer.hourly}", upfront if offer.years else "")
        shown.add_row(*row, offer.as_of or "no date", Text(number))
    notes = [Text(f"[{number}] {source}") for number, source in enumerate(sources, 1)]
    return Group(shown, "", *notes, "", Text(vintage(known).said(today) + "."))
