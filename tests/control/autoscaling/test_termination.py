"""Which instances go: the rules of every policy, narrowed one after the other."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from understudy.control.autoscaling.state import Group, Instance
from understudy.control.autoscaling.termination import choose
from understudy.testing.group_story import GroupStory

AT = 90_000.0
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
Narrow = Callable[[list[Instance]], list[Instance]]


def least(candidates: list[Instance], key: Callable[[Instance], float]) -> list[Instance]:
    first = min(map(key, candidates))
    return [each for each in candidates if key(each) == first]


def oldest_template(candidates: list[Instance]) -> list[Instance]:
    """AWS: those of another template than the group's first, then those of the oldest version."""
    templated = [each for each in candidates if each.launch_template]
    if not templated:
        return candidates
    others = [each for each in templated if each.launch_template["LaunchTemplateId"] != "lt-own"]
    return least(others or templated, lambda each: int(each.launch_template["Version"]))


NARROWING: dict[str, Narrow] = {
    "OldestInstance": lambda some: least(some, lambda each: each.launched_at),
    "NewestInstance": lambda some: least(some, lambda each: -each.launched_at),
    "OldestLaunchTemplate": oldest_template,
    "ClosestToNextInstanceHour": lambda some: least(
        some, lambda each: -((AT - each.launched_at) % 3600)
    ),
}

instances = st.lists(
    st.builds(
        lambda zone, weight, launched, protected, template, version: Instance(
            "",
            zone,
            "",
            "m5.large",
            weight,
            float(launched),
            lifecycle="InService",
            protected=protected,
            launch_template={"LaunchTemplateId": template, "Version": version} if template else {},
        ),
        st.sampled_from(ZONES),
        st.integers(1, 3),
        st.integers(0, 20).map(lambda number: number * 1700),
        st.booleans(),
        st.sampled_from(["", "lt-own", "lt-other"]),
        st.sampled_from(["2", "10"]),
    ),
    max_size=12,
)


def narrowed(group: Group, excess: int, policies: list[str]) -> list[str]:
    """The definition: of what fits, the fullest zone's; then policy after policy; then the id."""
    left = list(group.instances.values())
    chosen: list[str] = []
    while fitting := [each for each in left if not each.protected and each.weight <= excess]:
        zones = [each.zone for each in left]
        candidates = least(fitting, lambda each, zones=zones: -zones.count(each.zone))
        for policy in policies:
            candidates = NARROWING[policy](candidates)
        one = min(candidates, key=lambda each: each.id)
        chosen.append(one.id)
        left.remove(one)
        excess -= one.weight
    return chosen


@given(
    instances,
    st.integers(0, 12),
    st.lists(st.sampled_from(sorted(NARROWING)), min_size=1, max_size=2, unique=True),
)
def test_instances_go_in_the_order_that_narrowing_gives(
    there: list[Instance], excess: int, policies: list[str]
) -> None:
    service = GroupStory().plane.groups
    for number, each in enumerate(there):
        each.id = f"i-{number * 7 % 12:02}"
    params = {
        "TerminationPolicies": policies,
        "LaunchTemplate": {"LaunchTemplateId": "lt-own"},
    }
    by_id = {each.id: each for each in there}
    group = Group("g", "arn", "uuid", 0.0, 0, 99, 0, params, instances=by_id)
    assert [each.id for each in choose(service, group, excess, AT)] == narrowed(
        group, excess, policies
    )
