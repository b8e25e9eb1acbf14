"""Messages between the engine and the data plane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.framing import Unframer, framed
from understudy.control.events import Served, Sketch, Target, VariantRoute
from understudy.proxy.messages import (
    Drain,
    Drained,
    FromProxy,
    Ready,
    RemoveEndpoint,
    Report,
    SetClock,
    SetEndpoint,
    TargetHealth,
    ToProxy,
)

LATENCY = Sketch((100.0, 200.0), (3.0, 1.0), 500.0, 99.5, 201.0)
TOLD = [
    SetClock(1.5, 1.8e9, 60.0),
    SetEndpoint(
        "digits", (VariantRoute("v", 0.5, (Target("i-1", "127.0.0.1", 8080),), stand_in=True),)
    ),
    RemoveEndpoint("digits", "eu-west-1"),
    Drain("i-1", 60.0),
]
SAID = [
    Ready("127.0.0.1", 4566),
    Report(7.0, (Served("digits", "v", 6, 4.0, 2, 1.0, 0.0, LATENCY, LATENCY),), "eu-west-1"),
    Drained("i-1", 3),
    TargetHealth("i-1", healthy=False, reason="gone"),
]


@pytest.mark.parametrize(
    ("kind", "messages"), [(ToProxy, TOLD), (FromProxy, SAID)], ids=["to it", "from it"]
)
@given(st.data())
def test_messages_arrive_however_the_stream_is_cut(
    kind: object, messages: list[ToProxy | FromProxy], data: st.DataObject
) -> None:
    stream = b"".join(map(framed, messages))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10).map(sorted))
    unframer = Unframer(kind)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [message for piece in pieces for message in unframer.feed(piece)] == messages
