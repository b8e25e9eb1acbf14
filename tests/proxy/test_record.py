"""What is measured: latency sketches, seconds of world time, load modes, the watermark."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.control.events import Served, Sketch
from understudy.proxy.record import Distribution, Ledger, Recorder, VariantLedger, WorldClock

latencies = st.floats(1.0, 60e6)
EPOCH = 1_800_000_000.0


def nearest_rank(values: Sequence[float], counts: Sequence[float], percent: float) -> float:
    """The percentile by nearest rank, of sorted values with counts."""
    rank = max(1.0, math.ceil(percent / 100 * sum(counts)))
    seen = 0.0
    for value, count in zip(values, counts, strict=True):
        seen += count
        if seen >= rank:
            return value
    raise AssertionError(rank)


def sketched(values: Sequence[float], weight: float = 1.0) -> Sketch:
    distribution = Distribution()
    half = len(values) // 2
    for part in (values[:half], values[half:]):
        if part:
            distribution.add(part, weight)
    return distribution.sketch()


@given(st.lists(latencies, min_size=1, max_size=300), st.sampled_from([1, 25, 50, 90, 99, 100]))
def test_any_percentile_is_within_half_a_percent(values: list[float], percent: float) -> None:
    sketch = sketched(values)
    exact = nearest_rank(sorted(values), [1.0] * len(values), percent)
    assert nearest_rank(sketch.values, sketch.counts, percent) == pytest.approx(exact, rel=0.005)


@given(st.lists(latencies, min_size=1, max_size=50), st.floats(1, 1000))
def test_count_sum_and_ends_are_exact(values: list[float], weight: float) -> None:
    sketch = sketched(values, weight)
    assert sketch.count == pytest.approx(len(values) * weight)
    assert sketch.total == pytest.approx(sum(values) * weight)
    assert (sketch.minimum, sketch.maximum) == (min(values), max(values))
    assert sketch.minimum <= sketch.values[0] <= sketch.values[-1] <= sketch.maximum
    assert list(sketch.values) == sorted(sketch.values)


def test_nothing_is_a_sketch_of_nothing() -> None:
    assert Distribution().sketch() == Sketch()


def test_a_thousand_equal_latencies_take_one_entry() -> None:
    sketch = sketched([1234.5] * 1000)
    assert (sketch.values, sketch.counts) == ((1234.5,), (1000.0,))


def test_no_time_at_all_is_counted_too() -> None:
    assert sketched([0.0]).count == 1


def test_world_time() -> None:
    clock = WorldClock()
    clock.set(100.0, EPOCH, 60.0)
    assert clock.world(101.5) == EPOCH + 90


def recorder(speed: float = 1.0) -> Recorder:
    """A recorder whose world time is ``EPOCH`` at a real time of 1000."""
    made = Recorder()
    made.set_clock(1000.0, EPOCH, speed)
    return made


def ledger(region: str = "us-east-1", endpoint: str = "digits") -> Ledger:
    return VariantLedger(region, endpoint, "v")


def served(recorder: Recorder, now: float) -> list[Served]:
    return [each for report in recorder.reports(now) for each in report.served]


def test_a_request_counts_in_the_second_in_which_it_ended() -> None:
    book, subject = recorder(), ledger()
    book.add(subject, (1000.2, 2, 200, 0.010, 0.001), dilated=False)
    book.add(subject, (1000.9, 3, 200, 0.030, 0.002), dilated=False)
    book.add(subject, (1001.1, 3, 200, 0.050, 0.003), dilated=False)
    first, second = served(book, 1002.0)
    assert (first.second, first.invocations, first.instances) == (EPOCH, 2, 3)
    assert (second.second, second.invocations, second.instances) == (EPOCH + 1, 1, 3)
    assert first.model_latency.total == pytest.approx(40_000)
    assert first.overhead_latency.total == pytest.approx(3_000)


def test_a_second_is_reported_once_and_when_it_is_over() -> None:
    book, subject = recorder(), ledger()
    book.add(subject, (1000.2, 1, 200, 0.01, 0.0), dilated=False)
    assert served(book, 1000.9) == []
    assert len(served(book, 1001.0)) == 1
    assert served(book, 1005.0) == []


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        pytest.param(200, (0, 0), id="an inference is no error"),
        pytest.param(302, (0, 0), id="nor is a redirection"),
        pytest.param(400, (1, 0), id="4xx from 400"),
        pytest.param(499, (1, 0), id="4xx to 499"),
        pytest.param(500, (0, 1), id="5xx from 500"),
        pytest.param(0, (0, 1), id="no answer is the server's fault"),
    ],
)
def test_errors_count_by_the_models_status(status: int, errors: tuple[float, float]) -> None:
    book = recorder()
    book.add(ledger(), (1000.0, 1, status, 0.01, 0.0), dilated=False)
    (only,) = served(book, 1001.0)
    assert (only.errors_4xx, only.errors_5xx) == errors


@given(st.floats(1, 1000), st.floats(1e-6, 60), st.floats(1e-6, 1), st.sampled_from([200, 503]))
def test_sampled_counts_for_many_and_dilated_lasts_longer(
    speed: float, model: float, overhead: float, status: int
) -> None:
    results: list[Served] = []
    for dilated in (False, True):
        book = recorder(speed)
        book.add(ledger(), (1000.0, 1, status, model, overhead), dilated=dilated)
        results += served(book, 1001.0)
    sampled, dilated = results
    assert sampled.invocations == sampled.model_latency.count == pytest.approx(speed)
    assert dilated.invocations == dilated.model_latency.count == 1
    assert sampled.errors_5xx == pytest.approx(dilated.errors_5xx * speed)
    assert sampled.model_latency.maximum == pytest.approx(model * 1e6)
    assert dilated.model_latency.maximum == pytest.approx(model * 1e6 * speed)
    assert dilated.overhead_latency.maximum == pytest.approx(overhead * 1e6 * speed)
    # Either way as much of the world's time is spent waiting.
    assert sampled.model_latency.total == pytest.approx(dilated.model_latency.total)


@given(st.lists(st.tuples(st.floats(0, 1e3), latencies, latencies), min_size=1, max_size=20))
def test_at_speed_one_sampled_and_dilated_are_the_same(
    requests: list[tuple[float, float, float]],
) -> None:
    results: list[list[Served]] = []
    for dilated in (False, True):
        book, subject = recorder(), ledger()
        for ended, model, overhead in sorted(requests):
            book.add(subject, (1000.0 + ended, 1, 200, model, overhead), dilated=dilated)
        results.append(served(book, 3000.0))
    assert results[0] == results[1]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 2),
            st.floats(0.5, 100),
            st.floats(-50, 50),
            st.integers(0, 3),
        ),
        max_size=30,
    )
)
def test_the_watermark_never_falls_and_nothing_comes_below_it(
    steps: list[tuple[float, float, float, int]],
) -> None:
    book, subject = recorder(), ledger()
    now, watermark, count = 1000.0, 0.0, 0.0
    for pause, speed, leap, requests in steps:
        now += pause
        for _ in range(requests):
            book.add(subject, (now, 1, 200, 0.01, 0.0), dilated=True)
        for report in book.reports(now):
            assert report.watermark >= watermark
            for each in report.served:
                assert watermark <= each.second < report.watermark
                count += each.invocations
            watermark = report.watermark
        book.set_clock(now, book.clock.world(now) + leap, speed)
    final = [each for report in book.reports(now + 1e4) for each in report.served]
    total = count + sum(each.invocations for each in final)
    assert total == sum(requests for *_, requests in steps)


def test_an_idle_recorder_reports_how_far_it_is() -> None:
    (report,) = recorder(speed=60.0).reports(1002.5)
    assert (report.watermark, report.served) == (EPOCH + 150, ())


def test_nothing_is_reported_before_there_is_a_clock() -> None:
    assert Recorder().reports(1000.0) == []


def test_each_region_has_its_report_and_the_last_raises_the_watermark() -> None:
    book = recorder()
    for region in ("us-east-1", "eu-west-1"):
        book.add(ledger(region), (1000.5, 1, 200, 0.01, 0.0), dilated=False)
    assert book.reports(1000.9)[0].watermark == EPOCH
    reports = book.reports(1001.0)
    assert [(each.region, each.watermark) for each in reports] == [
        ("us-east-1", EPOCH),
        ("eu-west-1", EPOCH + 1),
    ]
    assert all(len(each.served) == 1 for each in reports)


def test_what_ended_before_a_change_of_speed_counts_at_the_old_one() -> None:
    book, subject = recorder(speed=10.0), ledger()
    book.add(subject, (1000.0, 1, 200, 0.01, 0.0), dilated=False)
    book.set_clock(1000.0, EPOCH, 1.0)
    book.add(subject, (1000.0, 1, 200, 0.01, 0.0), dilated=False)
    (only,) = served(book, 1001.0)
    assert only.invocations == 11
