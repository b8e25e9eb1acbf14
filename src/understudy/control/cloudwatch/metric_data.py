"""PutMetricData and ListMetrics. Source: AWS, PutMetricData; ListMetrics."""

import math
from collections.abc import Iterator, Sequence

from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.queries import TWO_WEEKS
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, MetricKey, metric_key, of_value, of_values
from understudy.metrics.window import HOUR

MOST_METRICS = 1000
MOST_VALUES = 150
LARGEST = 2.0**360
PAGE = 500

Problem = tuple[str, str]
"""An error code with its message."""

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


def put_metric_data(books: Books, params: Params, turn: Turn) -> Params:
    """Publish metrics; they can be seen at once. All of a request is taken, or none of it.

    Entities are accepted; nothing is related to them.
    """
    namespace = params["Namespace"]
    if namespace.startswith("AWS/"):
        raise Fault(VALUE, "The value AWS/ for parameter Namespace is invalid.")
    data = list(_data(params))
    if not data:
        raise Fault(
            "MissingParameter", "At least one MetricDatum object must be present in the request."
        )
    if len(data) > MOST_METRICS:
        raise Fault(
            VALUE, f"The collection MetricData must not have a size greater than {MOST_METRICS}."
        )
    problems = [
        problem
        for place, datum in data
        if not _is_plain(datum, turn.at)
        for problem in _problems(_spoken(place), datum, turn.at)
    ]
    if problems:
        code = problems[0][0]
        raise Fault(code, "\n".join(message for each, message in problems if each == code))
    for _, datum in data:
        books.state.store.publish(
            _key(namespace, datum),
            _datapoint(datum, turn.at),
            turn.at,
            datum.get("Unit", "None"),
            datum.get("StorageResolution", 60),
        )
    return {}


Place = tuple[int, ...]
"""Where a datum stands in its request, counted from 1: in MetricData, or in that of an entity."""


def _data(params: Params) -> Iterator[tuple[Place, Params]]:
    """Each datum with its place in the request."""
    for index, datum in enumerate(params.get("MetricData", []), start=1):
        yield (index,), datum
    for outer, entity in enumerate(params.get("EntityMetricData", []), start=1):
        for inner, datum in enumerate(entity.get("MetricData", []), start=1):
            yield (outer, inner), datum


def _spoken(place: Place) -> str:
    if len(place) == 1:
        return f"MetricData.member.{place[0]}"
    return f"EntityMetricData.member.{place[0]}.MetricData.member.{place[1]}"


def _is_plain(datum: Params, now: float) -> bool:
    """Whether a datum is a single value with nothing odd about it, as nearly all are."""
    value = datum.get("Value")
    if value is None or not -LARGEST <= value <= LARGEST or not _NEVER.isdisjoint(datum):
        return False
    if not now - TWO_WEEKS <= datum.get("Timestamp", now) <= now + 2 * HOUR:
        return False
    for dimension in datum.get("Dimensions", ()):
        name, text = dimension["Name"], dimension["Value"]
        if not name.strip() or not text.strip() or name[0] == ":":
            return False
    return True


_NEVER = frozenset({"Values", "Counts", "StatisticValues", "StorageResolution"})
"""What a plain datum does not have."""


def _key(namespace: str, datum: Params) -> MetricKey:
    pairs = ((each["Name"], each["Value"]) for each in datum.get("Dimensions", []))
    return metric_key(namespace, datum["MetricName"], pairs)


def _datapoint(datum: Params, now: float) -> Datapoint:
    at = datum.get("Timestamp", now)
    if "Value" in datum:
        return of_value(at, float(datum["Value"]))
    if statistics := datum.get("StatisticValues"):
        return Datapoint(
            at,
            float(statistics["SampleCount"]),
            float(statistics["Sum"]),
            float(statistics["Minimum"]),
            float(statistics["Maximum"]),
        )
    values = [float(each) for each in datum["Values"]]
    counts = [float(each) for each in datum.get("Counts", [])] or [1.0] * len(values)
    return of_values(at, values, counts)


def _bad(message: str) -> Problem:
    return VALUE, message


def _mixed(message: str) -> Problem:
    return COMBINATION, message


