"""A change set for people to review: the most dangerous change first, and what it means."""

import json
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from understudy.app.views import ChangeSetView, PropertyChange, Reset, ResourceChange
from understudy.report.terminal import BAD, MUTED, STRONG

_SYMBOLS = {
    "Add": ("+", "green"),
    "Modify": ("~", "yellow"),
    "Remove": ("-", "red"),
    "Import": ("<", "cyan"),
    "Dynamic": ("?", "yellow"),
    "SyncWithActual": ("=", "cyan"),
}
_REPLACEMENTS = {"True": ("±", BAD), "Conditional": ("±?", "red")}
LATER = "(known after it is deployed)"
_UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
_LONGEST = 200
"""Characters of a value that are shown."""


def change_set(view: ChangeSetView) -> RenderableType:
    """What a change set would do: each resource, under it what changes, why, and what is lost."""
    heading = Text.assemble(
        ("Change set for ", ""), (view.stack_name, STRONG), f" ({view.change_set_type})"
    )
    if not view.changes and not view.note:
        return Group(heading, "", "The submitted information didn't contain changes.")
    widest = max((len(each.logical_id) for each in view.changes), default=0)
    lines = [line for each in view.changes for line in _resource(each, min(widest, 30))]
    note = ["", Text(view.note, "yellow")] if view.note else []
    resets = [line for each in view.resets for line in _reset(each)]
    tally = ["", tally_of(view)] if view.changes else []
    return Group(heading, "", *lines, *note, *resets, *tally)


def _resource(each: ResourceChange, width: int) -> Iterator[RenderableType]:
    symbol, style = symbol_of(each)
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(width=4, justify="right")
    table.add_column(width=8, style=MUTED)
    table.add_column(width=width, overflow="fold")
    table.add_column(overflow="fold")
    table.add_row(Text(symbol, style), each.fidelity, each.logical_id, each.resource_type)
    yield table
    said: list[Text] = []
    if each.origin:
        said.append(Text(f"made by {each.origin}", MUTED))
    if each.action != "Add":
        said += [_property(found) for found in each.properties]
    said += [Text(text, BAD if each.danger >= 4 else "yellow") for text in each.consequences]
    yield from (Padding(text, (0, 0, 0, 18)) for text in said)


def symbol_of(each: ResourceChange) -> tuple[str, str]:
    """The symbol of a change and its style: ``±`` for a replacement, with ? where it depends."""
    return _REPLACEMENTS.get(each.replacement) or _SYMBOLS[each.action]


def _property(found: PropertyChange) -> Text:
    because = f" (by {', '.join(found.causes)})" if found.causes else ""
    return Text.assemble(
        (f"{found.path}: ", MUTED), *_values(found), (f"{because}{_why(found)}", MUTED)
    )


def _values(found: PropertyChange) -> list[tuple[str, str]]:
    before, after = shown(found.before), shown(found.after)
    if found.before is None and found.after is None:
        return [("changes", MUTED)]
    if found.before is None:
        return [(after, "green"), (" (new)", MUTED)]
    if found.after is None:
        return [(before, "red"), (" (removed)", MUTED)]
    return [(before, "red"), (" -> ", MUTED), (after, "green")]


def shown(value: str | None) -> str:
    """A value of a change set in few words; it may be JSON text.

    >>> shown('"abc"'), shown("{{changeSet:KNOWN_AFTER_APPLY}}"), shown('{"a": 1}')
    ('abc', '(known after it is deployed)', '{"a":1}')
    """
    if value is None:
        return ""
    text = value.replace(_UNKNOWN, LATER)
    if text[:1] in ('"', "{", "["):
        try:
            loaded = json.loads(text)
        except ValueError:
            loaded = text
        text = loaded if isinstance(loaded, str) else json.dumps(loaded, separators=(",", ":"))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _why(found: PropertyChange) -> str:
    return {
        "Never": "",
        "Conditionally": ", may need a replacement",
        "Always": ", needs a replacement",
    }[found.recreation]


def _reset(each: Reset) -> Iterator[RenderableType]:
    wanted = "what the template says" if each.template is None else str(each.template)
    current = "" if each.current is None else f" from {each.current}"
    yield ""
    yield Text(
        f"{each.logical_id}: scaling has set {each.what}; with this change it goes back{current} "
        f"to {wanted}. To leave it alone:",
        BAD,
    )
    for line in each.patch.splitlines():
        style = {"+": "green", "-": "red"}.get(line[:1], MUTED)
        yield Padding(Text(line, style), (0, 0, 0, 4))


def tally_of(view: ChangeSetView) -> Text:
    """How many resources of each kind of change."""
    symbols = [symbol_of(each)[0] for each in view.changes]
    counts = {
        "to add": symbols.count("+"),
        "to change": symbols.count("~") + symbols.count("?") + symbols.count("="),
        "to replace": symbols.count("±"),
        "that may be replaced": symbols.count("±?"),
        "to import": symbols.count("<"),
        "to remove": symbols.count("-"),
    }
    recorded = sum(e.fidelity == "recorded" and e.action != "Remove" for e in view.changes)
    text = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return Text(text + (f"; {recorded} only recorded, doing nothing" if recorded else ""))
