"""Tables about stacks for a terminal: events, outputs, versions, drift."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from understudy.app.stacks.history import Version
from understudy.app.views import DriftView, PropertyChange
from understudy.report.changes import shown
from understudy.report.terminal import BAD, GOOD, MUTED, STRONG, status_style
from understudy.report.words import moment

_DRIFTS = {"IN_SYNC": GOOD, "NOT_CHECKED": MUTED, "UNSUPPORTED": MUTED, "UNKNOWN": MUTED}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in ("Time", "Status", "Version"))
    return table


def events_table(events: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Events of a stack, oldest first, each with AWS's own reason."""
    table = _table("Time", "Resource", "Status", "Reason")
    for each in events:
        status: str = each["ResourceStatus"]
        table.add_row(
            moment(each["Timestamp"].timestamp()),
            each["LogicalResourceId"],
            Text(status, status_style(status)),
            each.get("ResourceStatusReason", ""),
        )
    return table


def event_line(event: Mapping[str, Any]) -> str:
    """An event as one line of a log."""
    parts = (
        moment(event["Timestamp"].timestamp()),
        event["LogicalResourceId"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason", ""),
    )
    return "  ".join(filter(None, parts))


def outputs_table(stack_name: str, outputs: Mapping[str, str]) -> RenderableType:
    """The outputs of a stack, each in one line, however long: they are there to be copied."""
    if not outputs:
        return Text(f"Stack {stack_name} has no outputs.", MUTED)
    widest = max(map(len, outputs))
    return Group(
        *(
            Text.assemble((f"{key:{widest}}", MUTED), "  ", value, no_wrap=True, overflow="ignore")
            for key, value in outputs.items()
        )
    )


def history_table(stack_name: str, versions: Sequence[Version], current: int) -> RenderableType:
    """What was deployed under a name; the version that is in place is marked."""
    if not versions:
        return Text(f"Nothing was deployed as {stack_name} from here.", MUTED)
    table = _table("Version", "Time", "By", "Template", "Parameters")
    for each in versions:
        parameters = "\n".join(f"{key}={value}" for key, value in each.parameters.items())
        mark = " *" if each.number == current else ""
        table.add_row(
            f"{each.number}{mark}", moment(each.at), each.by, each.digest, parameters or "none"
        )
    return Group(
        table,
        Text(f"* is in place. Go back with: understudy rollback {stack_name} --to VERSION", MUTED),
    )


def drift_report(view: DriftView) -> RenderableType:
    """A stack compared with its template: what has drifted, property by property."""
    style = GOOD if view.status == "IN_SYNC" else BAD
    parts: list[RenderableType] = [
        Text.assemble((view.stack_name, STRONG), "  ", (view.status, style))
    ]
    for each in view.resources:
        line = Text.assemble(
            (f"{each.status:12}", _DRIFTS.get(each.status, BAD)),
            f"  {each.logical_id}  ",
            (each.resource_type, MUTED),
        )
        parts.append(Padding(line, (0, 0, 0, 2)))
        parts += [Padding(_difference(found), (0, 0, 0, 16)) for found in each.properties]
    return Group(*parts)


def _difference(found: PropertyChange) -> Text:
    expected = "absent" if found.before is None else shown(found.before)
    actual = "absent" if found.after is None else shown(found.after)
    return Text(f"{found.path}: {expected} in the template, {actual} in fact", MUTED)
