"""Metrics are kept, made coarser with age, forgotten, stored and read again."""

from collections import defaultdict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.metrics import distribution
from understudy.metrics.datapoint import Datapoint, metric_key, of_value, of_values
from understudy.metrics.statistics import parse_statistic, value
from understudy.metrics.store import Roster, Series, Store
from understudy.metrics.tier import Tier
from understudy.metrics.window import reach

DAY, HOUR = 86400.0, 3600.0
START = 1_767_225_600.0
SUM, P90 = parse_statistic("Sum"), parse_statistic("p90")
KEY = metric_key("App", "Load", [("Service", "web")])


def totals(series: Series, start: float, end: float, period: int, now: float) -> dict[float, float]:
    return {point.timestamp: point.sum for point in series.read(start, end, period, now)}


def test_dimensions_are_a_set() -> None:
    assert metric_key("A", "m", [("b", "2"), ("a", "1")]) == ("A", "m", (("a", "1"), ("b", "2")))


def test_a_datapoint_is_stamped_with_the_start_of_its_period() -> None:
    # AWS: Amazon CloudWatch concepts, Periods: 7 PM to 8 PM is stamped 7 PM.
    series = Series()
    series.add(of_value(START + 59.9, 1.0), START + 60)
    series.add(of_value(START + 3599, 2.0), START + 3600)
    assert totals(series, START, START + HOUR, 3600, START + HOUR) == {START: 3.0}
    assert totals(series, START, START + HOUR, 60, START + HOUR) == {START: 1.0, START + 3540: 2.0}


def test_samples_of_one_period_become_one_datapoint() -> None:
    series = Series()
    for second, number in enumerate([2.0, 4.0, 5.0]):
        series.add(of_value(START + second, number), START + 60)
    assert series.read(START, START + 60, 60, START + 60) == [
        Datapoint(START, 3.0, 11.0, 2.0, 5.0, (2.0, 4.0, 5.0), (1.0, 1.0, 1.0))
    ]


def test_late_and_unordered_datapoints_find_their_place() -> None:
    series = Series()
    for minute in (5, 1, 3, 3, 0, 5):
        series.add(of_value(START + 60 * minute, 1.0), START + 400)
    found = totals(series, START, START + 600, 60, START + 600)
    assert found == {START: 1.0, START + 60: 1.0, START + 180: 2.0, START + 300: 2.0}


@pytest.mark.parametrize(
    ("resolution", "period", "kept"),
    [
        (1, 10, 3 * HOUR),
        (1, 30, 3 * HOUR),
        (60, 60, 15 * DAY),
        (60, 300, 63 * DAY),
        (60, 3600, 455 * DAY),
    ],
)
def test_datapoints_can_be_read_as_finely_as_long_as_aws_keeps_them(
    resolution: int, period: int, kept: float
) -> None:
    # AWS: Amazon CloudWatch concepts, Metrics retention.
    assert reach(period) == kept
    series = Series(resolution=resolution)
    series.add(of_value(START, 7.0), START)
    just, late = START + kept - 1, START + kept + 1
    for now in (just, late):
        series.age(now)
        found = totals(series, START - START % period, START + period, period, now)
        assert bool(found) is (now == just)


def test_ageing_keeps_the_sum_and_the_percentiles_of_a_longer_period() -> None:
    series = Series(resolution=1)
    numbers = [float(number % 17) for number in range(7200)]
    for second, number in enumerate(numbers):
        series.add(of_value(START + second, number), START + second)
    now = START + 4 * HOUR
    series.age(now)
    assert series.tiers[0].first() >= now - 3 * HOUR
    assert len(series.tiers[1]) == 60
    hour = series.read(START, START + HOUR, 3600, now)[0]
    assert hour.sum == sum(numbers[:3600])
    assert value(hour, P90) == sorted(numbers[:3600])[3239]


