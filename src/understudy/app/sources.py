"""Where traffic comes from: a file, a pattern, an earlier run, or CloudWatch's history."""

import contextlib
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from understudy.app.client import Client, endpoint_url
from understudy.app.state_folder import JOURNAL
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.base.quantity import parse_duration
from understudy.control.events import AnyEvent, BalancersServed, RequestsCompleted
from understudy.live.clock import real_now
from understudy.sim import patterns
from understudy.sim.traffic import Traffic, read, whole
from understudy.storage.journal import Journal

PATTERNS: Mapping[str, Callable[..., Traffic]] = {
    "steady": patterns.steady,
    "diurnal": patterns.diurnal,
    "weekly": patterns.weekly,
    "flash-sale": patterns.flash_sale,
    "launch": patterns.launch,
    "spikes": patterns.spikes,
    "ramp": patterns.ramp,
}
_PATTERN = re.compile(r"([a-z-]+)\((.*)\)")
_MINUTE = 60
_DAY = 86_400.0
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Metric:
    """History of a metric in CloudWatch, whose sum is requests.

    ``dimensions`` are written ``Name=Value,Name=Value``; an empty ``endpoint_url`` is AWS itself.
    ``days`` is how far back it goes: AWS keeps one-minute datapoints for 15 days.
    """

    namespace: str
    name: str
    dimensions: str
    days: float = 14.0
    endpoint_url: str = ""
    region: str = DEFAULT_REGION


@dataclass(frozen=True, slots=True)
class Source:
    """Traffic as the user asked for it.

    ``traffic`` is a file, the state folder of an engine, or a pattern such as
    ``diurnal(trough=2, peak=20)``; ``window`` two times from its start, such as ``10m-40m``;
    ``scale`` times as many requests; ``warp`` times as long.
    """

    traffic: str = ""
    window: str = ""
    scale: float = 1.0
    warp: float = 1.0
    metric: Metric | None = None


def traffic_of(source: Source) -> Traffic:
    """The traffic that is asked for. Raises InvalidInput with all that is wrong."""
    problems = [
        Diagnostic(f"--{name} {value:g} is out of range.", action="give a number above 0")
        for name, value in (("scale", source.scale), ("warp", source.warp))
        if not 0 < value < float("inf")
    ]
    window = _window(source.window, problems)
    found: Traffic | None = None
    try:
        found = of_metric(source.metric) if source.metric else _named(source.traffic)
    except InvalidInput as invalid:
        problems += invalid.diagnostics
    if found is not None and window is not None:
        found = found.window(*window)
    if found is not None and not found.total:
        where = f"--window {source.window}" if source.window else found.name
        problems.append(Diagnostic(f"{where} has no requests."))
    if problems or found is None:
        raise InvalidInput(tuple(problems))
    found = found.scaled(source.scale) if source.scale != 1 else found
    return found.warped(source.warp) if source.warp != 1 else found


def _window(text: str, problems: list[Diagnostic]) -> tuple[float, float] | None:
    begin, _, end = text.partition("-")
    try:
        return (parse_duration(begin), parse_duration(end)) if text else None
    except ValueError as error:
        action = "write two times from the start of the traffic, as 10m-40m"
        problems.append(Diagnostic(f"--window {text}: {error}", action=action))
        return None


def _named(name: str) -> Traffic:
    pattern = _PATTERN.fullmatch(name.strip())
    if pattern and not Path(name).exists():
        return of_pattern(pattern[1], pattern[2])
    path = Path(name)
    if not name:
        raise _refused("No traffic is named.", "give --traffic or --cloudwatch")
    try:
        if path.is_dir():
            return of_journal(path / JOURNAL, name)
        data = path.read_bytes()
    except OSError as error:
        raise _refused(f"{name}: {error.strerror}.", "name a file, or a pattern") from error
    if data.startswith(SQLITE):
        return of_journal(path, name)
    if path.suffix == ".json":
        return of_report(data, name)
    return read(data, name)


def _refused(summary: str, action: str) -> InvalidInput:
    return InvalidInput((Diagnostic(summary, action=action),))


def of_pattern(name: str, settings: str) -> Traffic:
    """Traffic of a pattern with settings such as ``trough=2, peak=20, duration=7d, seed=3``.

    Rates are requests per second; times are durations. Raises InvalidInput saying what there is.
    """
    make = PATTERNS.get(name)
    if make is None:
        raise _refused(f"{name} is no pattern.", f"choose one of {', '.join(PATTERNS)}")
    known = inspect.signature(make).parameters
    accepted = f"{name}({', '.join(str(each).replace('_', '-') for each in known)})"
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in settings.split(","))):
        key, equals, value = (word.strip() for word in part.partition("="))
        key = key.replace("-", "_")
        if not equals or key not in known:
            raise _refused(f"{part!r} does not belong in {accepted}.", "write name=value")
        given[key] = _setting(key, value, accepted)
    missing = [
        key
        for key, each in known.items()
        if each.default is inspect.Parameter.empty and key not in given
    ]
    if missing:
        raise _refused(f"{', '.join(missing)} is missing.", f"write {accepted}")
    return replace(make(**given), name=f"{name}({settings})")


