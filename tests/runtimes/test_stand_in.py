import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.service_time import parse_service_time
from understudy.runtimes.http_server import Request, Response
from understudy.runtimes.stand_in import StandIn


class Bench:
    """A stand-in whose clock is the list of what it has asked to be called back for."""

    def __init__(self, text: str, speed: float = 1.0, seed: str = "i-1") -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.stand_in = StandIn(
            parse_service_time(text), speed, seed, lambda when, call: self.due.append((when, call))
        )

    def send(self, *arrivals: float, path: str = "/invocations") -> list[float]:
        """When the answers to requests that arrive at these times leave."""
        before = len(self.due)
        for arrived in arrivals:
            request = Request("POST", path, {}, b"", arrived, keep_alive=True)
            self.stand_in.handle(request, self.answers.append)
        return [when for when, _ in self.due[before:]]

    @property
    def answers(self) -> list[Response]:
        return self.__dict__.setdefault("_answers", [])

    def answer_all(self) -> list[Response]:
        for _, call in self.due:
            call()
        return self.answers


@pytest.mark.parametrize(
    ("text", "arrivals", "ends"),
    [
        pytest.param("10s", (100, 120), [110, 130], id="an idle slot starts at once"),
        pytest.param("10s", (100, 101, 102), [110, 120, 130], id="one slot serves in turn"),
        pytest.param(
            "10s; concurrency=2",
            (100, 101, 102, 103),
            [110, 111, 120, 121],
            id="two slots: the third waits for the first to end",
        ),
        pytest.param("0ms", (100, 100), [100, 100], id="no service time is no waiting"),
    ],
)
def test_requests_wait_for_a_free_slot_in_the_order_of_their_arrival(
    text: str, arrivals: tuple[float, ...], ends: list[float]
) -> None:
    assert Bench(text).send(*arrivals) == ends


def test_speed_shortens_service_times_by_as_much() -> None:
    bench = Bench("30s", speed=60)
    assert bench.send(100, 100) == [100.5, 101.0]
    assert json.loads(bench.answer_all()[0].body)["service_time_ms"] == 30_000


def test_an_answer_says_that_it_is_no_models() -> None:
    bench = Bench("200ms")
    bench.send(0.0)
    (answer,) = bench.answer_all()
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert answer.headers == (("X-Understudy-Stand-In", "true"),)
    assert json.loads(answer.body) == {"stand_in": True, "service_time_ms": 200.0}


def test_failures_have_the_share_that_was_asked_for() -> None:
    bench = Bench("1ms; failures=10%")
    bench.send(*[0.0] * 5000)
    answers = bench.answer_all()
    failed = [answer for answer in answers if answer.status == 500]
    assert 400 < len(failed) < 600  # 500 expected, standard deviation 21
    assert {answer.status for answer in answers} == {200, 500}
    assert json.loads(failed[0].body)["error"]
    assert failed[0].headers == (("X-Understudy-Stand-In", "true"),)


def test_an_instance_draws_the_same_times_whenever_it_is_run() -> None:
    text = "lognormal(p50=120ms, p99=900ms); concurrency=4"
    once, again, other = Bench(text), Bench(text), Bench(text, seed="i-2")
    times = once.send(*[0.0] * 8)
    assert again.send(*[0.0] * 8) == times
    assert other.send(*[0.0] * 8) != times


def test_a_ping_is_answered_at_once_however_long_the_queue_is() -> None:
    bench = Bench("1h")
    bench.send(0.0, 0.0)
    answers: list[Response] = []
    ping = Request("GET", "/ping", {}, b"", 1.0, keep_alive=True)
    bench.stand_in.handle(ping, answers.append)
    assert answers == [Response(200)]


def test_another_path_is_not_found() -> None:
    bench = Bench("1s")
    assert bench.send(0.0, path="/other") == []
    assert bench.answers == [Response(404)]


@given(
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=40),
    slots=st.integers(1, 5),
    cv=st.sampled_from(["0.1", "0.5", "2"]),
)
def test_no_more_requests_are_served_at_once_than_there_are_slots(
    gaps: list[float], slots: int, cv: str
) -> None:
    arrivals: list[float] = []
    for gap in gaps:
        arrivals.append((arrivals[-1] if arrivals else 0.0) + gap)
    bench = Bench(f"gamma(mean=1s, cv={cv}); concurrency={slots}")
    ends = bench.send(*arrivals)
    services = [json.loads(answer.body)["service_time_ms"] / 1000 for answer in bench.answer_all()]
    starts = [end - service for end, service in zip(ends, services, strict=True)]
    assert all(start >= arrival - 1e-5 for start, arrival in zip(starts, arrivals, strict=True))
    assert starts == pytest.approx(sorted(starts), abs=1e-5)  # First come, first served.
    for start in starts:
        serving = sum(s <= start < e - 1e-5 for s, e in zip(starts, ends, strict=True))
        assert serving <= slots
