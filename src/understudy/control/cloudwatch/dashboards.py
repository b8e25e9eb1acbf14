"""Dashboards: kept, with what is plainly wrong in them refused, and not drawn."""

import json
import re
from typing import Any, cast

from understudy.base.arn import arn
from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.state import Dashboard
from understudy.control.cloudwatch.tags import tag_at_creation
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn

PAGE = 1000
WIDGETS = 500
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TYPES = ("metric", "text", "log", "alarm", "explorer", "custom")


def put_dashboard(books: Books, params: Params, turn: Turn) -> Params:
    """Keep a dashboard. Its name and the outline of its JSON are checked.

    Source: AWS, Dashboard body structure and syntax.
    """
    name, body = params["DashboardName"], params["DashboardBody"]
    problems: list[Params] = []
    if not _NAME.fullmatch(name):
        problems.append(
            _problem(
                "DashboardName",
                "The field DashboardName must only contain alphanumerics, dash and underscore",
            )
        )
    problems += _problems(body)
    if problems:
        count = len(problems)
        errors = f"{'is' if count == 1 else 'are'} {count} validation error{'s' * (count > 1)}"
        listed = json.dumps(
            [{"dataPath": each["DataPath"], "message": each["Message"]} for each in problems],
            indent=2,
        )
        raise Fault(
            "InvalidParameterInput",
            f"The dashboard body is invalid, there {errors}:\n{listed}",
            fields={"dashboardValidationMessages": problems},
        )
    old = books.state.dashboards.get(name)
    dashboard = Dashboard(name, arn("cloudwatch", "", f"dashboard/{name}"), body, turn.at)
    books.state.dashboards[name] = dashboard
    if old is None:
        tag_at_creation(books, dashboard.arn, params)
    return {"DashboardValidationMessages": []}


def _problem(path: str, message: str) -> Params:
    return {"DataPath": path, "Message": message}


def _problems(body: str) -> list[Params]:
    try:
        content: object = json.loads(body)
    except ValueError:
        return [_problem("", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(content, dict):
        return [_problem("", "Should be object")]
    widgets = cast("dict[str, Any]", content).get("widgets", [])
    if not isinstance(widgets, list):
        return [_problem("/widgets", "Should be array")]
    listed = cast("list[Any]", widgets)
    if len(listed) > WIDGETS:
        return [_problem("/widgets", f"Should NOT have more than {WIDGETS} items")]
    return [problem for index, widget in enumerate(listed) for problem in _widget(index, widget)]


def _widget(index: int, widget: object) -> list[Params]:
    place = f"/widgets/{index}"
    if not isinstance(widget, dict):
        return [_problem(place, "Should be object")]
    members = cast("dict[str, Any]", widget)
    if "type" not in members:
        return [_problem(place, "Should have required property 'type'")]
    if members["type"] not in TYPES:
        return [_problem(f"{place}/type", "Should be equal to one of the allowed values")]
    if not isinstance(members.get("properties"), dict):
        return [_problem(place, "Should have required property 'properties'")]
    metrics = members["properties"].get("metrics", [])
    if members["type"] == "metric" and not isinstance(metrics, list):
        return [_problem(f"{place}/properties/metrics", "Should be array")]
    return []


def _find(books: Books, name: str) -> Dashboard:
    dashboard = books.state.dashboards.get(name)
    if dashboard is None:
        raise Fault("ResourceNotFound", f"Dashboard {name} does not exist", 404)
    return dashboard


def get_dashboard(books: Books, params: Params, turn: Turn) -> Params:
    """A dashboard as it was put."""
    del turn
    found = _find(books, params["DashboardName"])
    return {"DashboardArn": found.arn, "DashboardBody": found.body, "DashboardName": found.name}


def list_dashboards(books: Books, params: Params, turn: Turn) -> Params:
    """The dashboards whose names begin with a prefix, sorted by name."""
    del turn
    prefix = params.get("DashboardNamePrefix", "")
    found = [books.state.dashboards[name] for name in sorted(books.state.dashboards)]
    found = [each for each in found if each.name.startswith(prefix)]
    refused = Fault("InvalidParameterValue", "The next token specified is invalid.")
    shown, token = page(found, params.get("NextToken"), PAGE, refused)
    entries = [
        {
            "DashboardName": each.name,
            "DashboardArn": each.arn,
            "LastModified": each.modified_at,
            "Size": len(each.body.encode()),
        }
        for each in shown
    ]
    answer: Params = {"DashboardEntries": entries}
    return answer | ({"NextToken": token} if token else {})


def delete_dashboards(books: Books, params: Params, turn: Turn) -> Params:
    """Delete dashboards, all of them or none if one does not exist."""
    del turn
    if not params["DashboardNames"]:
        raise Fault("InvalidParameterValue", "At least one dashboard name is required.")
    found = [_find(books, name) for name in params["DashboardNames"]]
    for dashboard in found:
        books.state.dashboards.pop(dashboard.name, None)
        books.state.tags.pop(dashboard.arn, None)
    return {}
