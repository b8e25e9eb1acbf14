"""Everything that a rehearsal needs, checked before anything is started."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from understudy.app.capacity import Settings, read_settings
from understudy.app.config import delay_problems, speed_problems
from understudy.app.packaging import LocalModel, image_problems, local_models
from understudy.app.scenarios import Events, read_events
from understudy.app.sources import Source, traffic_of
from understudy.app.templates import CheckedTemplate, checked, property_problems
from understudy.app.update import PlannedUpdate, planned_update
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.base.quantity import format_duration
from understudy.base.service_time import STAND_IN_VARIABLE as STAND_IN
from understudy.cloudformation.locate import marked
from understudy.control.slo import Slo, parse_slos
from understudy.sim.traffic import Traffic

ENDPOINT, CONFIG = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
PAYLOADS: Mapping[str, str] = {".json": "application/json", ".csv": "text/csv"}
NO_PAYLOAD = b"{}"
UPLOADED = "s3://uploaded/model.tar.gz"
"""Stands for the URL that a local model archive gets."""
LOADS = ("", "sampled", "dilated")
MOST_REAL_RATE = 2000.0
"""Requests per real second that two cores still send and serve; beyond, they fail for want of
files and time, which no AWS endpoint would."""
SERVERLESS = "There is no model of serverless variants to simulate them by."
STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
"""AWS: CreateStack."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. ``speed`` is world seconds per real second.

    ``parameters`` are ``Key=Value``; ``load`` is sampled, dilated, or empty for what suits the
    model; ``window`` two times from the start of the traffic, such as ``10m-40m``; ``scenario``
    what happens to capacity meanwhile; ``settings`` a file for ``understudy.toml``.
    """

    template: Path
    traffic: Path | str
    parameters: tuple[str, ...] = ()
    speed: float = 60.0
    slo: str = ""
    load: str = ""
    window: str = ""
    scale: float = 1.0
    warp: float = 1.0
    payload: Path | None = None
    stack_name: str = ""
    seed: int = 1
    startup_delay: float = 0.0
    scenario: tuple[str, ...] = ()
    settings: Path | None = None
    update: Path | None = None
    at: str = ""
    fail: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rehearsal that can begin."""

    template: CheckedTemplate
    parameters: Mapping[str, str]
    models: list[LocalModel]
    traffic: Traffic
    slos: tuple[Slo, ...]
    payload: bytes
    content_type: str
    stack_name: str
    warnings: tuple[Diagnostic, ...]
    events: Events = field(default_factory=Events)
    settings: Settings = field(default_factory=Settings)
    update: PlannedUpdate | None = None


def prepare(options: Options) -> Prepared:
    """Check everything. Raises InvalidInput with all that is wrong, wherever it is."""
    problems = _option_problems(options)
    parameters = parameters_of(options.parameters, problems)
    template, found = checked(options.template, parameters)
    problems += found
    models: list[LocalModel] = []
    if template is not None:
        models, missing = local_models(template)
        uploaded = {model.parameter: UPLOADED for model in models}
        further = missing + image_problems(template) + endpoint_problems(template)
        problems += marked(template.text, further, str(template.path))
        told = {each.path for each in further}
        problems += [p for p in property_problems(template, uploaded) if p.path not in told]
    update = _update(options, parameters, problems)
    traffic = _traffic(options, problems)
    if template is not None and traffic is not None:
        problems += rate_problems(options, template, traffic)
    if update is not None and traffic is not None and update.seconds >= traffic.duration:
        length = format_duration(traffic.duration)
        problems.append(Diagnostic(f"The traffic is over after {length}, before --at."))
    slos = _slos(options.slo, problems)
    payload, content_type = _payload(options, problems)
    events = collected(lambda: read_events(options.scenario), Events(), problems)
    settings = collected(lambda: read_settings(options.settings), Settings(), problems)
    problems = list(dict.fromkeys(problems))
    errors = [each for each in problems if each.severity is Severity.ERROR]
    if template is None or traffic is None or errors:
        raise InvalidInput(tuple(errors))
    return Prepared(
        template=template,
        parameters=parameters,
        models=models,
        traffic=traffic,
        slos=slos,
        payload=payload,
        content_type=content_type,
        stack_name=options.stack_name or name_of(options.template),
        warnings=(*traffic.warnings, *problems),
        events=events,
        settings=settings,
        update=update,
    )


def _update(
    options: Options, parameters: Mapping[str, str], problems: list[Diagnostic]
) -> PlannedUpdate | None:
    """The update in the middle of the traffic, if one is wanted."""
    if options.update is None:
        if options.at or options.fail:
            problems.append(Diagnostic("--at and --fail need --update.", action="name a template"))
        return None
    return planned_update(options.update, options.at, options.fail, parameters, problems)


