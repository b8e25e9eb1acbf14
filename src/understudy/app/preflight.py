"""Everything that a rehearsal needs, checked before anything is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from understudy.app.packaging import LocalModel, local_models
from understudy.app.templates import CheckedTemplate, checked, property_problems
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.base.quantity import parse_duration
from understudy.control.slo import Slo, parse_slos
from understudy.sim.traffic import Traffic, read

ENDPOINT = "AWS::SageMaker::Endpoint"
PAYLOADS: Mapping[str, str] = {".json": "application/json", ".csv": "text/csv"}
NO_PAYLOAD = b"{}"
UPLOADED = "s3://uploaded/model.tar.gz"
"""Stands for the URL that a local model archive gets."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. ``speed`` is world seconds per real second.

    ``load`` is sampled, dilated, or empty for what suits the model; ``window`` two times from the
    start of the traffic, such as ``10m-40m``.
    """

    template: Path
    traffic: Path
    parameters: Mapping[str, str]
    speed: float = 60.0
    slo: str = ""
    load: str = ""
    window: str = ""
    scale: float = 1.0
    payload: Path | None = None
    stack_name: str = ""
    seed: int = 1
    startup_delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rehearsal that can begin."""

    template: CheckedTemplate
    models: list[LocalModel]
    traffic: Traffic
    slos: tuple[Slo, ...]
    payload: bytes
    content_type: str
    stack_name: str
    warnings: tuple[Diagnostic, ...]


def prepare(options: Options) -> Prepared:
    """Check everything. Raises InvalidInput with all that is wrong, wherever it is."""
    problems: list[Diagnostic] = []
    template, found = checked(options.template, options.parameters)
    problems += found
    models: list[LocalModel] = []
    if template is not None:
        models, missing = local_models(template)
        uploaded = {model.parameter: UPLOADED for model in models}
        problems += missing + property_problems(template, uploaded) + _endpoints(template)
    traffic = _traffic(options, problems)
    slos = _slos(options.slo, problems)
    payload, content_type = _payload(options, problems)
    problems += _speed(options)
    if template is None or traffic is None or _errors(problems):
        raise InvalidInput(tuple(each for each in problems if each.severity is Severity.ERROR))
    warnings = (*traffic.warnings, *problems)
    name = options.stack_name or options.template.resolve().parent.name
    return Prepared(template, models, traffic, slos, payload, content_type, name, warnings)


def _errors(problems: list[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in problems)


def _endpoints(template: CheckedTemplate) -> list[Diagnostic]:
    count = sum(each.type == ENDPOINT for each in template.template.resources.values())
    if count == 1:
        return []
    return [
        Diagnostic(
            f"A rehearsal drives traffic at one endpoint; {template.path} has {count}.",
            ("Resources",),
            action=f"rehearse a template with exactly one {ENDPOINT}",
        )
    ]


def _traffic(options: Options, problems: list[Diagnostic]) -> Traffic | None:
    try:
        traffic = read(options.traffic.read_bytes(), str(options.traffic))
        if options.window:
            begin, _, end = options.window.partition("-")
            traffic = traffic.window(parse_duration(begin), parse_duration(end))
    except InvalidInput as invalid:
        problems += invalid.diagnostics
        return None
    except OSError as error:
        problems.append(Diagnostic(f"{options.traffic}: {error.strerror}."))
        return None
    except ValueError as error:
        problems.append(Diagnostic(f"--window: {error}", action="write it as 10m-40m"))
        return None
    if not len(traffic.counts):
        problems.append(Diagnostic(f"--window {options.window} leaves no traffic."))
        return None
    return traffic.scaled(options.scale) if options.scale != 1.0 else traffic


def _slos(text: str, problems: list[Diagnostic]) -> tuple[Slo, ...]:
    try:
        return parse_slos(text) if text else ()
    except ValueError as error:
        problems.append(Diagnostic(f"--slo: {error}"))
        return ()


def _payload(options: Options, problems: list[Diagnostic]) -> tuple[bytes, str]:
    """What every request sends: the file that was named, else ``payload.*`` beside the template."""
    path = options.payload or next(
        (
            beside
            for suffix in PAYLOADS
            if (beside := options.template.parent / f"payload{suffix}").is_file()
        ),
        None,
    )
    if path is None:
        return NO_PAYLOAD, PAYLOADS[".json"]
    try:
        return path.read_bytes(), PAYLOADS.get(path.suffix, "application/octet-stream")
    except OSError as error:
        problems.append(Diagnostic(f"{path}: {error.strerror}."))
        return NO_PAYLOAD, ""


def _speed(options: Options) -> list[Diagnostic]:
    if 0 < options.speed <= FASTEST:
        return []
    return [
        Diagnostic(
            f"--speed {options.speed:g} is out of range.",
            action=f"choose a speed above 0 and up to {FASTEST:g}, such as 60",
        )
    ]


FASTEST = 3600.0
"""World seconds per real second up to which a live world keeps up."""
