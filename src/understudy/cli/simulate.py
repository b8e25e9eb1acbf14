"""``understudy simulate``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.app.simulating import Options, Prepared, prepare
from understudy.app.simulation import simulate as run
from understudy.app.sources import Metric, Source, traffic_of
from understudy.app.worlds import WorldOptions
from understudy.base.arn import DEFAULT_REGION
from understudy.cli.exits import DONE, MISSED, complain, guarded
from understudy.control.outcome import Outcome
from understudy.report import files
from understudy.report.document import encoded
from understudy.report.side_by_side import side_by_side, values
from understudy.report.terminal import console, report, show
from understudy.sim.measures import Measures, measured
from understudy.sim.waiting import waiting

Runs = list[tuple[str, Outcome, Measures]]


def simulate(
    template: Path,
    /,
    *templates: Path,
    traffic: str = "",
    cloudwatch: tuple[str, str, str] | None = None,
    days: float = 14.0,
    endpoint_url: str = "",
    compare: bool = False,
    slo: str = "p99<500ms",
    parameter: Annotated[list[str] | None, Parameter(name=["--parameter", "-p"])] = None,
    world: Annotated[WorldOptions, Parameter(name="*")] = WorldOptions(),  # noqa: B008 - frozen
    update: list[str] | None = None,
    at: str = "",
    fail: str = "",
    window: str = "",
    scale: float = 1.0,
    warp: float = 1.0,
    seed: int = 1,
    region: str = DEFAULT_REGION,
    folder: Annotated[Path | None, Parameter(name="--report")] = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    scenario: Annotated[list[str] | None, Parameter(name="--scenario")] = None,
    settings: Path | None = None,
) -> int:
    """Run templates under traffic in virtual time: every request, and the whole control plane.

    Args:
        template: CloudFormation template with one SageMaker endpoint.
        templates: Further templates, to see the outcomes side by side.
        traffic: CSV of requests per period or of single requests, an access log, report.json, a
            state folder, or a pattern such as 'diurnal(trough=2, peak=20)'; may be gzipped.
        cloudwatch: Namespace, metric and dimensions (Name=Value,Name=Value) whose sum is requests.
        days: How far back CloudWatch is asked; AWS keeps minutes for 15 days.
        endpoint_url: Where CloudWatch answers; AWS itself if it is left out.
        compare: Print the table of measures for a single template too.
        slo: Objectives such as 'p99<500ms' or 'p99<500ms, failed<0.1%'; empty for none.
        parameter: Template parameter as Key=Value; may be repeated.
        world: How the world behaves.
        update: Template to which the stack is updated amid the traffic, also with its time, such
            as 2h=next.yaml; may be repeated.
        at: When it is updated, from the start of the traffic (default: 10m).
        fail: Logical id of a resource that is made to fail in the update, to see the rollback.
        window: Part of the traffic, such as 10m-40m from its start.
        scale: Times as many requests.
        warp: Times as long: 0.5 lets the same requests arrive in half the time.
        seed: Makes arrivals, routing, starts and ids repeatable.
        region: Region of prices and of CloudWatch.
        folder: Folder for report.json and report.html, one in it for each of several templates.
        as_json: Print JSON instead.
        scenario: What happens to capacity: shortage:ml.g5,40m, interruption:g5.xlarge@10m, or a
            TOML file with [[shortage]] and [[interruption]]; may be repeated.
        settings: Capacity, quotas and commitments (default: understudy.toml here, if any).

    """

    def work() -> int:
        metric = Metric(*cloudwatch, days, endpoint_url, region) if cloudwatch else None
        source = Source(traffic, window, scale, warp, metric)
        found = traffic_of(source)
        prepared = [
            prepare(
                Options(
                    path, source, tuple(parameter or ()), slo, world, tuple(update or ()), seed,
                    region, tuple(scenario or ()), settings, at, fail,
                ),
                found,
            )
            for path in (template, *templates)
        ]  # fmt: skip
        complain(dict.fromkeys(each for one in prepared for each in one.warnings))
        runs = [(_name(one, prepared), *_run(one)) for one in prepared]
        _written(runs, folder)
        if as_json:
            print(encoded(values(runs)).decode())
        elif compare or len(runs) > 1:
            show(console(), side_by_side(runs))
        else:
            show(console(), report(runs[0][1], None, None))
        return DONE if all(measures.met for _, _, measures in runs) else MISSED

    return guarded(work)


def _name(one: Prepared, prepared: list[Prepared]) -> str:
    """The shortest name that tells a template from the others."""
    path = one.template.path
    files = [each.template.path.name for each in prepared]
    return path.stem if len(set(files)) == len(files) else f"{path.parent.name}/{path.stem}"


def _run(one: Prepared) -> tuple[Outcome, Measures]:
    outcome = run(one.scenario())
    most = max([outcome.maximum, *(point.in_service for point in outcome.capacity)])
    limits = waiting(one.around.serving, 2 * most, one.seed).limits(one.slos)
    return outcome, measured(outcome, limits)


def _written(runs: Runs, folder: Path | None) -> None:
    if folder is None:
        return
    for name, outcome, _ in runs:
        files.write(folder / name.replace("/", "-") if len(runs) > 1 else folder, outcome)
    (folder / "measures.json").write_bytes(encoded(values(runs)))
