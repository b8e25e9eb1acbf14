"""How good recommendations are: cost on the part that was not seen, at objectives that are met.

    python benchmarks/quality.py [TRACE.csv.gz ...]

Five patterns, and the given traces, each scaled to a mean of 20 requests a second. A row has the
cost of the recommendation over (a) the default advice, (b) the best single family that meets the
objective, and (c) the clairvoyant bound, as it is for the objective and for what was attained.
"""

import sys
from pathlib import Path

from understudy.base.service_time import lognormal
from understudy.control.slo import parse_slos
from understudy.recommend.bound import bound
from understudy.recommend.recommendation import Judged, Option, Problem, Search
from understudy.recommend.sweep import Cores, Sweep
from understudy.sim import patterns
from understudy.sim.character import character
from understudy.sim.lane import Setting
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import Traffic, read

MONDAY, DAY, HOUR = 1_772_409_600.0, 86_400.0, 3600.0
MEAN, MOST, TRIES = 20.0, 64, 60
PATTERNS = {
    "diurnal, 7 days": patterns.diurnal(5.0, 60.0, duration=7 * DAY),
    "weekly, 14 days": patterns.weekly(5.0, 60.0, duration=14 * DAY),
    "ramp, 2 days": patterns.ramp(5.0, 35.0, duration=2 * DAY),
    "steady, 2 days": patterns.steady(20.0, duration=2 * DAY),
    "spikes of 2 min, 2 days": patterns.spikes(
        12.0, 90.0, each=1800.0, width=120.0, duration=2 * DAY
    ),
}


def row(name: str, traffic: Traffic) -> None:
    """Search one traffic and print its row."""
    traffic = traffic.every(60.0).window(0.0, 14 * DAY)
    traffic = traffic.scaled(MEAN * traffic.duration / traffic.total)
    start = traffic.start if traffic.start > 1e8 else MONDAY
    start -= start % 60
    setting = Setting(
        traffic, Serving(lognormal(0.1, 0.3)), at_once(240.0), parse_slos("p99<1s"), start, MOST,
        0.115,
    )  # fmt: skip
    search = Search(Problem((Option("", setting),), None, setting.slos, 1, TRIES))
    found = search.run(Sweep(Cores(search.settings)))
    single = [each for each in found.families if " and " not in each.family and each.unseen.met]
    best = min(single, key=lambda each: each.unseen.usd or 0, default=None)
    chosen = found.chosen.unseen
    share = chosen.attainments[0].share or 0.0
    unseen = search.settings["|unseen"]
    equal = bound(unseen, 1, (share,)).usd
    bursts = character(traffic, 240.0).bursts
    burst = f"{bursts.count} of {bursts.length / 60:.0f} min"
    print(
        f"| {name} | {found.chosen.family} | {100 * share:.2f} % | "
        f"{_ratio(chosen.usd, found.default)} | {_ratio(chosen.usd, best)} | "
        f"{(chosen.usd or 0) / found.bound_usd:.2f} | {(chosen.usd or 0) / equal:.2f} | {burst} |",
        flush=True,
    )


def _ratio(usd: float | None, other: Judged | None) -> str:
    if other is None or usd is None or not other.unseen.usd:
        return "-"
    met = "" if other.unseen.met else " (missed)"
    return f"{usd / other.unseen.usd:.2f}{met}"


def main() -> None:
    """Print the table."""
    print("| traffic | recommended | in time | of default | of best single | of bound | "
          "at equal attainment | bursts |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for name, traffic in PATTERNS.items():
        row(name, traffic)
    for path in map(Path, sys.argv[1:]):
        row(path.name.split(".")[0], read(path.read_bytes(), path.name))


if __name__ == "__main__":
    main()
