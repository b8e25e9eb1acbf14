"""How old the prices behind a cost are."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from understudy.base.diagnostic import Diagnostic, Severity
from understudy.pricing.offer import Offer

STALE_DAYS = 365
MIXED_DAYS = 180
"""Prices whose dates are further apart than this are said to be mixed."""


class Vintage(Struct, frozen=True):
    """The ISO dates of the oldest and the newest price, empty where none is dated.

    ``undated`` are the products whose price has no date, ``sources`` where prices were read.
    """

    oldest: str
    newest: str
    undated: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def mixed(self) -> bool:
        """Whether prices of different times, or without a time, stand beside each other."""
        if self.undated and self.oldest:
            return True
        return bool(self.oldest) and days_between(self.oldest, self.newest) > MIXED_DAYS

    def dated(self) -> str:
        """Of when the prices are, without their age.

        >>> Vintage("2019-04-05", "2026-07-20", (), ()).dated()
        'prices of 2019-04-05 to 2026-07-20, vintages mixed'
        """
        if not self.oldest:
            return "prices without a date" if self.undated else "no prices"
        if self.oldest == self.newest and not self.mixed:
            return f"prices of {self.oldest}"
        mixed = ", vintages mixed" if self.mixed else ""
        loose = ", some without a date" if self.undated else ""
        return f"prices of {self.oldest} to {self.newest}{loose}{mixed}"

    def said(self, today: str) -> str:
        """How old the prices are, in a few words. ``today`` is an ISO date.

        >>> Vintage("2019-04-05", "2026-07-20", (), ()).said("2026-11-20")
        'prices of 2019-04-05 to 2026-07-20, vintages mixed; the oldest is 7 years old'
        >>> Vintage("2026-07-20", "2026-07-20", (), ()).said("2026-11-20")
        'prices of 2026-07-20, 123 days old'
        """
        if not self.oldest:
            return self.dated()
        age = age_said(days_between(self.oldest, today))
        if self.oldest == self.newest and not self.mixed:
            return f"{self.dated()}, {age} old"
        return f"{self.dated()}; the oldest is {age} old"


def vintage(offers: Iterable[Offer]) -> Vintage:
    """The dates and sources of prices."""
    used = tuple(offers)
    dates = sorted({offer.as_of for offer in used if offer.as_of})
    return Vintage(
        oldest=dates[0] if dates else "",
        newest=dates[-1] if dates else "",
        undated=tuple(sorted({offer.instance_type for offer in used if not offer.as_of})),
        sources=tuple(sorted({offer.source for offer in used})),
    )


def stale(offers: Iterable[Offer], today: str) -> tuple[Diagnostic, ...]:
    """A warning for each price that is older than a year or has no date, oldest first."""
    ages: dict[tuple[str, str], list[str]] = {}
    for offer in offers:
        if not offer.as_of or days_between(offer.as_of, today) > STALE_DAYS:
            ages.setdefault((offer.as_of, str(offer.terms)), []).append(offer.instance_type)
    return tuple(
        Diagnostic(
            f"The {terms} price of {_some(names)} {_dated(as_of, today)}.",
            severity=Severity.WARNING,
            action="read newer ones with: understudy prices refresh",
        )
        for (as_of, terms), names in sorted(ages.items())
    )


def _dated(as_of: str, today: str) -> str:
    if not as_of:
        return "has no date"
    return f"is of {as_of}, {age_said(days_between(as_of, today))} ago"


def _some(names: Iterable[str]) -> str:
    """A few names and how many more.

    >>> _some(["a", "b", "c", "d", "a"])
    'a, b, c and 1 more'
    """
    distinct = sorted(set(names))
    more = f" and {len(distinct) - 3} more" if len(distinct) > 3 else ""
    return ", ".join(distinct[:3]) + more


def days_between(begin: str, end: str) -> int:
    """Days from one ISO date to another."""
    return (date.fromisoformat(end) - date.fromisoformat(begin)).days


def age_said(days: int) -> str:
    """An age in years from two years on, else in days.

    >>> age_said(2786), age_said(1), age_said(400)
    ('7 years', '1 day', '400 days')
    """
    if days >= 2 * STALE_DAYS:
        return f"{days // STALE_DAYS} years"
    return f"{days} day" if days == 1 else f"{days} days"
