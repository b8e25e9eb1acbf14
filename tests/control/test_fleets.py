"""What is taken down of groups over time, from one look at them to the next."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from understudy.control.autoscaling.state import Group, Instance
from understudy.control.fleets import FleetRecord, Seen, note_groups
from understudy.control.outcome import CapacityPoint

NAME = "autoScalingGroup/g"
STATES = ("Pending", "Pending:Wait", "InService", "Terminating", "Warmed:Stopped", "gone")


def group(lifecycles: dict[str, str]) -> Group:
    instances = {
        name: Instance(name, "us-east-1a", "", "m5.large", 1, 5.0, lifecycle=lifecycle)
        for name, lifecycle in lifecycles.items()
        if lifecycle != "gone"
    }
    return Group("g", "arn", "uuid", 0.0, 0, 9, 2, {}, instances=instances)


def test_a_point_is_taken_down_for_each_change_and_a_life_for_each_that_ends() -> None:
    records: dict[str, FleetRecord] = {}
    seen: dict[str, Seen] = {}
    for at, lifecycles in (
        (10.0, {"a": "Pending", "b": "Warmed:Stopped"}),
        (20.0, {"a": "InService", "b": "Warmed:Stopped"}),
        (30.0, {"a": "InService", "b": "Warmed:Stopped"}),
        (40.0, {"a": "Terminating", "b": "Pending"}),
        (50.0, {"b": "InService"}),
    ):
        note_groups(records, [group(lifecycles)], seen, at)
    assert records[NAME].points == [
        CapacityPoint(10.0, 2, 0, 1, 0),
        CapacityPoint(20.0, 2, 1, 0, 0),
        CapacityPoint(40.0, 2, 0, 1, 1),
        CapacityPoint(50.0, 2, 1, 0, 0),
    ]
    assert [(each.start, each.end) for each in records[NAME].ended] == [(5.0, 50.0)]
    note_groups(records, [], seen, 60.0)
    assert records[NAME].points[-1] == CapacityPoint(60.0, 0, 0, 0, 0)
    assert records[NAME].members == {}


looks = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(STATES)), min_size=1, max_size=8
)


@given(looks)
def test_looking_at_what_has_changed_finds_what_looking_anew_does(
    told: list[dict[str, str]],
) -> None:
    """An engine that was restored remembers no earlier look."""
    kept: dict[str, FleetRecord] = {}
    anew: dict[str, FleetRecord] = {}
    seen: dict[str, Seen] = {}
    for place, lifecycles in enumerate(told):
        note_groups(kept, [group(lifecycles)], seen, float(place))
        note_groups(anew, [group(lifecycles)], {}, float(place))
    assert msgspec.msgpack.encode(kept) == msgspec.msgpack.encode(anew)
    there = {name for name, each in told[-1].items() if each not in {"gone", "Warmed:Stopped"}}
    assert kept[NAME].members.keys() == there
