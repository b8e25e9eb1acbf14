import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.diagnostic import InvalidInput
from understudy.sim.traffic import Profile, Traffic, profile, read

EPOCH = 1772452800.0  # 2026-03-02T12:00:00Z


def traffic_of(counts: list[int], period: float = 60.0) -> Traffic:
    return Traffic("made", 0.0, period, np.array(counts, dtype=np.int64))


@pytest.mark.parametrize(
    ("text", "start", "period", "counts"),
    [
        pytest.param(
            "time,count\n2026-03-02T12:00:00Z,5\n2026-03-02T12:01:00Z,7\n",
            EPOCH,
            60,
            [5, 7],
            id="iso times with a zone",
        ),
        pytest.param(
            "timestamp,requests\n2026-03-02 12:00,5\n2026-03-02 12:01,7\n",
            EPOCH,
            60,
            [5, 7],
            id="iso times without a zone are utc",
        ),
        pytest.param(
            "2026-03-02T13:00:00+01:00,5\n2026-03-02T13:00:01+01:00,7\n",
            EPOCH,
            1,
            [5, 7],
            id="a zone with an offset and no header",
        ),
        pytest.param("1772452800,5\n1772452810,7\n", EPOCH, 10, [5, 7], id="epoch seconds"),
        pytest.param(
            "1772452800000,5\n1772452810000,7\n", EPOCH, 10, [5, 7], id="epoch milliseconds"
        ),
        pytest.param("0,5\n30,7\n60,9\n", 0, 30, [5, 7, 9], id="seconds from the start"),
        pytest.param("0:00,5\n0:01,7\n", 0, 60, [5, 7], id="hours and minutes from the start"),
        pytest.param("0:15:00,5\n0:15:10,7\n", 900, 10, [5, 7], id="a part of a longer file"),
        pytest.param("0;5\n60;7\n", 0, 60, [5, 7], id="semicolons"),
        pytest.param("\ufefftime\tcount\r\n0\t5\r\n60\t7\r\n", 0, 60, [5, 7], id="tabs and a mark"),
        pytest.param("# made\n\n0,5\n\n60,7.0\n", 0, 60, [5, 7], id="comments and blank lines"),
        pytest.param("host,Requests,time\na,5,0\nb,7,60\n", 0, 60, [5, 7], id="named columns"),
        pytest.param("0,1\n60,1\n120,1\n150,1\n", 0, 60, None, id="the odd row is irregular"),
    ],
)
def test_counts_per_period(text: str, start: float, period: float, counts: list[int] | None):
    if counts is None:
        with pytest.raises(InvalidInput, match="not a multiple of the period of 1m00s"):
            read(text, "t.csv")
        return
    traffic = read(text, "t.csv")
    assert (traffic.start, traffic.period, traffic.counts.tolist()) == (start, period, counts)
    without_zone = "12:00,5" in text and "2026" in text
    told = [each.summary for each in traffic.warnings]
    assert told == ["2 rows have no time zone; taken as UTC, from this one on"] * without_zone


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0.2\n0.9\n3.5\n", id="bare times"),
        pytest.param("time\n3.5\n0.9\n0.2\n", id="in the order in which they ended"),
        pytest.param("TIMESTAMP,ContextTokens\n0.2,374\n0.9,396\n3.5,1\n", id="with tokens"),
        pytest.param("arrival,service_time_ms\n0.2,30\n0.9,30\n3.5,30\n", id="with service times"),
    ],
)
def test_single_requests_are_counted_per_second(text: str):
    traffic = read(text, "t.csv")
    assert (traffic.start, traffic.period, traffic.counts.tolist()) == (0, 1, [2, 0, 0, 1])


def test_gzip_reads_as_its_contents():
    packed = gzip.compress(b"time,count\n0,5\n60,7\n")
    assert read(packed, "t.csv.gz").counts.tolist() == [5, 7]


