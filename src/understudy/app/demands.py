"""Where a demand for capacity comes from: a file, a report, a running stack, CloudWatch."""

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from understudy.app.sources import Metric, history
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.capacity.usage import Used, billed
from understudy.control.outcome import CapacityPoint
from understudy.pricing.book import Book
from understudy.pricing.demand import Demand, demand_of
from understudy.pricing.demand_rows import read_demand
from understudy.pricing.meter import SECONDS_PER_HOUR, Item, Usage, by_hour

DAYS = 455.0
"""CloudWatch keeps hours for so long (AWS: GetMetricStatistics)."""


def demand_of_file(path: Path, region: str, book: Book) -> Demand:
    """The demand in a CSV. Raises InvalidInput."""
    products = {each: set(book.products(each)) for each in book.regions()}
    return read_demand(_text(path), str(path), region, products)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise InvalidInput((Diagnostic(f"{path}: {error.strerror}."),)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput((Diagnostic(f"{path} is no text: {error}."),)) from error


def demand_of_report(folder: Path) -> Demand:
    """The instances of a rehearsal or a simulation, hour by hour from its start."""
    path = folder / "report.json" if folder.is_dir() else folder
    try:
        report: dict[str, Any] = json.loads(_text(path))
        points = [
            CapacityPoint(
                each["seconds"],
                each["desired"],
                each["in_service"],
                each["pending"],
                each["terminating"],
            )
            for each in report["capacity"]
        ]
        kind, duration = report["instance_type"], float(report["duration_seconds"])
        region = str(report["region"])
    except (ValueError, KeyError, TypeError) as error:
        action = "give the folder that `understudy rehearse --report` wrote"
        text = f"{path} is no report of a rehearsal: {error!r}."
        raise InvalidInput((Diagnostic(text, action=action),)) from error
    ends = [*(point.at for point in points[1:]), duration]
    lives = [
        Usage(kind, max(point.at, 0.0), end)
        for point, end in zip(points, ends, strict=True)
        for _ in range(point.in_service + point.pending + point.terminating)
        if end > point.at
    ]
    return _from_start(lives, region, duration, str(path))


def demand_of_stack(stack: str, state: Path, endpoint: str, region: str) -> Demand:
    """What the instances of a stack did since the first of them was launched."""
    from understudy.app.cost import owners_of, running_client

    client = running_client(state, endpoint, region)
    return demand_of_lives(client.used(), owners_of(client, stack), f"stack {stack}")


def demand_of_metric(metric: Metric, instance_type: str) -> Demand:
    """Instances by hour from the average of a CloudWatch metric. Raises InvalidInput.

    An hour without a datapoint has none.
    """
    if not instance_type:
        action = "name it with --instance-type"
        text = "CloudWatch does not tell of which type the instances are."
        raise InvalidInput((Diagnostic(text, action=action),))
    values = history(metric, SECONDS_PER_HOUR, "Average")
    item = Item(instance_type, metric.region)
    hours = {
        hour: {item: Fraction(round(value * SECONDS_PER_HOUR))} for hour, value in values.items()
    }
    if not any(value for value in values.values()):
        name = f"{metric.namespace} {metric.name} ({metric.dimensions})"
        raise InvalidInput((Diagnostic(f"{name} has no datapoint above 0."),))
    return demand_of(hours)


def demand_of_lives(used: Used, owners: Iterable[str], name: str) -> Demand:
    """The instances of some owners, hour by hour from the first launch."""
    wanted = set(owners)
    lives = [
        life
        for each in used.lives
        if each.place.owner.partition("/")[0] in wanted
        if (life := billed(each, used.at)) is not None
    ]
    if not lives:
        raise InvalidInput((Diagnostic(f"No instance has run of {name}."),))
    start = min(life.start for life in lives)
    moved = [
        msgspec.structs.replace(life, start=life.start - start, end=life.end - start, zone="")
        for life in lives
    ]
    return _from_start(moved, used.region, used.at - start, name)


def _from_start(lives: list[Usage], region: str, duration: float, name: str) -> Demand:
    """Demand by hours from the start; an hour that was not over is taken to go on as it began."""
    hours = by_hour(lives, region)
    if not hours:
        raise InvalidInput((Diagnostic(f"No instance has run in {name}."),))
    whole, rest = divmod(duration, SECONDS_PER_HOUR)
    last = int(whole)
    kept = {hour: usage for hour, usage in hours.items() if hour < last}
    if rest and last in hours and (not kept or rest >= SECONDS_PER_HOUR / 2):
        factor = Fraction(SECONDS_PER_HOUR) / Fraction(rest)
        kept[last] = {item: amount * factor for item, amount in hours[last].items()}
    return demand_of(kept)
