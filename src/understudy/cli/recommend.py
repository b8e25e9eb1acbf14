"""``understudy recommend``."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from understudy.app.applying import Place, apply
from understudy.app.recommending import Answer, Choices, Watching
from understudy.app.recommending import recommend as search
from understudy.app.simulating import Options, prepare
from understudy.app.sources import Metric, Source
from understudy.app.worlds import WorldOptions
from understudy.base.arn import DEFAULT_REGION
from understudy.cli.audience import TerminalAudience
from understudy.cli.exits import DONE, MISSED, complain, guarded
from understudy.report.document import encoded
from understudy.report.recommendation import headline, terminal
from understudy.report.recommendation_page import page
from understudy.report.terminal import console, show


def recommend(
    template: Path,
    /,
    *,
    traffic: str = "",
    slo: list[str] | None = None,
    cloudwatch: tuple[str, str, str] | None = None,
    days: float = 14.0,
    instance_types: list[str] | None = None,
    min_instances: int = 1,
    max_instances: int = 0,
    parameter: Annotated[list[str] | None, Parameter(name=["--parameter", "-p"])] = None,
    world: Annotated[WorldOptions, Parameter(name="*")] = WorldOptions(),  # noqa: B008 - frozen
    window: str = "",
    scale: float = 1.0,
    warp: float = 1.0,
    candidates: int = 160,
    workers: int = 0,
    ray: str = "",
    sweep: Path | None = None,
    seed: int = 1,
    region: str = DEFAULT_REGION,
    folder: Annotated[Path, Parameter(name="--report")] = Path("recommendation"),
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    apply_it: Annotated[bool, Parameter(name="--apply")] = False,
    endpoint_url: str = "",
    stack_name: str = "",
    scenario: Annotated[list[str] | None, Parameter(name="--scenario")] = None,
    settings: Path | None = None,
) -> int:
    """Search for the policy, size and purchase that meet the objectives for least money.

    Args:
        template: CloudFormation template with one SageMaker endpoint, or with one ECS service or
            Auto Scaling group behind a load balancer.
        traffic: CSV of requests per period or of single requests, an access log, report.json, a
            state folder, or a pattern such as 'diurnal(trough=2, peak=20, duration=7d)'.
        slo: Objectives such as 'p99<500ms'; may be repeated. Default: p99<500ms.
        cloudwatch: Namespace, metric and dimensions (Name=Value,Name=Value) whose sum is requests.
        days: How far back CloudWatch is asked; AWS keeps minutes for 15 days.
        instance_types: Further types that may be chosen, each with what was measured on it or how
            long a request takes: ml.c5.xlarge=calibration.json, 't3.medium=80ms; concurrency=2'; of
            tasks CPU units and MiB, 1024/2048=80ms.
        min_instances: Fewest instances or tasks (AWS: MinCapacity, MinSize; at least 1 for an
            endpoint variant).
        max_instances: Most instances or tasks (AWS: MaxCapacity, MaxSize); 0 for four times the
            template's.
        parameter: Template parameter as Key=Value; may be repeated.
        world: How the world behaves.
        window: Part of the traffic, such as 10m-40m from its start.
        scale: Times as many requests.
        warp: Times as long: 0.5 lets the same requests arrive in half the time.
        candidates: How many of each family are tried.
        workers: Threads of this machine, or processes behind a load balancer; 0 for one on each
            core.
        ray: Address of a Ray cluster to search on, such as 127.0.0.1:6379.
        sweep: File that remembers results: an interrupted search goes on from it.
        seed: Makes the search, arrivals, starts and ids repeatable.
        region: Region of prices and of CloudWatch.
        folder: Folder for recommendation.json, recommendation.html and the new template.
        as_json: Print JSON instead.
        apply_it: Deploy the new template to the stack of a running engine.
        endpoint_url: Where the engine answers, for --apply, or CloudWatch, for --cloudwatch.
        stack_name: The stack to apply it to (default: the template's folder).
        scenario: What happens to capacity: shortage:ml.g5,40m, or a TOML file with [[shortage]];
            may be repeated.
        settings: Capacity, quotas and commitments (default: understudy.toml here, if any).

    """

    def work() -> int:
        metric = Metric(*cloudwatch, days, endpoint_url, region) if cloudwatch else None
        source = Source(traffic, window, scale, warp, metric)
        objectives = ",".join(slo or ["p99<500ms"])
        parameters = tuple(parameter or ())
        prepared = prepare(
            Options(
                template,
                source,
                parameters,
                objectives,
                world,
                (),
                seed,
                region,
                tuple(scenario or ()),
                settings,
            )
        )
        complain(prepared.warnings)
        choices = Choices(
            tuple(instance_types or ()),
            min_instances,
            max_instances,
            candidates,
            sweep,
            ray,
            workers,
        )
        with _Watch() as watch:
            answer = search(prepared, choices, Watching(watch.more, watch.say))
        written = write(folder, answer)
        if as_json:
            print(encoded(msgspec.to_builtins(answer)).decode())
        else:
            show(console(), terminal(answer, written))
        if apply_it:
            place = Place(endpoint_url, stack_name or prepared.stack_name, parameters)
            apply(place, answer.patch, TerminalAudience(console()))
        return DONE if answer.found.chosen.unseen.met else MISSED

    return guarded(work)


class _Watch:
    """How far the search is, on a terminal; nothing is shown in a log."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.completed:,} runs"),
            TimeElapsedColumn(),
            transient=True,
            disable=not console().is_terminal,
        )
        self._task = self._progress.add_task("searching", total=None)

    def __enter__(self) -> "_Watch":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def more(self, count: int) -> None:
        """So many more runs are done."""
        self._progress.update(self._task, advance=count)

    def say(self, text: str) -> None:
        """What is being done now."""
        self._progress.update(self._task, description=text)


def write(folder: Path, answer: Answer) -> tuple[str, ...]:
    """Write the recommendation as values, as a page and as a template; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = (
        folder / "recommendation.json",
        folder / "recommendation.html",
        folder / Path(answer.template).name,
    )
    values = {"schema": "understudy.recommendation/1", "headline": headline(answer)}
    paths[0].write_bytes(encoded({**values, **msgspec.to_builtins(answer)}))
    paths[1].write_text(page(answer), encoding="utf-8")
    paths[2].write_text(answer.patch, encoding="utf-8")
    return tuple(map(str, paths))