def _problems(place: str, datum: Params, now: float) -> Iterator[Problem]:
    yield from _form_problems(place, datum)
    at = datum.get("Timestamp", now)
    if at < now - TWO_WEEKS:
        yield _bad(
            f"The parameter {place}.Timestamp must specify a time within the past two weeks."
        )
    if at > now + 2 * HOUR:
        yield _bad(
            f"The parameter {place}.Timestamp must specify a time no more than two hours in the "
            "future."
        )
    if datum.get("StorageResolution", 60) not in (1, 60):
        yield _bad(f"The parameter {place}.StorageResolution must be a value in the set [ 1, 60 ].")
    for index, dimension in enumerate(datum.get("Dimensions", []), start=1):
        for member in ("Name", "Value"):
            text = dimension[member]
            if not text.strip() or (member == "Name" and text.startswith(":")):
                yield _invalid(text, f"{place}.Dimensions.member.{index}.{member}")
    yield from _number_problems(place, datum)


def _form_problems(place: str, datum: Params) -> Iterator[Problem]:
    """A datum is one of Value, StatisticValues and Values."""
    given = [each for each in ("Value", "StatisticValues", "Values") if each in datum]
    if not given:
        yield _mixed(
            f"At least one of the parameters {place}.Value, {place}.Values and "
            f"{place}.StatisticValues must be specified."
        )
    if len(given) > 1:
        yield _mixed(
            f"The parameters {place}.{given[0]} and {place}.{given[1]} are mutually exclusive and "
            "you have specified both."
        )
    if "Counts" in datum and len(datum["Counts"]) != len(datum.get("Values", [])):
        yield _bad(f"The parameters {place}.Values and {place}.Counts must be of the same size.")
    if not 0 < len(datum.get("Values", [0])) <= MOST_VALUES:
        yield _bad(
            f"The collection {place}.Values must not have a size greater than {MOST_VALUES}."
        )


def _number_problems(place: str, datum: Params) -> Iterator[Problem]:
    statistics = datum.get("StatisticValues", {})
    numbers = [("Value", datum["Value"])] if "Value" in datum else []
    numbers += [("Values", each) for each in datum.get("Values", [])]
    numbers += [(f"StatisticValues.{name}", each) for name, each in statistics.items()]
    for name, number in numbers:
        if not math.isfinite(number) or abs(number) > LARGEST:
            yield _invalid(number, f"{place}.{name}")
    for count in datum.get("Counts", []):
        if not math.isfinite(count) or count < 0:
            yield _invalid(count, f"{place}.Counts")
    if statistics and statistics["SampleCount"] <= 0:
        yield _invalid(statistics["SampleCount"], f"{place}.StatisticValues.SampleCount")
    if statistics and statistics["Maximum"] < statistics["Minimum"]:
        yield _bad(
            f"The parameter {place}.StatisticValues.Maximum must be greater than "
            f"{place}.StatisticValues.Minimum."
        )


def _invalid(given: object, place: str) -> Problem:
    shown = "NaN" if isinstance(given, float) and math.isnan(given) else given
    return _bad(f"The value {shown} for parameter {place} is invalid.")


def list_metrics(books: Books, params: Params, turn: Turn) -> Params:
    """Metrics that were published in the last two weeks, or three hours, by name and dimensions."""
    recent = turn.at - (3 * HOUR if "RecentlyActive" in params else TWO_WEEKS)
    filters: Sequence[Params] = params.get("Dimensions", [])
    keys = [
        key
        for key, metric in books.state.store.metrics.items()
        if metric.published_at >= recent
        and params.get("Namespace", key[0]) == key[0]
        and params.get("MetricName", key[1]) == key[1]
        and all(_has(key, each) for each in filters)
    ]
    refused = Fault(VALUE, "Request parameter NextToken is invalid")
    shown, token = page(keys, params.get("NextToken"), PAGE, refused)
    answer: Params = {"Metrics": [metric_params(key) for key in shown]}
    return answer | ({"NextToken": token} if token else {})


def _has(key: MetricKey, wanted: Params) -> bool:
    return any(
        name == wanted["Name"] and wanted.get("Value", value) == value for name, value in key[2]
    )


def metric_params(key: MetricKey) -> Params:
    """A metric under AWS's names."""
    dimensions = [{"Name": name, "Value": value} for name, value in key[2]]
    return {"Namespace": key[0], "MetricName": key[1], "Dimensions": dimensions}
