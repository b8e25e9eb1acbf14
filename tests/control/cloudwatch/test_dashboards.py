"""Dashboards are kept as they are put; what is plainly wrong is refused."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.cloudwatch import cloudwatch_stage
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")
WIDGET = {"type": "metric", "x": 0, "properties": {"metrics": [["AWS/EC2", "CPUUtilization"]]}}


def put(stage: Stage, name: str = "web", body: object = None, **more: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body or {"widgets": [WIDGET]})
    return stage.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=text, **more)


def test_a_dashboard_comes_back_as_it_was_put() -> None:
    stage, _ = cloudwatch_stage(NOW)
    body = json.dumps({"start": "-PT1H", "widgets": [WIDGET]})
    assert put(stage, body=body) == {"DashboardValidationMessages": []}
    assert stage.call("cloudwatch", "GetDashboard", DashboardName="web") == {
        "DashboardArn": "arn:aws:cloudwatch::000000000000:dashboard/web",
        "DashboardName": "web",
        "DashboardBody": body,
    }


def test_dashboards_are_listed_by_prefix_and_deleted() -> None:
    stage, _ = cloudwatch_stage(NOW)
    for name in ("web-b", "db", "web-a"):
        put(stage, name, {})
    answer = stage.call("cloudwatch", "ListDashboards", DashboardNamePrefix="web")
    assert [each["DashboardName"] for each in answer["DashboardEntries"]] == ["web-a", "web-b"]
    assert answer["DashboardEntries"][0] == {
        "DashboardName": "web-a",
        "DashboardArn": "arn:aws:cloudwatch::000000000000:dashboard/web-a",
        "LastModified": NOW,
        "Size": len(json.dumps({"widgets": [WIDGET]})),
    }
    stage.call("cloudwatch", "DeleteDashboards", DashboardNames=["web-a", "db"])
    answer = stage.call("cloudwatch", "ListDashboards")
    assert [each["DashboardName"] for each in answer["DashboardEntries"]] == ["web-b"]


def test_a_dashboard_that_is_not_there() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage)
    for operation, params in (
        ("GetDashboard", {"DashboardName": "no"}),
        ("DeleteDashboards", {"DashboardNames": ["web", "no"]}),
    ):
        with pytest.raises(Fault) as refused:
            stage.call("cloudwatch", operation, **params)
        assert (refused.value.code, refused.value.status) == ("ResourceNotFound", 404)
    assert stage.call("cloudwatch", "ListDashboards")["DashboardEntries"] != []


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("{", "", "The field DashboardBody must be a valid JSON object"),
        ("[]", "", "Should be object"),
        ({"widgets": {}}, "/widgets", "Should be array"),
        ({"widgets": [1]}, "/widgets/0", "Should be object"),
        ({"widgets": [WIDGET, {}]}, "/widgets/1", "Should have required property 'type'"),
        (
            {"widgets": [{"type": "pie"}]},
            "/widgets/0/type",
            "Should be equal to one of the allowed values",
        ),
        (
            {"widgets": [{"type": "text"}]},
            "/widgets/0",
            "Should have required property 'properties'",
        ),
        (
            {"widgets": [{"type": "metric", "properties": {"metrics": {}}}]},
            "/widgets/0/properties/metrics",
            "Should be array",
        ),
        (
            {"widgets": [WIDGET] * 501},
            "/widgets",
            "Should NOT have more than 500 items",
        ),
    ],
)
def test_what_is_wrong_with_a_body_is_said_with_its_place(
    body: object, path: str, message: str
) -> None:
    stage, _ = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        put(stage, body=body)
    assert refused.value.code == "InvalidParameterInput"
    assert refused.value.message.startswith(
        "The dashboard body is invalid, there is 1 validation error:\n"
    )
    assert refused.value.fields["dashboardValidationMessages"] == [
        {"DataPath": path, "Message": message}
    ]


def test_a_name_has_letters_digits_dashes_and_underscores() -> None:
    stage, _ = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        put(stage, "my dashboard", "{")
    assert "there are 2 validation errors" in refused.value.message


def test_tags_of_a_dashboard() -> None:
    stage, _ = cloudwatch_stage(NOW)
    arn = "arn:aws:cloudwatch::000000000000:dashboard/web"
    put(stage, Tags=[{"Key": "team", "Value": "a"}])
    answer = stage.call("cloudwatch", "ListTagsForResource", ResourceARN=arn)
    assert answer["Tags"] == [{"Key": "team", "Value": "a"}]
