import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from understudy.control.outcome import ActivityRecord, CapacityPoint, Outcome
from understudy.report.drawing import live_and_simulated, what_happened
from understudy.testing.outcomes import NOON, small

WIDTHS = pytest.mark.parametrize(
    "width", [pytest.param(1040, id="wide"), pytest.param(400, id="narrow")]
)


def lines(picture: str) -> str:
    """One element on a line, so that a difference is easy to read."""
    return picture.replace("><", ">\n<")


def texts(picture: str, class_: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(picture).iter("text") if e.get("class") == class_]


@WIDTHS
def test_a_small_run(width: int, snapshot: SnapshotAssertion):
    assert lines(what_happened(small(), width)) == snapshot


def test_a_run_beside_another(snapshot: SnapshotAssertion):
    run = small()
    later = replace(run, capacity=(CapacityPoint(NOON, 1, 1), CapacityPoint(NOON + 300, 2, 2)))
    assert lines(live_and_simulated(run, later, 1040)) == snapshot


@WIDTHS
def test_every_mark_stands_within_the_picture(live: Outcome, simulated: Outcome, width: int):
    for picture in (what_happened(live, width), live_and_simulated(live, simulated, width)):
        root = ET.fromstring(picture)
        right, bottom = map(float, root.get("viewBox", "").split()[2:])
        for element in root.iter():
            for name, limit in (("x", right), ("x1", right), ("x2", right), ("y", bottom)):
                assert 0 <= float(element.get(name, 0)) <= limit


@WIDTHS
def test_a_picture_says_what_it_is(live: Outcome, width: int):
    root = ET.fromstring(what_happened(live, width))
    ids = {e.get("id"): e.text for e in root if e.tag in {"title", "desc"}}
    assert root.get("role") == "img"
    assert all(ids[each] for each in root.get("aria-labelledby", "").split())


def test_empty_panels_say_why(blank: Outcome):
    assert texts(what_happened(blank, 1040), "empty") == [
        "No request was sent.",
        "No capacity was recorded.",
        "No request succeeded, so there is no latency.",
        "No alarm changed its state.",
    ]
    run = small()
    assert texts(live_and_simulated(run, run, 1040), "empty") == ["No difference at any time."]
    assert "One of the runs has no capacity recorded." in texts(
        live_and_simulated(run, blank, 1040), "empty"
    )


def with_activities(seconds: list[float], duration: float = 600) -> Outcome:
    activities = tuple(
        ActivityRecord(NOON + at, None, 1, 2, "because", "Successful") for at in sorted(seconds)
    )
    return replace(small(), activities=activities, ended_at=NOON + duration)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 600), max_size=30), st.sampled_from([400, 1040]))
def test_flags_never_overlap(seconds: list[float], width: int):
    root = ET.fromstring(what_happened(with_activities(seconds), width))
    cloths = [e for e in root.iter("rect") if e.get("class") == "cloth"]
    marks = [e for e in root.iter("path") if (e.get("class") or "").startswith("mark")]
    assert len(cloths) + len(marks) == len(seconds)
    lanes: dict[str, list[tuple[float, float]]] = {}
    for each in cloths:
        begin = float(each.get("x", 0))
        lanes.setdefault(each.get("y", ""), []).append((begin, begin + float(each.get("width", 0))))
    for lane in lanes.values():
        assert all(one[1] <= other[0] for one, other in pairwise(lane))
        assert lane[-1][1] <= width


def test_flags_that_stand_too_close_become_marks():
    picture = what_happened(with_activities([300.0 + each for each in range(20)]), 1040)
    assert "cloth" not in picture
    assert len(re.findall('class="mark out"', picture)) == 20


def test_an_activity_that_failed_is_marked_as_stuck():
    failed = ActivityRecord(NOON + 60, NOON + 60, 1, 2, "because", "Failed")
    assert 'class="flag stuck"' in what_happened(replace(small(), activities=(failed,)), 1040)


def test_latency_is_drawn_logarithmic_only_where_it_spans_decades(live: Outcome):
    assert "logarithmic" in what_happened(live, 1040)
    even = tuple(replace(point, p50_ms=40.0, p99_ms=90.0) for point in live.load)
    assert "logarithmic" not in what_happened(replace(live, load=even), 1040)


def test_a_stretch_without_success_breaks_the_latency_line():
    run = small()
    gap = replace(run.load[1], p50_ms=None, p90_ms=None, p99_ms=None)
    picture = what_happened(replace(run, load=(run.load[0], gap, run.load[2])), 1040)
    assert picture.count('class="dot p99"') == 2
    assert picture.count('class="outline p99"') == 1  # only the line of the legend
