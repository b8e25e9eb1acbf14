"""A recommendation for a template: what is searched, what it leads to, and how it is applied."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import Struct

from understudy.app.calibrations import load
from understudy.app.exact_search import Body, ExactLane, Place
from understudy.app.scaled import Scaled, scaled
from understudy.app.scenarios import later, pools_of
from understudy.app.simulating import SIMULATED_MODEL, Prepared
from understudy.app.simulation import deployed, simulate
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.service_time import ServiceTime, parse_service_time
from understudy.control.events import Params
from understudy.control.subjects import NoSubject
from understudy.pricing.catalogue import offers_in
from understudy.pricing.fargate import size_name, size_offers
from understudy.recommend.forecasts import expected, hourly
from understudy.recommend.patch import NotPatchable, difference, patched
from understudy.recommend.purchase import PurchaseMix, purchase_mix
from understudy.recommend.recommendation import (
    Option,
    Problem,
    Recommendation,
    Search,
)
from understudy.recommend.sifting import Sifting, with_warmed
from understudy.recommend.sweep import Cores, Sweep, Workers
from understudy.recommend.terms import SERVICE, VARIANT, Terms
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Setting
from understudy.sim.measures import Measures, measured
from understudy.sim.service_time import Empirical
from understudy.sim.serving import Serving, serving_of
from understudy.sim.traffic import Traffic

LEAST_HOURS = 2.0
MOST_INSTANCES = 64
TASK_SIZE = re.compile(r"(\d+)/(\d+)")
CHECKED_REQUESTS = 20_000_000
"""The exact lane checks the choice where the unseen part has no more requests than this."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be searched.

    ``instance_types`` are written ``ml.c5.xlarge=calibration.json`` or ``t3.medium=80ms``, sizes of
    tasks ``1024/2048=80ms``: CPU units and MiB.

    ``most`` is the most instances, 0 for four times what the template allows; ``tries`` how many
    candidates of each family; ``sweep`` a file to remember results in, to go on from after an
    interruption.
    """

    instance_types: tuple[str, ...] = ()
    least: int = 1
    most: int = 0
    tries: int = 160
    sweep: Path | None = None
    ray: str = ""
    workers: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """A recommendation with what it leads to.

    ``exact`` are the measures of the chosen policy on the unseen part in the exact lane: every
    request, and the whole control plane; ``exact_current`` those of the template as it is. Both are
    None where all figures are of that lane.
    ``changes`` are the resource changes of its change set.
    """

    found: Recommendation
    instance_type: str
    region: str
    template: str
    patch: str
    diff: str
    changes: tuple[Params, ...]
    purchase: PurchaseMix | None
    exact: Measures | None
    exact_current: Measures | None
    told: str


@dataclass(frozen=True, slots=True)
class Watching:
    """Who is told how far the search is."""

    progress: Callable[[int], None] = field(default=lambda _: None)
    say: Callable[[str], None] = field(default=lambda _: None)


def recommend(prepared: Prepared, choices: Choices, watching: Watching) -> Answer:
    """Search, choose, judge, check and write the patch. Raises InvalidInput and Failed."""
    _refuse(prepared)
    now = _scaled(prepared)
    problem = Problem(
        tuple(options_of(prepared, choices, now)),
        now.candidate,
        prepared.slos,
        choices.least,
        choices.tries,
        prepared.seed,
        now.terms,
    )
    search = Search(problem)
    watching.say(
        f"Tables for {', '.join(each.instance_type for each in problem.options)} are made."
    )
    if now.terms == VARIANT:
        workers = _workers(search.settings, choices)
        found = search.run(Sweep(workers, _stamp(prepared), choices.sweep, watching.progress))
    else:
        found = _sifted(prepared, choices, search, watching)
    settings = {each.instance_type: each.setting for each in problem.options}
    return _answer(prepared, found, watching, settings)


def _stamp(prepared: Prepared) -> str:
    """What a remembered result depends on beside its job."""
    traffic, around = prepared.traffic, prepared.around
    given = (
        traffic.name,
        traffic.total,
        prepared.slos,
        prepared.seed,
        pools_of(prepared.settings, prepared.events, 0.0),
        prepared.template.text,
        prepared.parameters,
        around.told,
        around.world,
        around.publication,
    )
    return "|".join(map(str, given))


def _sifted(
    prepared: Prepared, choices: Choices, search: Search, watching: Watching
) -> Recommendation:
    """The search for a service or group: sifted by the compiled lane, run in the exact one."""
    terms, stamp = search.problem.terms, _stamp(prepared)
    capacities = {name: room.capacity for name, room in search.rooms.items()}
    workers = _workers(with_warmed(search.settings), choices)
    loads = {name: _forecast(prepared, each) for name, each in search.settings.items()}
    sifting = Sifting(workers, terms, capacities, loads)
    places = {name: _place(prepared, each) for name, each in search.settings.items()}
    with ExactLane(places, _bodies(prepared, search), choices.workers) as exact:
        return search.run(
            Sweep(sifting, stamp, choices.sweep, watching.progress),
            Sweep(exact, f"exact|{stamp}", choices.sweep, watching.progress),
        )


def _forecast(prepared: Prepared, setting: Setting) -> dict[int, float]:
    """The requests that predictive scaling expects in each hour of a setting."""
    parts = ((prepared.start_at, _past(prepared, setting)), (setting.start, setting.traffic))
    load = hourly([(start, each) for start, each in parts if each.duration])
    return expected(load, setting.start, setting.start + setting.traffic.duration)


def _past(prepared: Prepared, setting: Setting) -> Traffic:
    """The traffic before that of a setting, nothing for the first part."""
    return prepared.traffic.window(0.0, setting.start - prepared.start_at)


def _place(prepared: Prepared, setting: Setting) -> Place:
    """A setting as the exact lane has it."""
    events = later(prepared.events, setting.start - prepared.start_at)
    world = replace(prepared.around.world, start_up=setting.start_up)
    around = replace(prepared.around, serving=setting.serving, world=world)
    part = replace(
        prepared, traffic=setting.sent(), start_at=setting.start, events=events, around=around
    )
    past = _past(prepared, setting)
    scenario = replace(part.scenario(), past=past if past.duration else None)
    return Place(scenario, setting.limits)


def _bodies(prepared: Prepared, search: Search) -> Body:
    """The template for a candidate: as it is for what scales it now, else patched."""
    text, own = prepared.template.text, prepared.around.instance_type

    def body(kind: str, candidate: Candidate) -> str:
        if candidate == search.problem.current and kind == own:
            return text
        return _patched(prepared, candidate, kind)

    return body


def _patched(prepared: Prepared, candidate: Candidate, kind: str) -> str:
    other = kind if kind != prepared.around.instance_type else ""
    try:
        return patched(prepared.template.text, candidate, other)
    except NotPatchable as error:
        problem = Diagnostic(f"{prepared.template.path}: {error}.")
        raise InvalidInput((problem,)) from error


def _workers(settings: Mapping[str, Setting], choices: Choices) -> Workers:
    if choices.ray:
        from understudy.recommend.cluster import Cluster

        return Cluster(settings, choices.ray)
    return Cores(settings, choices.workers)


def _refuse(prepared: Prepared) -> None:
    problems: list[Diagnostic] = []
    if not prepared.slos:
        action = "say what has to hold, such as --slo 'p99<500ms'"
        problems.append(Diagnostic("Without an objective nothing is the cheapest.", action=action))
    if prepared.traffic.duration < LEAST_HOURS * 3600:
        problems.append(
            Diagnostic(
                f"{prepared.traffic.name} is shorter than two hours.",
                action="give more traffic: one part is tuned on, another judged on",
            )
        )
    if problems:
        raise InvalidInput(tuple(problems))


def _scaled(prepared: Prepared) -> Scaled:
    """What the template deploys to scale, as it stands when traffic begins."""
    scenario = prepared.scenario()
    world, _ = deployed(scenario)
    world.run(scenario.start_at)
    try:
        return scaled(world.engine.region(scenario.region).plane)
    except NoSubject as nothing:
        raise InvalidInput((Diagnostic(str(nothing)),)) from nothing


def options_of(prepared: Prepared, choices: Choices, now: Scaled) -> list[Option]:
    """The type that the template has, and the others that may be chosen. Raises InvalidInput."""
    around, current = prepared.around, now.candidate
    most = choices.most or min(4 * max(current.maximum, 2), MOST_INSTANCES)
    options = [_option(prepared, around.instance_type, around.serving, max(most, current.maximum))]
    for text in choices.instance_types:
        name, equals, told = text.partition("=")
        kind = _kind(name, now.terms)
        if kind == around.instance_type:
            continue
        if not equals:
            action = f"write {name}=calibration.json, measured there, or {name}=80ms"
            raise InvalidInput(
                (Diagnostic(f"How fast the model is on {name} is not known.", action=action),)
            )
        served_there = serving_of(_service_time(told))
        own = replace(
            around.serving,
            service_time=served_there.service_time,
            concurrency=served_there.concurrency,
        )
        options.append(_option(prepared, kind, own, most))
    return options


def _kind(name: str, terms: Terms) -> str:
    """An instance type as it is listed; of tasks their CPU units and MiB, ``1024/2048``."""
    if terms != SERVICE:
        return name
    size = TASK_SIZE.fullmatch(name)
    if size is None:
        action = "write CPU units and MiB, such as 1024/2048=80ms"
        raise InvalidInput((Diagnostic(f"{name!r} is no size of a task.", action=action),))
    return size_name(int(size[1]), int(size[2]))


def _service_time(told: str) -> ServiceTime | Empirical:
    """How a model serves: as a calibration says, or in words."""
    if Path(told).suffix == ".json" or Path(told).is_file():
        return load(Path(told)).service_time
    try:
        return parse_service_time(told)
    except ValueError as error:
        raise InvalidInput((Diagnostic(f"--instance-types: {error}"),)) from error


def _option(prepared: Prepared, kind: str, serving: Serving, most: int) -> Option:
    around = prepared.around
    offers = offers_in(prepared.region)
    offer = (offers | size_offers([kind], offers)).get(kind)
    setting = Setting(
        prepared.traffic,
        serving,
        around.started(kind),
        prepared.slos,
        prepared.start_at,
        most,
        float(offer.hourly) if offer else 0.0,
        around.publication,
        pools_of(prepared.settings, prepared.events, prepared.start_at),
        instance_type=kind,
        seed=prepared.seed,
    )
    return Option(kind, setting)


def _answer(
    prepared: Prepared, found: Recommendation, watching: Watching, settings: Mapping[str, Setting]
) -> Answer:
    chosen, text = found.chosen, prepared.template.text
    kind = chosen.instance_type
    patch = text
    if found.current is None or chosen.candidate != found.current.candidate:
        patch = _patched(prepared, chosen.candidate, kind)
    unseen = _unseen(prepared, found)
    watching.say("The choice is checked in the exact lane.")
    exact = None if found.exact else _exact(prepared, unseen, patch, settings[kind])
    current = None if found.exact else found.current
    now = _exact(prepared, unseen, text, settings[current.instance_type]) if current else None
    curve = chosen.curve
    begin = prepared.start_at + found.tuning_hours * 3600
    mix = purchase_mix(curve, found.unseen_hours, kind, prepared.region, begin) if curve else None
    return Answer(
        found=found,
        instance_type=kind,
        region=prepared.region,
        template=str(prepared.template.path),
        patch=patch,
        diff=difference(text, patch, prepared.template.path.name),
        changes=change_set(prepared, patch),
        purchase=mix,
        exact=exact,
        exact_current=now,
        told=prepared.around.told,
    )


def _unseen(prepared: Prepared, found: Recommendation) -> Traffic:
    begin = found.tuning_hours * 3600
    return prepared.traffic.window(begin, prepared.traffic.duration)


def _exact(prepared: Prepared, unseen: Traffic, body: str, setting: Setting) -> Measures | None:
    """The unseen part request by request through the whole control plane, on a type's terms."""
    if unseen.total > CHECKED_REQUESTS:
        return None
    start = prepared.start_at + prepared.traffic.duration - unseen.duration
    place = _place(prepared, replace(setting, traffic=unseen, start=start))
    run = simulate(replace(place.scenario, body=body))
    most = max([run.maximum, *(point.in_service for point in run.capacity)])
    return measured(run, replace(setting, most=2 * most).limits)


def change_set(prepared: Prepared, body: str) -> tuple[Params, ...]:
    """The resource changes that CloudFormation would make for a new body of the stack."""
    scenario = prepared.scenario()
    world, _ = deployed(scenario)
    name = {"StackName": scenario.stack_name, "ChangeSetName": "recommendation"}
    world.call(
        "cloudformation",
        "CreateChangeSet",
        {
            **name,
            "TemplateBody": body,
            "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                {"ParameterKey": key, "UsePreviousValue": True} for key in scenario.parameters
            ],
        },
    )
    world.run(world.now + 60)
    described = world.query(
        "cloudformation", "DescribeChangeSet", {**name, "IncludePropertyValues": True}
    )
    return tuple(each["ResourceChange"] for each in described.get("Changes", ()))


__all__ = ["SIMULATED_MODEL", "Answer", "Choices", "Watching", "recommend"]
