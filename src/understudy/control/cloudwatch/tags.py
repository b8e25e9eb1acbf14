"""Tags of alarms and dashboards."""

from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books, alarm_name
from understudy.control.events import Params
from understudy.control.turn import Turn

MOST_TAGS = 50


def tag_at_creation(books: Books, arn: str, params: Params) -> None:
    """Keep the tags that a Put operation gives to a new resource."""
    if params.get("Tags"):
        _add(books, arn, params["Tags"])


def tag_resource(books: Books, params: Params, turn: Turn) -> Params:
    """Add tags to an alarm or a dashboard, or change their values."""
    del turn
    _add(books, _existing(books, params), params["Tags"])
    return {}


def untag_resource(books: Books, params: Params, turn: Turn) -> Params:
    """Take tags away."""
    del turn
    tags = books.state.tags.get(_existing(books, params), {})
    for key in params["TagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(books: Books, params: Params, turn: Turn) -> Params:
    """The tags of an alarm or a dashboard."""
    del turn
    tags = books.state.tags.get(_existing(books, params), {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _add(books: Books, arn: str, tags: list[Params]) -> None:
    kept = {**books.state.tags.get(arn, {}), **{each["Key"]: each["Value"] for each in tags}}
    if len(kept) > MOST_TAGS:
        raise Fault("InvalidParameterValue", f"A resource can have at most {MOST_TAGS} tags.")
    books.state.tags[arn] = kept


def _existing(books: Books, params: Params) -> str:
    arn: str = params["ResourceARN"]
    alarm = books.state.alarms.get(alarm_name(arn)) if ":alarm:" in arn else None
    dashboards = {each.arn for each in books.state.dashboards.values()}
    if (alarm is None or alarm.arn != arn) and arn not in dashboards:
        raise Fault("ResourceNotFoundException", f"Resource {arn} does not exist.", 404)
    return arn