def _setting(key: str, value: str, accepted: str) -> float:
    try:
        if key == "seed":
            return int(value)
        return float(value) if re.fullmatch(r"[\d.]+", value) else parse_duration(value)
    except ValueError as error:
        raise _refused(f"{key}={value}: {error}", f"write {accepted}") from error


def of_journal(path: Path, name: str) -> Traffic:
    """The requests that an engine served, minute by minute, from its journal.

    A journal holds what came after its last snapshot, or all where it was told to keep it.
    """
    if not path.is_file():
        raise _refused(f"{name} has no journal.", "name the state folder of an engine")
    counts: dict[int, float] = {}
    try:
        journal = Journal(path)
    except (InvalidInput, sqlite3.Error) as error:
        raise _refused(f"{name} is no journal: {error}", "name the state folder") from error
    for entry in journal.entries():
        for second, requests in _requests(entry.event):
            minute = second // _MINUTE
            counts[minute] = counts.get(minute, 0.0) + requests
    journal.close()
    return _of_minutes(counts, name, "start the engine with --keep-journal")


def _requests(event: AnyEvent | None) -> Iterator[tuple[int, float]]:
    """The requests that endpoints or load balancers were sent, by the second of the report."""
    if isinstance(event, RequestsCompleted):
        yield from ((each.second, each.invocations) for each in event.served)
    elif isinstance(event, BalancersServed):
        yield from ((each.second, each.counts.get("RequestCount", 0.0)) for each in event.served)


def _of_minutes(counts: Mapping[int, float], name: str, action: str) -> Traffic:
    if not counts:
        raise _refused(f"{name} tells of no request.", action)
    first, last = min(counts), max(counts)
    filled = np.array([counts.get(minute, 0.0) for minute in range(first, last + 1)])
    warnings = _missing(filled.size - len(counts), filled.size, name)
    return Traffic(name, float(first * _MINUTE), float(_MINUTE), whole(filled), warnings=warnings)


def _missing(missing: int, total: int, name: str) -> tuple[Diagnostic, ...]:
    """That minutes have no figure, as far as some have none."""
    summary = f"{name}: {missing:,} of {total:,} minutes have no figure; they count as zero."
    return (Diagnostic(summary, severity=Severity.WARNING),) if missing else ()


def of_report(data: bytes, name: str) -> Traffic:
    """The traffic of an earlier run, from its ``report.json``."""
    try:
        report = msgspec.json.decode(data)
        points = report["load"]
        spans = [float(point["span_seconds"]) for point in points]
        counts = np.array([float(point["requests"]) for point in points])
        start = float(points[0]["seconds"])
    except (msgspec.DecodeError, KeyError, IndexError, TypeError) as error:
        raise _refused(f"{name} is no report of a rehearsal.", "name its report.json") from error
    return Traffic(name, start, spans[0], whole(counts))


def of_metric(metric: Metric) -> Traffic:
    """The history of a CloudWatch metric, minute by minute. Raises InvalidInput."""
    found, name = history(metric, _MINUTE, "Sum"), f"{metric.namespace} {metric.name}"
    action = "look with `aws cloudwatch list-metrics` how it is called, or give more --days"
    return _of_minutes(found, name, action)


def history(metric: Metric, period: int, statistic: str) -> dict[int, float]:
    """A statistic of a metric by periods, counted from the epoch. Raises InvalidInput.

    Credentials and the region's endpoint are found as boto3 finds them.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    pairs = [each.partition("=") for each in metric.dimensions.split(",") if each.strip()]
    if not all(equals for _, equals, _ in pairs):
        action = "write Name=Value,Name=Value"
        raise _refused(f"--cloudwatch: {metric.dimensions} are no dimensions.", action)
    dimensions = [{"Name": name.strip(), "Value": value} for name, _, value in pairs]
    client: Any = Session().create_client(
        "cloudwatch",
        region_name=metric.region,
        endpoint_url=endpoint_url(metric.endpoint_url) or None,
    )
    try:
        return _values(client, metric, dimensions, period, statistic)
    except (BotoCoreError, ClientError) as error:
        action = "check credentials, region and --endpoint-url"
        raise _refused(f"--cloudwatch: {error}", action) from error


def _now(metric: Metric) -> float:
    """The time where the metric is: that of the engine's world, where one answers."""
    if metric.endpoint_url:
        with contextlib.suppress(InvalidInput):
            return Client(metric.endpoint_url, metric.region).clock.now()
    return real_now()


def _values(
    client: Any, metric: Metric, dimensions: list[dict[str, str]], period: int, statistic: str
) -> dict[int, float]:
    """Values by period."""
    end = _now(metric)
    query = {
        "Id": "requests",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": dimensions,
            },
            "Period": period,
            "Stat": statistic,
        },
    }
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query],
        StartTime=end - metric.days * _DAY,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    counts: dict[int, float] = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                counts[int(moment.timestamp()) // period] = value
    return counts
