"""Why an alarm is in its state, in the words and the JSON that CloudWatch gives for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from understudy.scaling.alarm import ALARM, BAND_COMPARISONS, INSUFFICIENT_DATA, OK

INITIAL = "Unchecked: Initial alarm creation"
LONGEST = 4000
"""How many characters StateReasonData has at most. Source: AWS, MetricAlarm, StateReasonData."""

SHOWN = 5
"""From this many datapoints on, the latest of them are shown behind the sentence."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One period of an evaluation. ``breaching`` is None where the value is missing.

    ``low`` and ``high`` are the edges of the expected band where an alarm has one.
    """

    timestamp: float
    value: float | None = None
    breaching: bool | None = None
    sample_count: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What an alarm compares. ``datapoints_to_alarm`` is None where the alarm does not say it."""

    comparison: str
    threshold: float | None
    evaluation_periods: int
    datapoints_to_alarm: int | None
    treat_missing_data: str
    period: int
    statistic: str = ""
    unit: str = ""

    @property
    def needed(self) -> int:
        """How many datapoints must breach."""
        return self.datapoints_to_alarm or self.evaluation_periods


_PHRASES = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to the threshold",
    "GreaterThanThreshold": "greater than the threshold",
    "LessThanThreshold": "less than the threshold",
    "LessThanOrEqualToThreshold": "less than or equal to the threshold",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def relevant(criteria: Criteria, periods: Sequence[Evaluated]) -> list[Evaluated]:
    """The real datapoints that decide: the latest N of those in the range, oldest first."""
    real = [each for each in periods if each.value is not None]
    return real[-criteria.evaluation_periods :]


def state_reason(criteria: Criteria, state: str, periods: Sequence[Evaluated]) -> str:
    """The sentence of StateReason. ``periods`` are those of the evaluation range, oldest first."""
    total = criteria.evaluation_periods
    real = relevant(criteria, periods)
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_datapoints(total)} {_was(total)} unknown."
    missing = total - len(real) if criteria.treat_missing_data in _TREATED else 0
    crossing = [each for each in real if each.breaching == (state == ALARM)]
    if not crossing:
        return _without_datapoints(criteria, len(real))
    crossing.reverse()
    filled = f" and {_missing(criteria, missing)}" if missing else ""
    crossed = "Thresholds Crossed" if _has_band(criteria) else "Threshold Crossed"
    sentence = f"{_counted(criteria, crossing)}{_phrase(criteria, state, crossing)}{filled}"
    return f"{crossed}: {sentence}{_shown(crossing)}{_minimum(criteria, state)}."


def _has_band(criteria: Criteria) -> bool:
    return criteria.comparison in BAND_COMPARISONS


