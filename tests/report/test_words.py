from decimal import Decimal

import pytest
from msgspec.structs import replace

from understudy.control.outcome import CapacityPoint, Outcome
from understudy.pricing.meter import Usage, bill
from understudy.report import words
from understudy.report.method import how_measured
from understudy.testing.outcomes import NOON, small


def desired(*counts: int) -> Outcome:
    points = tuple(CapacityPoint(NOON + at, count, count) for at, count in enumerate(counts))
    return replace(small(), capacity=points)


@pytest.mark.parametrize(
    ("run", "text"),
    [
        pytest.param(desired(1, 4, 3, 2, 1), "The endpoint scaled 1 -> 4 -> 1", id="out and in"),
        pytest.param(desired(1, 1), "The endpoint stayed at 1 instance", id="still"),
        pytest.param(desired(2), "The endpoint stayed at 2 instances", id="still at two"),
        pytest.param(
            desired(*[1, 3] * 4),
            "The endpoint moved between 1 and 3 instances in 1 activity",
            id="to and fro",
        ),
        pytest.param(desired(), "No capacity was recorded", id="nothing recorded"),
    ],
)
def test_how_it_scaled(run: Outcome, text: str):
    assert words.scaling(run) == text


def test_the_headline_of_a_small_run():
    # Ten minutes of one instance and six of another at 0.23 $/h: 16 / 60 x 0.23 = 0.0613 $.
    assert words.headline(small()) == (
        "The endpoint scaled 1 -> 2; 60% of requests met p99<500ms, 99% had to; "
        "$0.0613 on demand; with no traffic the same 10m00s would have cost $0.0383."
    )


def test_a_missing_price_is_said_and_no_amount_is():
    cost = bill([Usage("ml.z1.huge", 0, 60)], "eu-west-1", {})
    text = words.costs(replace(small(), cost=cost))
    assert text == "no price is known here for ml.z1.huge in eu-west-1"
    assert words.costs(replace(small(), cost=None)) == "its cost was not metered"
    assert words.usd(None) == "price not known"
    assert words.usd(Decimal("12.5")) == "$12.50"


@pytest.mark.parametrize(
    ("changes", "text", "says"),
    [
        pytest.param({"speed": 1.0}, "real time", "in real time", id="as fast as the clock"),
        pytest.param({"speed": None}, "virtual time", "in virtual time", id="no clock at all"),
        pytest.param(
            {"speed": 60.0, "load_mode": "sampled"},
            "60 times faster than the clock, load sampled",
            "each stands for 60 in all counts",
            id="sampled",
        ),
        pytest.param(
            {"speed": 60.0, "load_mode": "dilated"},
            "60 times faster than the clock, load dilated",
            "latencies are the measured ones times 60",
            id="dilated",
        ),
        pytest.param({"stand_in": True}, "", "a stand-in, not by a model", id="a stand-in"),
        pytest.param({"stand_in": False}, "", "the model's own code", id="a model"),
    ],
)
def test_how_it_was_measured_is_said(changes: dict[str, object], text: str, says: str):
    run = replace(small(), **changes)
    assert text in words.mode(run)
    assert any(says in paragraph for paragraph in how_measured(run))


def test_why_nothing_scaled():
    quiet = replace(small(), activities=(), alarms=())
    assert "no alarm went into ALARM" in words.no_activity(quiet)
    assert "no policy changed the capacity" in words.no_activity(replace(small(), activities=()))
