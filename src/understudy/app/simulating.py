"""Everything that a simulation of a template needs, checked before anything is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from understudy.app.capacity import Settings, read_settings
from understudy.app.packaging import local_models
from understudy.app.preflight import collected, endpoint_problems, name_of, parameters_of
from understudy.app.scenarios import Events, read_events
from understudy.app.simulation import Scenario, Update
from understudy.app.sources import Source, traffic_of
from understudy.app.templates import CheckedTemplate, checked
from understudy.app.update import planned_update
from understudy.app.worlds import Surroundings, WorldOptions, surroundings
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.cloudformation.locate import marked
from understudy.control.slo import Slo, parse_slos
from understudy.sim.traffic import Traffic

SIMULATED_MODEL = "s3://simulated/model.tar.gz"
MONDAY = 1_772_409_600.0
"""When traffic without dates begins: Monday 2026-03-02, midnight UTC."""
EPOCH_FROM = 1e8
DEPLOYED_BEFORE = 7200.0
"""Seconds of world time that the stack is there before the traffic begins."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    ``updates`` are written ``2h=template.yaml``, or as a path alone and take place ``at``. The
    resource ``fail`` is made to fail in them.

    ``scenario`` is what happens to capacity, ``settings`` a file for ``understudy.toml``.
    """

    template: Path
    source: Source
    parameters: tuple[str, ...] = ()
    slo: str = ""
    world: WorldOptions = field(default_factory=WorldOptions)
    updates: tuple[str, ...] = ()
    seed: int = 1
    region: str = DEFAULT_REGION
    scenario: tuple[str, ...] = ()
    settings: Path | None = None
    at: str = ""
    fail: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A simulation that can begin. ``start_at`` is when the traffic begins, in world time."""

    template: CheckedTemplate
    parameters: dict[str, str]
    traffic: Traffic
    slos: tuple[Slo, ...]
    around: Surroundings
    updates: tuple[Update, ...]
    start_at: float
    seed: int
    region: str
    warnings: tuple[Diagnostic, ...]
    events: Events
    settings: Settings

    @property
    def stack_name(self) -> str:
        """What the stack is called."""
        return name_of(self.template.path)

    def scenario(self, body: str = "") -> Scenario:
        """The simulation, of another template body if one is given."""
        return Scenario(
            stack_name=self.stack_name,
            body=body or self.template.text,
            parameters=self.parameters,
            traffic=self.traffic,
            serving=self.around.serving,
            world=self.around.world,
            slos=self.slos,
            deploy_at=self.start_at - DEPLOYED_BEFORE,
            start_at=self.start_at,
            seed=self.seed,
            updates=self.updates,
            publication=self.around.publication,
            region=self.region,
            settings=self.settings,
            events=self.events,
        )


def prepare(options: Options, traffic: Traffic | None = None) -> Prepared:
    """Check everything. Raises InvalidInput with all that is wrong, wherever it is.

    ``traffic`` spares reading it again where several templates see the same.
    """
    problems: list[Diagnostic] = []
    parameters = parameters_of(options.parameters, problems)
    template, found = checked(options.template, parameters, options.region)
    problems += found
    if template is not None:
        models, missing = local_models(template)
        parameters |= {model.parameter: SIMULATED_MODEL for model in models}
        more = missing + endpoint_problems(template)
        problems += marked(template.text, more, str(template.path))
    slos = _slos(options.slo, problems)
    updates = _updates(options, parameters, problems)
    events = collected(lambda: read_events(options.scenario), Events(), problems)
    settings = collected(lambda: read_settings(options.settings), Settings(), problems)
    if traffic is None:
        try:
            traffic = traffic_of(options.source)
        except InvalidInput as invalid:
            problems += invalid.diagnostics
    around: Surroundings | None = None
    start = 0.0
    if template is not None and traffic is not None:
        start = traffic.start if traffic.start > EPOCH_FROM else MONDAY + traffic.start
        try:
            around = surroundings(options.world, template, traffic, options.seed)
        except InvalidInput as invalid:
            problems += invalid.diagnostics
    errors = [each for each in dict.fromkeys(problems) if each.severity is Severity.ERROR]
    if template is None or traffic is None or around is None or errors:
        raise InvalidInput(tuple(errors))
    warnings = (*traffic.warnings, *dict.fromkeys(problems))
    return Prepared(
        template, parameters, traffic, slos, around, updates, start, options.seed, options.region,
        warnings, events, settings,
    )  # fmt: skip


def _slos(text: str, problems: list[Diagnostic]) -> tuple[Slo, ...]:
    try:
        return parse_slos(text)
    except ValueError as error:
        problems.append(Diagnostic(f"--slo: {error}"))
        return ()


def _updates(
    options: Options, parameters: Mapping[str, str], problems: list[Diagnostic]
) -> tuple[Update, ...]:
    if not options.updates and (options.at or options.fail):
        problems.append(Diagnostic("--at and --fail need --update.", action="name a template"))
    found: list[Update] = []
    for text in options.updates:
        when, _, path = text.rpartition("=")
        at, file = when or options.at, Path(path)
        planned = planned_update(file, at, options.fail, parameters, problems, options.region)
        if planned is not None:
            given = planned.parameters(parameters)
            found.append(Update(planned.seconds, planned.template.text, given, planned.fail))
    return tuple(found)
