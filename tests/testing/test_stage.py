"""The stage keeps time, fires timers in order and routes signals within their turn."""

from understudy.control.signals import CapacityFulfilled
from understudy.control.turn import Turn
from understudy.testing.stage import Stage, instant

NOON = instant("2026-01-01T12:00:00Z")


class Ticker:
    """Ticks every ten seconds and says so."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, str]] = []

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        self.ticks.append((turn.at - NOON, key[0]))
        turn.signal(CapacityFulfilled("desired", key[0]))
        if key[0] == "again":
            turn.schedule(turn.at + 10, "ticker", "again")


def start(ticker: Ticker, params: dict[str, str], turn: Turn) -> dict[str, str]:
    turn.schedule(turn.at + 10, "ticker", params["Key"])
    return {"At": str(turn.at)}


def test_timers_fire_in_the_order_of_their_times_and_then_of_their_wishes() -> None:
    ticker, stage = Ticker(), Stage(NOON)
    stage.add("ticker", ticker, {"Start": start})
    assert stage.call("ticker", "Start", Key="again") == {"At": str(NOON)}
    stage.call("ticker", "Start", Key="once")
    stage.advance(25)
    assert ticker.ticks == [(10, "again"), (10, "once"), (20, "again")]
    assert stage.now == NOON + 25
    assert [at - NOON for at, _ in stage.given(CapacityFulfilled)] == [10, 10, 20]


def test_a_signal_given_while_routing_a_signal_is_routed_in_the_same_turn() -> None:
    seen: list[str] = []

    def route(signal: object, turn: Turn) -> None:
        assert isinstance(signal, CapacityFulfilled)
        seen.append(signal.resource_id)
        if signal.resource_id == "first":
            turn.signal(CapacityFulfilled("desired", "second"))

    stage = Stage(NOON, route)
    with stage.turn() as turn:
        turn.signal(CapacityFulfilled("desired", "first"))
    assert seen == ["first", "second"]
    assert [at for at, _ in stage.signals] == [NOON, NOON]
