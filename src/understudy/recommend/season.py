"""Scheduled actions fitted to the season: how many instances each time of the day needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from understudy.sim.candidate import Action
from understudy.sim.lane import MINUTE, in_steps
from understudy.sim.queueing import Floats
from understudy.sim.traffic import Traffic

DAY, SLOT = 86_400.0, 900.0
SLOTS = int(DAY / SLOT)
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
WEEKDAYS, WEEKEND, EVERY_DAY = range(5), range(5, 7), range(7)
THURSDAY = 3
"""The epoch began on one."""
WEEKEND_DIFFERS = 0.8
"""Where weekends have less than this share of the weekdays' requests they have their own times."""


@dataclass(frozen=True, slots=True)
class Season:
    """Instances needed in each quarter of an hour, days of a kind together.

    ``needs[kind]`` has a row for each minute of a quarter on each day, and a column for each
    quarter. ``kinds`` are the days of the week (0 is Monday) that they hold for. ``start_up`` is in
    seconds.
    """

    kinds: tuple[tuple[int, ...], ...]
    needs: tuple[Floats, ...]
    start_up: float

    def actions(
        self, quantile: float, lead: float, margin: float, least: int, most: int, *, fix: bool
    ) -> list[Action]:
        """Scheduled actions that hold what so large a share of minutes needs.

        The quarters before and after count too, so that they follow the season and not its chance.

        ``lead`` (0 to 1) is how much sooner than the start-up requires, up to a quarter of an hour;
        ``margin`` (0 to 1) how much more, up to half. With ``fix`` the maximum is set as well.
        """
        ahead = self.start_up + 900.0 * lead
        found: list[Action] = []
        for days, needs in zip(self.kinds, self.needs, strict=True):
            around = np.concatenate([np.roll(needs, shift, axis=1) for shift in (-1, 0, 1)])
            wanted = np.quantile(around, 0.5 + quantile / 2, axis=0) * (1 + margin * margin / 2)
            counts = [min(max(ceil(each - 1e-9), least), most) for each in wanted.tolist()]
            found += _of_day(counts, days, ahead, fix=fix)
        return found


def _of_day(counts: Sequence[int], days: Sequence[int], ahead: float, *, fix: bool) -> list[Action]:
    """An action wherever the count changes: rises so many seconds ahead, falls in time."""
    changes = [0, *(i for i in range(1, SLOTS) if counts[i] != counts[i - 1])]
    found: list[Action] = []
    for index in changes:
        before = counts[index - 1]
        early = ahead if counts[index] > before else 0.0
        minute = (round((index * SLOT - early) / 60)) % 1440
        name = f"{DAYS[days[0]].lower()}-{minute // 60:02d}{minute % 60:02d}-{counts[index]}"
        schedule = f"cron({minute % 60} {minute // 60} ? * {_named(days)} *)"
        maximum = counts[index] if fix else None
        found.append(Action(name, schedule, counts[index], maximum))
    return found


def _named(days: Sequence[int]) -> str:
    """Days of the week as a cron expression has them.

    >>> _named((0, 1, 2, 3, 4)), _named((0, 1, 2, 3, 4, 5, 6))
    ('MON-FRI', '*')
    """
    return "*" if len(days) == len(DAYS) else f"{DAYS[days[0]]}-{DAYS[days[-1]]}"


def season(traffic: Traffic, limits: Floats, start: float, start_up: float) -> Season | None:
    """The season of traffic that begins at ``start`` (world time); None under two days of it.

    ``limits[n]`` is the rate that n instances bear.
    """
    if traffic.duration < 2 * DAY:
        return None
    needs = needed(traffic, limits)
    offset = int(start % DAY // 60)
    skipped = (1440 - offset) % 1440
    whole = (len(needs) - skipped) // 1440
    if whole < 2:
        return None
    minutes = needs[skipped : skipped + whole * 1440].reshape(whole, SLOTS, -1)
    first = int((start + skipped * 60) // DAY + THURSDAY) % 7
    weekday = (np.arange(whole) + first) % 7
    return _kinds(minutes, weekday, start_up)


def _kinds(minutes: Floats, weekday: NDArray[np.int64], start_up: float) -> Season:
    """Weekdays and weekends apart where weekends need much less.

    ``minutes`` are needs by day, quarter of an hour and minute.
    """
    at_work = np.isin(weekday, WEEKDAYS)
    if at_work.any() and (~at_work).any():
        ratio = minutes[~at_work].mean() / max(minutes[at_work].mean(), 1e-9)
        if ratio < WEEKEND_DIFFERS or ratio > 1 / WEEKEND_DIFFERS:
            needs = _together(minutes[at_work]), _together(minutes[~at_work])
            return Season((tuple(WEEKDAYS), tuple(WEEKEND)), needs, start_up)
    return Season((tuple(EVERY_DAY),), (_together(minutes),), start_up)


def _together(minutes: Floats) -> Floats:
    """The minutes of all days as rows, quarters of an hour as columns."""
    return minutes.transpose(0, 2, 1).reshape(-1, SLOTS)


def needed(traffic: Traffic, limits: Floats) -> Floats:
    """The instances that each minute needs within the objectives."""
    rates = in_steps(traffic, MINUTE) / MINUTE
    return np.minimum(np.searchsorted(limits, rates), len(limits) - 1).astype(np.float64)