def test_a_series_that_goes_on_for_long_stays_bounded() -> None:
    series = Series()
    for hour in range(24 * 100):
        series.add(of_value(START + HOUR * hour, 1.0), START + HOUR * hour)
    sizes = [len(tier) for tier in series.tiers]
    assert sizes[1] <= 15 * 24 + 1
    assert sum(sizes) <= 24 * 100
    assert sum(totals(series, START, START + 100 * DAY, 3600, START + 100 * DAY).values()) == 2400


def test_a_datapoint_from_two_weeks_and_a_day_ago_is_kept_at_the_coarser_resolution() -> None:
    series = Series()
    series.add(of_value(START + 65, 3.0), START + 16 * DAY)
    assert [len(tier) for tier in series.tiers] == [0, 0, 1, 0]
    assert totals(series, START, START + 300, 300, START + 16 * DAY) == {START: 3.0}


def test_units_are_kept_apart() -> None:
    # AWS: PutMetricAlarm, Unit: data points with units are aggregated separately.
    store = Store()
    store.publish(KEY, of_value(START, 1.0), START, unit="Bytes")
    store.publish(KEY, of_value(START, 5.0), START, unit="Percent")
    sums = {}
    for unit in ("Bytes", "Percent", None):
        series = store.series(KEY, unit)
        assert series is not None
        sums[unit] = series.read(START, START + 60, 60, START)[0].sum
    assert sums == {"Bytes": 1.0, "Percent": 5.0, None: 1.0}
    assert store.series(KEY, "Count") is None


def test_what_has_no_samples_makes_no_metric() -> None:
    store = Store()
    store.publish(KEY, of_values(START, [], []), START)
    assert store.metrics == {}


def test_metrics_that_nobody_publishes_are_forgotten_in_the_end() -> None:
    store = Store()
    store.publish(KEY, of_value(START, 1.0), START)
    store.forget(START + 454 * DAY)
    assert list(store.metrics) == [KEY]
    other = metric_key("App", "Other", [])
    store.publish(other, of_value(START + 456 * DAY, 1.0), START + 456 * DAY)
    assert list(store.metrics) == [other]


def test_only_whole_periods_that_ended_long_enough_ago_can_be_seen() -> None:
    minute, short = Series(delay=30.0), Series(resolution=10, delay=5.0)
    assert minute.horizon(START + 89) == START
    assert minute.horizon(START + 90) == START + 60
    assert short.horizon(START + 24) == START + 10
    assert short.horizon(START + 25) == START + 20


def test_values_of_an_alarms_window_leave_gaps() -> None:
    series = Series()
    for minute in (0, 1, 3):
        series.add(of_value(START + 60 * minute, float(minute)), START + 300)
    now = START + 300
    assert series.values(SUM, START, 60, 5, now) == [0.0, 1.0, None, 3.0, None]
    assert series.values(SUM, START, 60, 2, now) == [0.0, 1.0]
    assert series.values(SUM, START, 120, 2, now) == [1.0, 3.0]
    assert series.values(P90, START, 60, 2, now) == [0.0, 1.0]


def test_five_minute_windows_need_not_begin_at_multiples_of_five() -> None:
    series = Series()
    for minute in range(10):
        series.add(of_value(START + 60 * minute, float(minute)), START + 600)
    now = START + 600
    assert series.values(SUM, START, 300, 1, now) == [0 + 1 + 2 + 3 + 4]
    assert series.values(SUM, START + 60, 300, 1, now) == [1 + 2 + 3 + 4 + 5]


def test_a_store_comes_back_from_its_encoding_as_it_was() -> None:
    store = Store()
    for minute in range(50):
        store.publish(KEY, of_values(START + 60 * minute, [1.0, 2.0], [3.0, 4.0]), START)
        store.publish(KEY, of_value(START + 60 * minute, 9.0), START)
        store.publish(KEY, Datapoint(START + 60 * minute, 2, 3, 1, 2), START, unit="Count")
    encoded = msgspec.msgpack.encode(store)
    again = msgspec.msgpack.decode(encoded, type=Store)
    assert again == store
    assert msgspec.msgpack.encode(again) == encoded
    series, other = store.series(KEY), again.series(KEY)
    assert series is not None
    assert other is not None
    for each in (series, other):
        each.add(of_value(START + 60 * 49, 100.0), START + 3600)
    assert series.read(START, START + HOUR, 60, START + HOUR) == other.read(
        START, START + HOUR, 60, START + HOUR
    )


