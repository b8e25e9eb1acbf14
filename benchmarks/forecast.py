"""How good the forecaster of predictive scaling is: its error beside two naive ones.

Run with ``python benchmarks/forecast.py SERIES...``: CSV files with a heading, then a time and a
value in each row, also gzipped; without any it makes up six weeks of days, weekends and noise.
Every six hours the next 48 hours are forecast from the 14 days before. The figures are mean
absolute errors as shares of the mean load, beside those of repeating the day and the week before.
"""

import csv
import gzip
import math
import random
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from understudy.scaling.forecast import HISTORY_HOURS, HORIZON_HOURS, HOUR, forecast_load

WEEK, DAY, EVERY = 168, 24, 6


def hourly(path: Path) -> dict[int, float]:
    """The sum of a series in each hour."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    found: dict[int, float] = defaultdict(float)
    for row in csv.reader(text.decode().splitlines()[1:]):
        found[int(seconds(row[0]) // HOUR)] += float(row[1])
    return dict(found)


def seconds(text: str) -> float:
    """A time as a number or as text."""
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def made_up() -> dict[int, float]:
    """Six weeks of office hours with a tenth of noise."""
    dice = random.Random(1)
    return {
        hour: (1.4 - math.cos(hour % DAY / DAY * 2 * math.pi))
        * (0.5 if hour // DAY % 7 > 4 else 1.0)
        * dice.gauss(100, 10)
        for hour in range(6 * WEEK)
    }


def errors(load: Mapping[int, float]) -> tuple[float, float, float]:
    """The shares of the forecaster, of the day before and of the week before."""
    first, last = min(load), max(load)
    sums, total, count = [0.0, 0.0, 0.0], 0.0, 0
    for start in range(first + HISTORY_HOURS, last - HORIZON_HOURS, EVERY):
        history = {hour: load[hour] for hour in range(start - HISTORY_HOURS, start) if hour in load}
        for offset, expected in enumerate(forecast_load(history, start)):
            hour = start + offset
            back = hour - DAY * (1 + offset // DAY), hour - WEEK
            if hour not in load or any(each not in load for each in back):
                continue
            guesses = (expected, *(load[each] for each in back))
            for place, guess in enumerate(guesses):
                sums[place] += abs(guess - load[hour])
            total, count = total + load[hour], count + 1
    return sums[0] / total, sums[1] / total, sums[2] / total


def main() -> None:
    series = {Path(name).name: hourly(Path(name)) for name in sys.argv[1:]}
    for name, load in (series or {"made up": made_up()}).items():
        ours, day, week = errors(load)
        print(f"{name}: {ours:.1%}; the day before {day:.1%}, the week before {week:.1%}")


if __name__ == "__main__":
    main()
