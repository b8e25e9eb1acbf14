"""Every statistic against plain arithmetic on a list of samples."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.metrics.datapoint import Datapoint, of_value, of_values
from understudy.metrics.statistics import parse_statistic, value

Samples = Sequence[float]


def point(samples: Samples) -> Datapoint:
    counts = Counter(samples)
    return of_values(0.0, list(counts), [float(count) for count in counts.values()])


def statistic(name: str, samples: Samples) -> float | None:
    return value(point(samples), parse_statistic(name))


def test_basic_statistics_of_three_values() -> None:
    # AWS: Publishing custom metrics, the example of 2, 4 and 5.
    found = {
        name: statistic(name, [2.0, 4.0, 5.0])
        for name in ("SampleCount", "Average", "Sum", "Maximum", "Minimum")
    }
    assert found == {
        "SampleCount": 3.0,
        "Average": 3.6666666666666665,
        "Sum": 11.0,
        "Maximum": 5.0,
        "Minimum": 2.0,
    }


TEN = [float(number) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("name", "samples", "expected"),
    [
        ("p50", TEN, 5.0),
        ("p90", TEN, 9.0),
        ("p91", TEN, 10.0),
        ("p0", TEN, 1.0),
        ("p100", TEN, 10.0),
        ("p99.9", TEN, 10.0),
        ("tm90", TEN, 5.0),
        ("TM(:90%)", TEN, 5.0),
        ("TM(10%:90%)", TEN, 5.5),
        ("TM(90%:)", TEN, 10.0),
        ("IQM", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 4.5),
        ("IQM", [5.0, 5.0, 5.0, 5.0], 5.0),
        ("tc90", TEN, 9.0),
        ("ts90", TEN, 45.0),
        ("TS(80%:)", TEN, 19.0),
        ("TM(2:5)", TEN, 4.0),
        ("TC(2:5)", TEN, 3.0),
        ("TC(:0.5)", TEN, 0.0),
        ("TM(:0.5)", TEN, None),
        ("PR(:3)", TEN, 30.0),
        ("PR(3:8)", TEN, 50.0),
        ("PR(8:)", TEN, 20.0),
        ("wm90", TEN, 5.4),
        ("WM(10%:90%)", TEN, 5.4),
        ("WM(2:5)", TEN, (2 + 2 + 3 + 4 + 5 * 6) / 10),
        ("wm98", [1.0] * 98 + [100.0] * 2, 1.0),
    ],
)
def test_a_statistic_of_known_samples(name: str, samples: Samples, expected: float | None) -> None:
    assert statistic(name, samples) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "average",
        "p",
        "p101",
        "p99.12345678901",
        "tm",
        "TM90",
        "tm(1%:2%)",
        "TM(90%:10%)",
        "TM(10%:20)",
        "TM(:)",
        "TM(%:10%)",
        "TM(0%:101%)",
        "PR(1%:2%)",
        "PR(5:1)",
        "IQM25",
        "p-1",
    ],
)
def test_what_is_not_a_statistic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a statistic"):
        parse_statistic(name)


def test_statistic_sets_have_percentiles_only_if_all_samples_must_be_equal() -> None:
    # AWS: CloudWatch statistics definitions, Requirements to use percentiles.
    assert value(Datapoint(0, 1, 7, 7, 7), parse_statistic("p90")) == 7
    assert value(Datapoint(0, 4, 28, 7, 7), parse_statistic("tm50")) == 7
    assert value(Datapoint(0, 2, 10, 3, 7), parse_statistic("p90")) is None
    assert value(Datapoint(0, 2, 15, 7, 7), parse_statistic("p90")) is None
    assert value(Datapoint(0, 2, 10, 3, 7), parse_statistic("Average")) == 5


def test_percentiles_do_not_exist_with_negative_values() -> None:
    assert statistic("p50", [-1.0, 2.0, 3.0]) is None
    assert statistic("Average", [-1.0, 2.0, 3.0]) == pytest.approx(4 / 3)


# -- against plain lists ---------------------------------------------------------------------


def rank(samples: Samples, percentile: float) -> int:
    return min(len(samples), math.ceil(round(percentile * len(samples) / 100, 9)))


def naive(kind: str, low: float | None, high: float | None, samples: Samples) -> float | None:
    """Percent ranges on the sorted list itself."""
    ordered = sorted(samples)
    first = rank(ordered, low) if low is not None else 0
    last = rank(ordered, high) if high is not None else len(ordered)
    kept = ordered[first:last]
    below, above = ordered[:first], ordered[last:]
    if kind == "TM":
        return math.fsum(kept) / len(kept) if kept else None
    if kind == "TC":
        return float(len(kept))
    if kind == "TS":
        return math.fsum(kept)
    edge_low = ordered[first - 1] if below else 0.0
    edge_high = ordered[max(last - 1, 0)] if above else 0.0
    total = math.fsum(kept) + edge_low * len(below) + edge_high * len(above)
    return total / len(ordered)


samples_of = st.lists(
    st.one_of(st.integers(0, 20).map(float), st.floats(0, 1e6, allow_nan=False)),
    min_size=1,
    max_size=60,
)
shares = st.integers(0, 100)


def close(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-6)


@settings(deadline=None)
@given(samples_of, shares)
def test_percentiles_are_those_of_the_sorted_list(samples: list[float], share: int) -> None:
    expected = sorted(samples)[max(0, rank(samples, share) - 1)]
    assert statistic(f"p{share}", samples) == expected


@pytest.mark.parametrize("kind", ["TM", "TC", "TS", "WM"])
@settings(deadline=None)
@given(samples=samples_of, one=shares, other=shares)
def test_percent_ranges_are_those_of_the_sorted_list(
    kind: str, samples: list[float], one: int, other: int
) -> None:
    low, high = sorted((one, other))
    found = statistic(f"{kind}({low}%:{high}%)", samples)
    assert close(found, naive(kind, low, high, samples))
    assert close(statistic(f"{kind.lower()}{high}", samples), naive(kind, None, high, samples))
    assert close(statistic(f"{kind}({low}%:)", samples), naive(kind, low, None, samples))


VALUE_RANGES: dict[str, Callable[[Samples, float, float], float | None]] = {
    "TC": lambda s, low, high: float(sum(low < each <= high for each in s)),
    "TS": lambda s, low, high: math.fsum(each for each in s if low < each <= high),
    "PR": lambda s, low, high: 100 * sum(low < each <= high for each in s) / len(s),
    "WM": lambda s, low, high: math.fsum(min(max(each, low), high) for each in s) / len(s),
}


@pytest.mark.parametrize("kind", VALUE_RANGES)
@settings(deadline=None)
@given(samples=samples_of, one=st.integers(0, 30), other=st.integers(0, 30))
def test_value_ranges_exclude_their_lower_and_include_their_upper_edge(
    kind: str, samples: list[float], one: int, other: int
) -> None:
    low, high = sorted((one, other))
    expected = VALUE_RANGES[kind](samples, low, high)
    assert close(statistic(f"{kind}({low}:{high})", samples), expected)


@settings(deadline=None)
@given(samples_of)
def test_a_trimmed_sum_is_mean_times_count(samples: list[float]) -> None:
    mean, count, total = (statistic(name, samples) for name in ("tm80", "tc80", "ts80"))
    assert close(total, (mean or 0.0) * (count or 0.0))


@settings(deadline=None)
@given(samples_of)
def test_percentile_ranks_of_neighbouring_bins_add_up(samples: list[float]) -> None:
    # AWS: CloudWatch statistics definitions, use cases: a histogram of percentile ranks.
    bins = [statistic(name, samples) for name in ("PR(:1)", "PR(1:5)", "PR(5:10)", "PR(10:)")]
    assert sum(each or 0.0 for each in bins) == pytest.approx(100)


def test_a_value_with_a_count_stands_for_that_many_samples() -> None:
    assert of_value(0.0, 2.0, 5.0) == Datapoint(0.0, 5.0, 10.0, 2.0, 2.0)
    assert of_values(0.0, [1.0, 9.0], [0.0, 2.0]) == Datapoint(
        0.0, 2.0, 18.0, 9.0, 9.0, (9.0,), (2.0,)
    )
