"""The capacity of a region for a terminal."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from understudy.deploy.history import iso
from understudy.report.prices import table


def capacity_view(seen: dict[str, Any]) -> RenderableType:
    """Limits, quotas, and what runs, from DescribeCapacity."""
    parts: list[RenderableType] = []
    if seen["Pools"]:
        pools = table("limit of", ">instances", "zone", "bought", "from", "until")
        for each in seen["Pools"]:
            begin = iso(each["since"]) if each["since"] else ""
            end = iso(each["until"]) if each["until"] is not None else ""
            cells = (each["zone"] or "each", each["purchase"] or "any way", begin, end)
            pools.add_row(each["pattern"], str(each["count"]), *cells)
        parts += [pools, ""]
    else:
        parts += [Text("Pools have no limits: on demand is always there."), ""]
    if seen["Quotas"]:
        quotas = table("quota", ">limit", ">in use")
        for each in seen["Quotas"]:
            quotas.add_row(each["Name"], str(each["Limit"]), f"{each['Used']:g}")
        parts += [quotas, ""]
    if not seen["Running"]:
        return Group(*parts, Text("Nothing runs."))
    running = table("running", "zone", "bought", ">instances", ">more")
    for each in seen["Running"]:
        room = "no limit" if each["Room"] is None else str(each["Room"])
        cells = (each["Zone"] or "any", each["Purchase"], str(each["Count"]), room)
        running.add_row(each["InstanceType"], *cells)
    return Group(*parts, running)