def _datapoints(count: int) -> str:
    return f"{count} datapoint{'' if count == 1 else 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _listed(points: Sequence[Evaluated]) -> str:
    shown = [f"{number(each.value or 0.0)} ({_day(each.timestamp)})" for each in points[:SHOWN]]
    return f"[{', '.join(shown)}]"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def number(value: float) -> str:
    """A number as Java prints a double, which is how CloudWatch shows it.

    >>> number(3.0), number(12345678.9), number(0.0001)
    ('3.0', '1.23456789E7', '1.0E-4')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{power}"


def _counted(criteria: Criteria, crossing: Sequence[Evaluated]) -> str:
    listed = "" if len(crossing) >= SHOWN else f" {_listed(crossing)}"
    count = len(crossing)
    if criteria.datapoints_to_alarm:
        subject = f"{count} out of the last {criteria.evaluation_periods} datapoints"
    else:
        subject = _datapoints(count)
    return f"{subject}{listed} {_was(count)} "


def _phrase(criteria: Criteria, state: str, crossing: Sequence[Evaluated]) -> str:
    negation = "not " if state == OK else ""
    if phrase := _PHRASES.get(criteria.comparison):
        return f"{negation}{phrase} ({number(criteria.threshold or 0.0)})"
    lower = f"{negation}less than the lower thresholds"
    upper = f"{negation}greater than the upper thresholds"
    if len(crossing) < SHOWN:
        lower += f" [{', '.join(number(each.low or 0.0) for each in crossing)}]"
        upper += f" [{', '.join(number(each.high or 0.0) for each in crossing)}]"
    one_sided = {"LessThanLowerThreshold": lower, "GreaterThanUpperThreshold": upper}
    return one_sided.get(criteria.comparison, f"{lower} or {upper}")


def _shown(crossing: Sequence[Evaluated]) -> str:
    if len(crossing) < SHOWN:
        return ""
    return f". The most recent datapoints which crossed the threshold: {_listed(crossing)}"


def _minimum(criteria: Criteria, state: str) -> str:
    if not criteria.datapoints_to_alarm:
        return ""
    least = deciding(criteria, state)
    change = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    return f" (minimum {_datapoints(least)} for {change} transition)"


def deciding(criteria: Criteria, state: str) -> int:
    """How many datapoints bring an alarm into a state: M for ALARM, N - M + 1 for OK."""
    if state == INSUFFICIENT_DATA:
        return criteria.evaluation_periods
    if state == ALARM:
        return criteria.needed
    return criteria.evaluation_periods - criteria.needed + 1


def _missing(criteria: Criteria, missing: int) -> str:
    treated = _TREATED.get(criteria.treat_missing_data, "Missing")
    noun = "datapoint" if missing == 1 else "datapoints"
    return f"{missing} missing {noun} {_was(missing)} treated as [{treated}]"


def _without_datapoints(criteria: Criteria, received: int) -> str:
    total = criteria.evaluation_periods
    subject = f"{_datapoints(received)} {_was(received)}" if received else "no datapoints were"
    periods = f"{total} period{'' if total == 1 else 's'}"
    missing = _missing(criteria, total - received)
    return f"Threshold Crossed: {subject} received for {periods} and {missing}."


def state_reason_data(
    criteria: Criteria, state: str, periods: Sequence[Evaluated], at: float
) -> str:
    """The JSON of StateReasonData: the datapoints that were there, and those that decided.

    It has at most 4,000 characters: of long evaluations the newest datapoints are shown.
    """
    real = relevant(criteria, periods)
    data: dict[str, Any] = {"version": "1.0", "queryDate": moment(at)}
    if real:
        data["startDate"] = moment(real[0].timestamp)
    if criteria.unit:
        data["unit"] = criteria.unit
    if criteria.statistic:
        data["statistic"] = criteria.statistic
    data["period"] = criteria.period
    data["recentDatapoints"] = [each.value for each in real]
    if not _has_band(criteria):
        data["threshold"] = criteria.threshold
    if (
        criteria.comparison in BAND_COMPARISONS
        and criteria.comparison != "GreaterThanUpperThreshold"
    ):
        data["recentLowerThresholds"] = [each.low for each in real]
    if criteria.comparison in BAND_COMPARISONS and criteria.comparison != "LessThanLowerThreshold":
        data["recentUpperThresholds"] = [each.high for each in real]
    data["evaluatedDatapoints"] = [
        _evaluated(criteria, each) for each in _deciders(criteria, state, periods)
    ]
    return _shortened(data)


def _shortened(data: dict[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"))
    recent = [member for member in data if member.startswith("recent")]
    while len(text) > LONGEST and len(data["evaluatedDatapoints"]) > 1:
        data["evaluatedDatapoints"] = _half(data["evaluatedDatapoints"], newest_last=False)
        text = json.dumps(data, separators=(",", ":"))
    while len(text) > LONGEST and len(data["recentDatapoints"]) > 1:
        data |= {member: _half(data[member], newest_last=True) for member in recent}
        text = json.dumps(data, separators=(",", ":"))
    return text


def _half(values: list[Any], *, newest_last: bool) -> list[Any]:
    size = len(values) // 2
    return values[-size:] if newest_last else values[:size]


def _deciders(criteria: Criteria, state: str, periods: Sequence[Evaluated]) -> Sequence[Evaluated]:
    """The periods that decided, newest first: those that cross, or are treated as if they did."""
    latest = periods[-criteria.evaluation_periods :]
    treated = {"breaching": ALARM, "notBreaching": OK}.get(criteria.treat_missing_data)
    crossing = [
        each
        for each in relevant(criteria, periods)
        if each.breaching == (state == ALARM) and state != INSUFFICIENT_DATA
    ]
    if state in (treated, INSUFFICIENT_DATA):
        crossing += [each for each in latest if each.value is None]
    crossing.sort(key=lambda each: -each.timestamp)
    return crossing[: deciding(criteria, state)]


def _evaluated(criteria: Criteria, each: Evaluated) -> dict[str, object]:
    shown: dict[str, object] = {"timestamp": moment(each.timestamp)}
    if each.value is None:
        return shown
    if each.sample_count is not None:
        shown["sampleCount"] = each.sample_count
    shown["value"] = each.value
    if _has_band(criteria):
        above = criteria.comparison == "GreaterThanUpperThreshold" or (
            each.high is not None and each.value > each.high
        )
        shown["threshold"] = each.high if above else each.low
    return shown


def moment(at: float) -> str:
    """A time as it stands in CloudWatch's JSON: ``2022-11-08T11:26:05.399+0000``."""
    text = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "+0000")


def spoken(at: float) -> str:
    """A time as composite alarms say it: ``Friday 22 July, 2022 15:57:45 UTC``."""
    return datetime.fromtimestamp(at, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