def test_gaps_count_zero_and_are_named():
    traffic = read("0,5\n60,6\n240,7\n300,8\n420,9\n", "t.csv")
    assert traffic.counts.tolist() == [5, 6, 0, 0, 7, 8, 0, 9]
    assert [str(warning) for warning in traffic.warnings] == [
        "t.csv:3:1: warning: 2 periods of 1m00s missing before this row, counted as zero",
        "t.csv:5:1: warning: 1 period of 1m00s missing before this row, counted as zero",
    ]


def test_times_without_a_zone_are_said_to_be_taken_as_utc():
    rows = "2026-03-02T12:00:00Z,1\n2026-03-02 12:01:00,2\n2026-03-02 12:02:00,3\n"
    read_ = read(f"time,count\n{rows}", "t.csv")
    (warning,) = read_.warnings
    assert warning.summary == "2 rows have no time zone; taken as UTC, from this one on"
    assert warning.mark is not None
    assert warning.mark.line == 3
    assert read_.counts.tolist() == [1, 2, 3]


def test_requests_out_of_order_are_said_to_be_sorted():
    read_ = read("time,service_ms\n5,10\n3,11\n7,12\n", "t.csv")
    (warning,) = read_.warnings
    assert warning.summary == "1 row has an earlier time than the row before; sorted"
    assert read_.counts.tolist() == [1, 0, 1, 0, 1]
    assert not read("time,service_ms\n3,10\n3,11\n", "t.csv").warnings


def test_fractions_carry_over_with_a_warning():
    traffic = read("0,0.4\n60,0.4\n120,0.4\n180,0.8\n", "t.csv")
    assert traffic.counts.tolist() == [0, 1, 0, 1]
    assert "4 counts are not whole" in traffic.warnings[0].summary


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param("", ["t.csv:1:1: error: the file has no rows"], id="an empty file"),
        pytest.param("\n# none\n", ["t.csv:1:1: error: the file has no rows"], id="only comments"),
        pytest.param(
            "time,count\n", ["t.csv:1:1: error: the file has a header and no rows"], id="no rows"
        ),
        pytest.param(
            "time,count\n0,5\n60,-1\n120,many\n180\nnoon,4\n240,nan\n300,2e9\n",
            [
                "t.csv:3:1: error: -1 requests are fewer than none",
                "t.csv:4:1: error: 'many' is not a number of requests",
                "t.csv:5:1: error: the row has 1 of the columns",
                "t.csv:6:1: error: 'noon' is not a time",
                "t.csv:7:1: error: 'nan' is not a number of requests",
                "t.csv:8:1: error: 2e9 requests are more than a billion",
            ],
            id="every bad row at once",
        ),
        pytest.param(
            "0,5\n120,5\n60,5\n60,5\n",
            [
                "t.csv:3:1: error: the time is earlier than the row before",
                "t.csv:4:1: error: the time is that of the row before",
            ],
            id="unsorted and repeated times",
        ),
        pytest.param(
            "0,5\n120,x\n60,5\n",
            [
                "t.csv:2:1: error: 'x' is not a number of requests",
                "t.csv:3:1: error: the time is earlier than the row before",
            ],
            id="a bad count and an unsorted time",
        ),
        pytest.param(
            "0,5\n2026-03-02T12:00:00Z,5\n",
            ["t.csv:2:1: error: '2026-03-02T12:00:00Z' mixes dates with times from the start"],
            id="two kinds of time",
        ),
        pytest.param(
            "0,5\n",
            ["t.csv:1:1: error: one row does not tell how long its period is"],
            id="one row",
        ),
        pytest.param(
            "0,5\n1,5\n2,5\n1e13,5\n",
            ["t.csv:4:1: error: '1e13' mixes dates with times from the start"],
            id="a time that has lost its dot",
        ),
        pytest.param(
            "0,5\n1,5\n2,5\n99000000,5\n",
            ["t.csv:4:1: error: the file spans 99,000,001 periods, more than 10,000,000"],
            id="a gap of years",
        ),
        pytest.param(
            "0,5\n1,5\n2,5\n2.5,5\n",
            [
                (
                    "t.csv:4:1: error: the row is 500ms after the row before, "
                    "not a multiple of the period of 1s"
                )
            ],
            id="a period cut short",
        ),
        pytest.param(
            "0,5,6\n",
            ["t.csv:1:1: error: 3 columns and no header: which is the count?"],
            id="too many columns without names",
        ),
        pytest.param(
            "time,color\n0,5\n",
            ["t.csv:1:1: error: none of the columns time, color is known to hold a count"],
            id="no column of counts",
        ),
        pytest.param(
            b"time,count\n0,\xff\n", ["t.csv:1:1: error: byte 14 is not UTF-8 text"], id="bytes"
        ),
        pytest.param(
            gzip.compress(b"time,count\n0,5\n")[:-9],
            [
                (
                    "t.csv:1:1: error: the gzip data is damaged: "
                    "Compressed file ended before the end-of-stream marker was reached"
                )
            ],
            id="a gzip file cut off",
        ),
    ],
)
def test_what_is_wrong_is_named_by_line(data: bytes | str, found: list[str]):
    with pytest.raises(InvalidInput) as refused:
        read(data, "t.csv")
    diagnostics = refused.value.diagnostics
    assert [str(each).splitlines()[0] for each in diagnostics] == found
    assert all(each.action for each in diagnostics)