def test_a_day_of_minutes_takes_forty_bytes_a_datapoint() -> None:
    store = Store()
    for minute in range(1440):
        store.publish(KEY, of_value(START + 60 * minute, 1.0), START + 60 * minute)
    assert len(msgspec.msgpack.encode(store)) < 1440 * 40 + 500


def test_many_distinct_values_are_rounded_to_one_percent() -> None:
    tier = Tier(60)
    for number in range(1, 20_001):
        tier.add(of_value(START, float(number)))
    samples = tier.samples((START, 0, 0, 0, 1))
    assert samples is not None
    assert len(samples) < 1500
    assert sum(samples.values()) == 20_000
    point = Datapoint(START, 20_000, 1, 1, 20_000, tuple(samples), tuple(samples.values()))
    for share in (1, 10, 50, 90, 99):
        found = value(point, parse_statistic(f"p{share}"))
        assert found == pytest.approx(200 * share, rel=0.011)


def test_a_statistic_set_among_samples_makes_the_samples_unknown() -> None:
    series = Series()
    series.add(of_values(START, [1.0, 2.0], [1.0, 1.0]), START)
    series.add(Datapoint(START, 2.0, 7.0, 3.0, 4.0), START)
    series.add(of_value(START, 9.0), START)
    point = series.read(START, START + 60, 60, START)[0]
    assert (point.sample_count, point.sum, point.minimum, point.maximum) == (5.0, 19.0, 1.0, 9.0)
    assert value(point, P90) is None


def test_rounding_keeps_zero_and_the_sign() -> None:
    coarse = distribution.coarsen({0.0: 1.0, -100.0: 2.0, 100.0: 1.0, 100.2: 3.0})
    assert coarse[0.0] == 1.0
    assert sorted(coarse.values()) == [1.0, 2.0, 4.0]
    assert all(abs(abs(number) - 100) < 0.6 for number in coarse if number)


published = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 30).map(float), st.booleans()),
    min_size=1,
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(published, st.sampled_from([60, 120, 300]), st.integers(0, 4))
def test_reading_gives_the_samples_of_each_period_whatever_the_order_they_came_in(
    samples: list[tuple[int, float, bool]], period: int, shift: int
) -> None:
    series = Series()
    slots: dict[float, list[float]] = defaultdict(list)
    start = START + 60 * shift
    for second, number, twice in samples:
        series.add(of_value(START + second, number, 2.0 if twice else 1.0), START + 600)
        minute = START + second - second % 60
        if minute >= start:
            slot = start + (minute - start) // period * period
            slots[slot] += [number] * (2 if twice else 1)
    found = series.read(start, START + 700, period, START + 700)
    assert [point.timestamp for point in found] == sorted(slots)
    for point in found:
        numbers = sorted(slots[point.timestamp])
        assert point.sample_count == len(numbers)
        assert point.sum == sum(numbers)
        assert value(point, P90) == numbers[-(-len(numbers) * 9 // 10) - 1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.floats(0, 9))),
    st.sampled_from([60, 10]),
)
def test_samples_of_many_metrics_are_kept_as_each_alone_would_be(
    samples: list[tuple[int, str, float]], resolution: int
) -> None:
    together, alone = Store(), Store()
    rosters = {name: Roster("App", name, "Id", "Percent") for name in "abc"}
    for minute, name, sample in samples:
        at, now = START + 60 * minute, START + 2000 * (minute + 1)
        for metric in (name, "c"):
            both = [("x", sample), ("y", sample + 1)]
            together.publish_samples(rosters[metric], both, at, now, resolution, 5.0)
            for identity, each in both:
                key = metric_key("App", metric, [("Id", identity)])
                alone.publish(key, of_value(at, each), now, "Percent", resolution, 5.0)
    assert msgspec.msgpack.encode(together) == msgspec.msgpack.encode(alone)
