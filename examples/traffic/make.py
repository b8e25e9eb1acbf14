"""Write the example traffic: python examples/traffic/make.py

lunch-rush.csv  80 minutes in 10-second counts: 15 quiet at 2 requests/s, 20 of rush (5 up, 10 at
                45/s, 5 down), 45 quiet again. With a target of 600 to 900 invocations per instance
                per minute the 2,700 a minute of the rush need 3 to 5 instances. The quiet end shows
                the scale-in, whose alarm needs 15 quiet minutes and then removes one instance a
                minute.
model-rush.csv  The same with a fifth of the requests, for models that take longer.
day.csv         A day in one-minute counts, from 1 request/s at 02:00 to 30/s at 14:00 UTC.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from understudy.sim.patterns import diurnal, of_rate
from understudy.sim.traffic import Traffic

HERE = Path(__file__).parent
MINUTE = 60.0
PERIOD = 10.0
QUIET, RUSH = 2.0, 45.0


def lunch_rush() -> Traffic:
    """Quiet, a rush that rises and falls within five minutes each, quiet."""
    middles = np.arange(PERIOD / 2, 80 * MINUTE, PERIOD)
    corners = [0, 15 * MINUTE, 20 * MINUTE, 30 * MINUTE, 35 * MINUTE, 80 * MINUTE]
    rate = np.interp(middles, corners, [QUIET, QUIET, RUSH, RUSH, QUIET, QUIET])
    return of_rate("lunch-rush", rate, PERIOD, seed=1)


def model_rush() -> Traffic:
    """The lunch rush with a fifth of its requests."""
    traffic = lunch_rush()
    return of_rate("model-rush", traffic.counts / PERIOD / 5, PERIOD, seed=3)


def day() -> Traffic:
    """One diurnal day."""
    return diurnal(1.0, 30.0, seed=2)


def from_start(second: float) -> str:
    return str(timedelta(seconds=second))


def dated(second: float) -> str:
    moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=second)
    return moment.isoformat().replace("+00:00", "Z")


def csv(traffic: Traffic, time) -> str:
    rows = (f"{time(i * traffic.period)},{count}\n" for i, count in enumerate(traffic.counts))
    return "time,count\n" + "".join(rows)


if __name__ == "__main__":
    (HERE / "lunch-rush.csv").write_text(csv(lunch_rush(), from_start), encoding="utf-8")
    (HERE / "model-rush.csv").write_text(csv(model_rush(), from_start), encoding="utf-8")
    (HERE / "day.csv").write_text(csv(day(), dated), encoding="utf-8")