def test_a_thousand_bad_rows_are_fifty_and_a_count():
    rows = "".join(f"{60 * i},bad\n" for i in range(1000))
    with pytest.raises(InvalidInput) as refused:
        read("time,count\n" + rows, "t.csv")
    assert len(refused.value.diagnostics) == 51
    assert refused.value.diagnostics[-1].summary == (
        "950 more lines, 52 to 1001, have problems of this kind"
    )


@given(st.one_of(st.text(alphabet="0123456789:,.-Te\n\"'; \t#", max_size=60), st.binary()))
def test_anything_is_read_or_refused_with_reasons(data: str | bytes):
    try:
        duration, problems = read(data, "t.csv").duration, ()
    except InvalidInput as refused:
        duration, problems = 0, refused.diagnostics
    assert problems or duration > 0


def test_a_given_period_reads_one_row():
    assert read("0,5\n", "t.csv", period=60.0).duration == 60


def test_a_window_keeps_the_periods_that_begin_in_it():
    traffic = traffic_of([1, 2, 3, 4, 5])
    part = traffic.window(60, 190)
    assert (part.start, part.counts.tolist()) == (60, [2, 3, 4])
    assert traffic.window(61, 119).total == 0
    assert traffic.window(-5, 1e9).counts.tolist() == [1, 2, 3, 4, 5]


def test_scaling_carries_fractions_over():
    assert traffic_of([1, 1, 1]).scaled(0.5).counts.tolist() == [0, 1, 1]


@given(st.lists(st.integers(0, 10_000), min_size=1), st.floats(0, 20))
def test_the_scaled_running_total_is_never_off_by_more_than_half(counts: list[int], factor: float):
    scaled = traffic_of(counts).scaled(factor).counts
    wanted = np.cumsum(np.array(counts) * factor)
    assert scaled.min() >= 0
    assert np.abs(np.cumsum(scaled) - wanted).max() <= 0.5 + 1e-6


def test_a_profile_finds_the_busiest_minute():
    # 20-second periods: the busiest three in a row are 4, 9, 5 = 18 requests from second 20 on.
    found = profile(traffic_of([1, 4, 9, 5, 1], period=20))
    assert found == Profile(0.2, 0.45, 0.45 / 0.2, 20, 18)


def test_a_profile_of_hours_gives_an_even_share_to_a_minute():
    found = profile(traffic_of([60, 120], period=3600))
    assert (found.busiest_minute, found.busiest_minute_requests) == (3600, 2)


def test_a_profile_of_nothing_is_zero():
    assert profile(traffic_of([0, 0])) == Profile(0, 0, 0, 0, 0)
