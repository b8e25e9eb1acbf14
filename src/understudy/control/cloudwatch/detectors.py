"""Anomaly detectors: what they watch, and the models made of it.

The models are a stand-in, see ``metrics.anomaly``: CloudWatch's own are not public.
"""

from collections.abc import Sequence
from datetime import UTC

from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.state import Detector
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.metrics.anomaly import TRAINING, Model, train
from understudy.metrics.datapoint import MetricKey, metric_key
from understudy.metrics.statistics import Statistic, parse_statistic, value
from understudy.metrics.window import HOUR

IDENTITY = ("Namespace", "MetricName", "Dimensions", "Stat")
DEFAULT_RESULTS = 100


def _single(params: Params) -> Params:
    """The metric of a detector, wherever the request names it. Raises the faults of a bad mix."""
    nested = [
        member
        for member in ("SingleMetricAnomalyDetector", "MetricMathAnomalyDetector")
        if member in params
    ]
    direct = [member for member in IDENTITY if member in params]
    if len(nested) > 1 or (nested and direct):
        raise Fault(
            "InvalidParameterCombination",
            f"The parameters {' and '.join([*nested, *direct])} cannot be used together.",
        )
    if nested == ["MetricMathAnomalyDetector"]:
        raise Fault(
            "InvalidParameterValue",
            "Anomaly detectors on metric math are not offered here; use a single metric.",
        )
    metric: Params = params[nested[0]] if nested else params
    for member in ("Namespace", "MetricName", "Stat"):
        if member not in metric:
            raise Fault("MissingParameter", f"The parameter {member} is required.")
    return {member: metric[member] for member in IDENTITY if member in metric}


def _comparable(metric: Params) -> Params:
    """The same members, dimensions without their order."""
    dimensions = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", []))
    return {**metric, "Dimensions": dimensions}


def _key(metric: Params) -> MetricKey:
    dimensions = [(each["Name"], each["Value"]) for each in metric.get("Dimensions", [])]
    return metric_key(metric["Namespace"], metric["MetricName"], dimensions)


def put_anomaly_detector(books: Books, params: Params, turn: Turn) -> Params:
    """Watch a metric: bands on it go by this configuration."""
    metric = _single(params)
    try:
        parse_statistic(metric["Stat"])
    except ValueError:
        raise Fault(
            "InvalidParameterValue",
            f"The value {metric['Stat']} for parameter Stat is not supported.",
        ) from None
    configuration: Params = params.get("Configuration", {})
    if len(configuration.get("ExcludedTimeRanges", [])) > 10:
        raise Fault("InvalidParameterValue", "At most 10 time ranges can be excluded.")
    books.zone(configuration.get("MetricTimezone", "UTC"))
    old = find_detector(books, _key(metric), metric["Stat"])
    detector = Detector(
        old.id if old else turn.ids.uuid(),
        {
            **metric,
            "Configuration": configuration,
            "MetricCharacteristics": params.get("MetricCharacteristics", {}),
        },
    )
    books.state.detectors[detector.id] = detector
    books.models.clear()
    return {"AnomalyDetectorId": detector.id}


def find_detector(books: Books, key: MetricKey, statistic: str) -> Detector | None:
    """The detector of a metric and a statistic."""
    for detector in books.state.detectors.values():
        if detector.params["Stat"] == statistic and _key(detector.params) == key:
            return detector
    return None


def delete_anomaly_detector(books: Books, params: Params, turn: Turn) -> Params:
    """Stop to watch a metric."""
    del turn
    if "AnomalyDetectorId" in params:
        found = books.state.detectors.get(params["AnomalyDetectorId"])
    else:
        metric = _single(params)
        found = find_detector(books, _key(metric), metric["Stat"])
    if found is None:
        raise Fault("ResourceNotFoundException", "The anomaly detector does not exist.", 404)
    del books.state.detectors[found.id]
    books.models.clear()
    return {}


def describe_anomaly_detectors(books: Books, params: Params, turn: Turn) -> Params:
    """The detectors on single metrics, filtered."""
    ids: Sequence[str] = params.get("AnomalyDetectorIds", [])
    filters = [member for member in ("Namespace", "MetricName", "Dimensions") if member in params]
    if ids and (filters or "AnomalyDetectorTypes" in params):
        raise Fault(
            "InvalidParameterCombination",
            "AnomalyDetectorIds cannot be used together with metric filters.",
        )
    kinds = params.get("AnomalyDetectorTypes") or ["SINGLE_METRIC"]
    detectors = [
        each
        for each in books.state.detectors.values()
        if "SINGLE_METRIC" in kinds
        and (not ids or each.id in ids)
        and all(
            _comparable(params)[member] == _comparable(each.params)[member] for member in filters
        )
    ]
    refused = Fault("InvalidNextToken", "The next token specified is invalid.")
    size = min(params.get("MaxResults", DEFAULT_RESULTS), DEFAULT_RESULTS)
    shown, token = page(detectors, params.get("NextToken"), size, refused)
    answer: Params = {"AnomalyDetectors": [_shown(books, each, turn.at) for each in shown]}
    return answer | ({"NextToken": token} if token else {})


def _shown(books: Books, detector: Detector, now: float) -> Params:
    metric = {member: detector.params[member] for member in IDENTITY if member in detector.params}
    statistic = parse_statistic(metric["Stat"])
    trained = model_of(books, _key(metric), statistic, 300, detector, now)
    return {
        "AnomalyDetectorId": detector.id,
        **metric,
        "Configuration": detector.params["Configuration"],
        "MetricCharacteristics": detector.params["MetricCharacteristics"],
        "StateValue": "TRAINED" if trained else "TRAINED_INSUFFICIENT_DATA",
        "SingleMetricAnomalyDetector": metric,
    }


def model_of(
    books: Books,
    key: MetricKey,
    statistic: Statistic,
    period: int,
    detector: Detector | None,
    now: float,
) -> Model | None:
    """The model of a metric, trained on the two weeks before this hour; None if too little."""
    trained_at = now - now % HOUR
    name = (repr(key), statistic.name, period)
    known = books.models.get(name)
    if known is None or known[0] != trained_at:
        known = books.models[name] = (
            trained_at,
            _trained(books, key, statistic, period, detector, trained_at),
        )
    return known[1]


def _trained(
    books: Books,
    key: MetricKey,
    statistic: Statistic,
    period: int,
    detector: Detector | None,
    at: float,
) -> Model | None:
    series = books.state.store.series(key)
    if series is None:
        return None
    configuration: Params = detector.params["Configuration"] if detector else {}
    excluded = [
        (each["StartTime"], each["EndTime"]) for each in configuration.get("ExcludedTimeRanges", [])
    ]
    points = series.read(at - TRAINING, at, period, at)
    numbers = ((point.timestamp, value(point, statistic)) for point in points)
    known = [(when, number) for when, number in numbers if number is not None]
    name = configuration.get("MetricTimezone")
    return train(known, excluded, books.zone(name) if name else UTC)
