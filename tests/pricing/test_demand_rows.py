"""Demand curves as people write them, and what is wrong with them."""

import pytest

from understudy.base.diagnostic import InvalidInput
from understudy.pricing.demand import Demand
from understudy.pricing.demand_rows import read_demand

KNOWN = {"us-east-1": {"m5.large", "g5.xlarge"}, "eu-west-1": {"m5.large"}}


def read(*lines: str) -> Demand:
    return read_demand("\n".join(lines), "d.csv", "us-east-1", KNOWN)


def complaints(*lines: str) -> list[str]:
    with pytest.raises(InvalidInput) as invalid:
        read(*lines)
    return [f"{each.mark}: {each.summary}" for each in invalid.value.diagnostics]


HEADER = "hour,instance_type,count"


def test_counts_become_instance_hours_and_untold_types_have_none():
    demand = read(
        HEADER,
        "2026-03-02T00:00:00Z,m5.large,2",
        "2026-03-02T01:00Z,m5.large,2.5",
        "2026-03-02T01:00Z,g5.xlarge,1",
    )
    assert [item.product for item in demand.items] == ["g5.xlarge", "m5.large"]
    assert demand.instance_hours.tolist() == [[0.0, 2.0], [1.0, 2.5]]
    assert demand.start == 492_336


def test_columns_may_have_other_names_and_stand_in_any_order():
    demand = read("region,count,TYPE,timestamp", "eu-west-1,3,m5.large,3600")
    assert demand.regions == ("eu-west-1",)
    assert demand.instance_hours.tolist() == [[3.0]]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(
            (HEADER, "2026-03-02T00:00Z,m5.large,-1", "2026-03-02T00:30Z,m5.large,two"),
            [
                "d.csv:2:1: Row 2: the count -1 is negative.",
                "d.csv:3:1: Row 3: '2026-03-02T00:30Z' is no full hour.",
                "d.csv:3:1: Row 3: 'two' is no count.",
            ],
            id="negative counts and times that are no hours",
        ),
        pytest.param(
            (HEADER, "2026-03-02T00:00Z,m5.large,1", "2026-03-02T03:00Z,m5.large,1"),
            ["d.csv:3:1: Row 3: 2 hours are missing before 2026-03-02T03:00Z."],
            id="hours that nobody tells",
        ),
        pytest.param(
            (HEADER, "0,m5.large,1", "7200,m5.large,1"),
            ["d.csv:3:1: Row 3: the hour 1970-01-01T01:00Z is missing before 1970-01-01T02:00Z."],
            id="an hour that nobody tells",
        ),
        pytest.param(
            (HEADER, "0,m5.large,1", "0,m5.large,-1", "0,m5.large,2", "0,zz9.large,1", "x,y,1"),
            [
                "d.csv:3:1: Row 3: the count -1 is negative.",
                "d.csv:3:1: Row 3: m5.large in 1970-01-01T00:00Z was told in row 2 already.",
                "d.csv:4:1: Row 4: m5.large in 1970-01-01T00:00Z was told in row 2 already.",
                "d.csv:5:1: Row 5: no price is known of zz9.large in us-east-1.",
                "d.csv:6:1: Row 6: 'x' is no full hour.",
            ],
            id="mistakes of all kinds at once",
        ),
        pytest.param(
            (HEADER, "0,m5.large,1", "0,m5.large,2"),
            ["d.csv:3:1: Row 3: m5.large in 1970-01-01T00:00Z was told in row 2 already."],
            id="rows that overlap",
        ),
        pytest.param(
            (HEADER, "0,m9.large,1", "3600,m9.large,1"),
            ["d.csv:2:1: Row 2: no price is known of m9.large in us-east-1."],
            id="an unknown type, told once",
        ),
        pytest.param(
            (f"{HEADER},region", "0,m5.large,1,mars-1"),
            ["d.csv:2:1: Row 2: no price is known in region mars-1."],
            id="an unknown region",
        ),
        pytest.param(
            ("when,what", "0,m5.large"),
            ["d.csv:1:1: Row 1: there is no column hour, instance_type, count."],
            id="no header",
        ),
        pytest.param(
            (HEADER, "0,m5.large"), ["d.csv:2:1: Row 2: it has 2 columns only."], id="a short row"
        ),
        pytest.param((HEADER, "0,m5.large,0"), ["None: d.csv has no demand."], id="nothing at all"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(lines: tuple[str, ...], told: list[str]):
    assert complaints(*lines) == told


def test_only_the_first_of_many_problems_are_told():
    found = complaints(HEADER, *(f"{hour * 3600},m5.large,-1" for hour in range(60)))
    assert len(found) == 51
    assert found[-1] == "None: There are 10 more problems."
