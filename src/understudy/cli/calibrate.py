"""``understudy calibrate``."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from understudy.app.calibrate import Choices, target_value
from understudy.app.calibrate import calibrate as measure
from understudy.app.calibrations import Calibration, Level, save
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.quantity import format_duration
from understudy.cli.exits import DONE, guarded, say
from understudy.control.slo import Slo, parse_slos

TYPES = {".json": "application/json", ".csv": "text/csv"}


def calibrate(
    endpoint: str,
    /,
    *,
    endpoint_url: str = "http://127.0.0.1:4566",
    slo: str = "",
    levels: tuple[int, ...] = (1, 2, 4, 8),
    seconds: float = 10.0,
    payload: Path | None = None,
    output: Path = Path("calibration.json"),
    recommendation: Path | None = None,
    seed: int = 1,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Measure a running endpoint: how long it serves, how many at once, what one instance holds.

    Args:
        endpoint: Name of the endpoint.
        endpoint_url: Engine that runs it.
        slo: Objectives such as 'p99<500ms': the highest steady rate within them is searched.
        levels: Numbers of requests in flight that are measured.
        seconds: Real seconds of each measurement.
        payload: What every request sends; default {}.
        output: Where the fit is kept, for --calibration of simulate and recommend.
        recommendation: recommendation.json to show its target value beside AWS's formula.
        seed: Makes the times of requests repeatable.
        as_json: Print JSON instead.

    """

    def work() -> int:
        body = payload.read_bytes() if payload else b"{}"
        kind = TYPES.get(payload.suffix, "application/octet-stream") if payload else TYPES[".json"]
        choices = Choices(endpoint, endpoint_url, levels, seconds, body, kind, _slos(slo), seed)
        found = measure(choices, _quiet if as_json else say)
        save(output, found)
        if as_json:
            print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        else:
            for line in lines(found, _target(recommendation)):
                say(line)
            say(f"Kept in {output}; use it with --calibration {output}")
        return DONE

    return guarded(work)


def _quiet(text: str) -> None:
    """Nothing is said while values are printed."""


def _slos(text: str) -> tuple[Slo, ...]:
    try:
        return parse_slos(text)
    except ValueError as error:
        raise InvalidInput((Diagnostic(f"--slo: {error}"),)) from error


def _target(path: Path | None) -> float | None:
    """The target value on invocations that a recommendation has, if it has one."""
    if path is None:
        return None
    policies = msgspec.json.decode(path.read_bytes())["found"]["chosen"]["candidate"]["policies"]
    for each in policies:
        metric = each["configuration"].get("PredefinedMetricSpecification", {})
        if metric.get("PredefinedMetricType") == "SageMakerVariantInvocationsPerInstance":
            return float(each["configuration"]["TargetValue"])
    return None


def lines(found: Calibration, recommended: float | None) -> list[str]:
    """What was measured, for people."""
    told = [f"{found.endpoint} on {found.instance_type or 'an unknown type'}: {found.fit}"]
    told.append(f"about {found.concurrency} at once on an instance")
    told += [_level(each) for each in found.levels]
    if found.max_rps is not None:
        value = target_value(found.max_rps)
        told.append(f"One instance holds {found.max_rps:.4g} requests/s within {found.slo}.")
        told.append(
            "Target value by AWS's formula, MAX_RPS x SAFETY_FACTOR x 60 = "
            f"{found.max_rps:.4g} x 0.5 x 60 = {value:.4g}"
        )
        if recommended is not None:
            told.append(f"Target value that the search recommends: {recommended:.4g}")
    return [*told, *(f"Note: {each}" for each in found.notes)]


def _level(each: Level) -> str:
    return (
        f"  {each.in_flight:>3} in flight: {each.rate:8.4g} requests/s, p50 "
        f"{format_duration(each.p50)}, p90 {format_duration(each.p90)}, p99 "
        f"{format_duration(each.p99)}, {each.failed} of {each.requests} failed"
    )