Told = TypeVar("Told")


def collected(read: Callable[[], Told], nothing: Told, problems: list[Diagnostic]) -> Told:
    """What is read, nothing where it is wrong; what is wrong is added to the problems."""
    try:
        return read()
    except InvalidInput as invalid:
        problems += invalid.diagnostics
        return nothing


def name_of(template: Path) -> str:
    """A stack name from the template's folder.

    >>> name_of(Path("/home/me/my_models/template.yaml")), name_of(Path("/2024/template.yaml"))
    ('my-models', 'rehearsal-2024')
    """
    name = re.sub(r"[^a-zA-Z0-9]+", "-", template.resolve().parent.name).strip("-")[:100]
    return name if STACK_NAME.fullmatch(name) else f"rehearsal-{name}".rstrip("-")


def _option_problems(options: Options) -> list[Diagnostic]:
    found = speed_problems(options.speed) + delay_problems(options.startup_delay)
    if options.load not in LOADS:
        action = "choose sampled or dilated, or leave it out for what suits the model"
        found.append(Diagnostic(f"--load {options.load} is not a load.", action=action))
    if options.seed < 0:
        found.append(Diagnostic(f"--seed {options.seed} is negative."))
    if options.stack_name and not STACK_NAME.fullmatch(options.stack_name):
        action = "use up to 128 letters, digits and hyphens, a letter first"
        found.append(Diagnostic(f"--stack-name {options.stack_name} is no name.", action=action))
    return found


def parameters_of(given: tuple[str, ...], problems: list[Diagnostic]) -> dict[str, str]:
    """Template parameters from ``Key=Value``; what is wrong with them is added to ``problems``."""
    pairs = [each.partition("=") for each in given]
    problems += [
        Diagnostic(f"--parameter {key} has no value.", action="write Key=Value")
        for key, equals, _ in pairs
        if not equals
    ]
    return {key: value for key, equals, value in pairs if equals}


def endpoint_problems(template: CheckedTemplate) -> list[Diagnostic]:
    """What is wrong with a template that has not exactly one endpoint, or one load balancer."""
    configs = [each for each in template.resources.values() if each.type == CONFIG]
    if any("'ServerlessConfig'" in str(each.properties) for each in configs):
        action = "run it with `understudy up`, and deploy to that"
        return [Diagnostic(SERVERLESS, ("Resources",), action=action)]
    types = [each.type for each in template.resources.values()]
    count, balancers = types.count(ENDPOINT), types.count(BALANCER)
    if count == 1 or (not count and balancers == 1):
        return []
    return [
        Diagnostic(
            f"A rehearsal drives traffic at one endpoint or load balancer; {template.path} has "
            f"{count or balancers}.",
            ("Resources",),
            action=f"rehearse a template with exactly one {ENDPOINT}, or one {BALANCER}",
        )
    ]


def rate_problems(
    options: Options, template: CheckedTemplate, traffic: Traffic
) -> list[Diagnostic]:
    """What is wrong with a peak that this machine could not send.

    A dilated load sends every request of the world in real time, so a world that runs ``speed``
    times as fast has ``speed`` times the rate; a sampled load keeps the rate.
    """
    dilated = options.load == "dilated" or (not options.load and STAND_IN in template.text)
    peak = float(traffic.counts.max(initial=0)) / traffic.period
    rate = peak * options.speed if dilated else peak
    if rate <= MOST_REAL_RATE:
        return []
    fits = f"--scale {options.scale * MOST_REAL_RATE / rate:.2f}"
    if dilated:
        speed = f"--speed {MOST_REAL_RATE / peak:,.0f}, " if peak <= MOST_REAL_RATE else ""
        fits = f"{speed}--load sampled, or {fits}"
    return [
        Diagnostic(
            f"The traffic's peak of {peak:,.0f} requests/s would be {rate:,.0f} requests in each "
            f"real second; up to {MOST_REAL_RATE:,.0f} are sent and served in good time.",
            action=f"use {fits}",
        )
    ]


def _traffic(options: Options, problems: list[Diagnostic]) -> Traffic | None:
    try:
        return traffic_of(Source(str(options.traffic), options.window, options.scale, options.warp))
    except InvalidInput as invalid:
        problems += invalid.diagnostics
        return None


def _slos(text: str, problems: list[Diagnostic]) -> tuple[Slo, ...]:
    try:
        return parse_slos(text)
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
