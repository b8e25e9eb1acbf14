"""Traffic comes from files, patterns, journals, reports and CloudWatch."""

from pathlib import Path

import pytest

from understudy.app.sources import Source, traffic_of
from understudy.base.diagnostic import InvalidInput
from understudy.control.balancer import Balanced
from understudy.control.events import BalancersServed, RequestsCompleted, Served, Sketch
from understudy.storage.journal import Journal


def wrong(source: Source) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        traffic_of(source)
    return [each.summary for each in caught.value.diagnostics]


def test_a_pattern_takes_rates_durations_and_a_seed() -> None:
    one = traffic_of(Source("diurnal(trough=2, peak=20, duration=2d, seed=3)"))
    same = traffic_of(Source("diurnal(trough=2, peak=20, duration=2d, seed=3)"))
    other = traffic_of(Source("diurnal(trough=2, peak=20, duration=2d, seed=4)"))
    assert one.duration == 2 * 86_400
    assert one.counts.tolist() == same.counts.tolist() != other.counts.tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("hills(peak=2)", "hills is no pattern.", id="an unknown pattern"),
        pytest.param("ramp(begin=2)", "end is missing.", id="a setting is missing"),
        pytest.param("ramp(begin=2, end=3, hue=3)", "'hue=3' does not belong", id="an unknown one"),
        pytest.param("steady(rate=fast)", "rate=fast: 'fast' is not", id="not a number"),
        pytest.param("", "No traffic is named.", id="nothing is named"),
        pytest.param("/no/such.csv", "/no/such.csv: No such file", id="no such file"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(text: str, said: str) -> None:
    assert wrong(Source(text))[0].startswith(said)


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = wrong(Source("hills()", scale=0.0, warp=-1.0, window="5-6"))
    assert len(found) == 4


def test_scale_window_and_warp_change_the_traffic_in_this_order(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,count\n0,1\n60,2\n120,3\n180,4\n")
    found = traffic_of(Source(str(path), window="1m-3m", scale=2.0, warp=0.5))
    assert found.counts.tolist() == [4, 6]
    assert found.period == 30.0


def test_what_an_engine_served_is_read_from_its_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for second, count in ((1_772_409_600, 30.0), (1_772_409_720, 12.0)):
        served = Served("e", "v", second, count, 1, 0.0, 0.0, Sketch(), Sketch())
        event = RequestsCompleted(second + 60.0, "us-east-1", (served,))
        journal.append(second + 60.0, journal.encoded(event), ())
    journal.close()
    found = traffic_of(Source(str(tmp_path / "journal.sqlite")))
    assert found.start == 1_772_409_600
    assert found.counts.tolist() == [30, 0, 12]
    (gap,) = found.warnings
    assert gap.summary.endswith("1 of 3 minutes have no figure; they count as zero.")


def test_what_load_balancers_served_is_read_from_the_journal_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for second, count in ((1_772_409_600, 30.0), (1_772_409_630, 4.0), (1_772_409_660, 12.0)):
        group = Balanced("balancer", "group", "zone", second, {"RequestCount": count})
        own = Balanced("balancer", "", "zone", second, {"NewConnectionCount": 99.0})
        event = BalancersServed(second + 60.0, "us-east-1", (group, own))
        journal.append(second + 60.0, journal.encoded(event), ())
    journal.close()
    assert traffic_of(Source(str(tmp_path / "journal.sqlite"))).counts.tolist() == [34, 12]


def test_the_report_of_an_earlier_run_is_traffic(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    points = '{"seconds": 0, "span_seconds": 30.0, "requests": 7}'
    path.write_text(f'{{"load": [{points}, {points.replace("7", "9")}]}}')
    found = traffic_of(Source(str(path)))
    assert (found.period, found.counts.tolist()) == (30.0, [7, 9])
