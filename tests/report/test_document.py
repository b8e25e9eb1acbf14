import json
from decimal import Decimal
from typing import Any

import pytest

from understudy.control.comparison import capacity_difference
from understudy.control.outcome import Outcome
from understudy.report.document import SCHEMA, to_json
from understudy.testing.outcomes import small


@pytest.fixture(scope="module")
def report(live: Outcome, simulated: Outcome) -> dict[str, Any]:
    return json.loads(to_json(live, simulated, capacity_difference(live, simulated)))


def test_the_report_has_the_names_that_others_rely_on(report: dict[str, Any]):
    assert report["schema"] == SCHEMA
    assert (report["stack_status"], report["speed"]) == ("CREATE_COMPLETE", 60)
    assert {"sent", "succeeded", "failed", "p50_ms", "p99_ms"} <= report["requests"].keys()
    for run in (report, report["simulated"]):
        assert all({"at", "desired", "in_service"} <= each.keys() for each in run["capacity"])
        named = {"at", "from", "to", "cause", "status"}
        assert run["activities"]
        assert all(named <= each.keys() for each in run["activities"])
    assert {"on_demand_usd", "instance_hours"} <= report["cost"].keys()


def test_times_are_dates_and_seconds_from_the_start(report: dict[str, Any]):
    first = report["activities"][0]
    assert report["started_at"] == "2026-03-02T12:00:00.000Z"
    assert (first["at"], first["seconds"]) == ("2026-03-02T12:19:00.000Z", 1140)
    assert first["ended"] == "2026-03-02T12:21:10.000Z"
    assert [point["seconds"] for point in report["load"][:3]] == [0, 60, 120]


def test_money_is_exact_text_with_date_and_source(report: dict[str, Any]):
    cost = report["cost"]
    assert Decimal(cost["on_demand_usd"]) == Decimal("0.23") * Decimal(str(cost["instance_hours"]))
    assert Decimal(cost["idle_usd"]) == Decimal("0.306667")
    assert cost["price_as_of"] == ["2026-09-28"]
    assert "AWS Price List API" in cost["price_source"][0]
    assert cost["missing"] == []


def test_differences_name_both_times(report: dict[str, Any]):
    found = {(e["from"], e["to"]): e for e in report["comparison"]["activities"]}
    assert (
        found[5, 4]["offset_seconds"]
        == found[5, 4]["second_seconds"] - found[5, 4]["first_seconds"]
    )
    assert found[3, 5]["second_seconds"] is None
    assert report["comparison"]["in_service"].keys() == {"mean", "largest", "equal"}


def test_what_is_not_there_is_null(blank: Outcome):
    report = json.loads(to_json(blank, None, None))
    assert report["simulated"] is report["comparison"] is report["cost"] is None
    assert report["requests"]["p99_ms"] is None
    assert report["capacity"] == []


def test_a_sampled_request_says_for_how_many_it_stands(live: Outcome):
    assert json.loads(to_json(live, None, None))["requests"]["stands_for"] == 60
    assert json.loads(to_json(small(), None, None))["requests"]["stands_for"] == 1
