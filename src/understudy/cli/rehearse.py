"""``understudy rehearse`` and ``understudy demo``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.app.examples import example
from understudy.app.interrupts import Interrupts
from understudy.app.preflight import Options, prepare
from understudy.app.rehearsal import Rehearsal
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cli.audience import TerminalAudience
from understudy.cli.exits import DONE, MISSED, complain, guarded
from understudy.report import files
from understudy.report.terminal import console, report, show


def rehearse(
    template: Path,
    /,
    *,
    traffic: str,
    speed: float = 60.0,
    report: Annotated[Path, Parameter(name="--report")] = Path("rehearsal"),
    parameter: Annotated[list[str] | None, Parameter(name=["--parameter", "-p"])] = None,
    slo: str = "p99<500ms",
    load: str = "",
    window: str = "",
    scale: float = 1.0,
    warp: float = 1.0,
    payload: Path | None = None,
    stack_name: str = "",
    startup_delay: float = 240.0,
    seed: int = 1,
    update: Path | None = None,
    at: str = "",
    fail: str = "",
    endpoint_url: str = "",
    allow_host: str | None = None,
    keep: bool = False,
    running: bool = False,
    scenario: Annotated[list[str] | None, Parameter(name="--scenario")] = None,
    settings: Path | None = None,
) -> int:
    """Deploy a template, drive traffic at its endpoint, watch it scale, report, clean up.

    Args:
        template: CloudFormation template with one SageMaker endpoint, or one load balancer.
        traffic: CSV of requests per period or of single requests, an access log, report.json, a
            state folder, or a pattern such as 'diurnal(trough=2, peak=20)'; may be gzipped.
        speed: World seconds per real second.
        report: Folder for report.json and report.html.
        parameter: Template parameter as Key=Value; may be repeated.
        slo: Objectives such as 'p99<500ms' or 'p99<500ms, failed<0.1%'; empty for none.
        load: sampled (requests at the traffic's own rate, each standing for several) or dilated
            (every request, faster). Default: dilated for stand-ins, sampled for real models.
        window: Part of the traffic, such as 10m-40m from its start.
        scale: Times as many requests.
        warp: Times as long: 0.5 lets the same requests arrive in half the time.
        payload: What every request sends (default: payload.json or .csv beside the template).
        stack_name: Name of the stack (default: the template's folder).
        startup_delay: Least seconds of world time from an instance's launch to its service. AWS
            takes minutes: reported are 3 to 15; 0 is as fast as it goes here.
        seed: Makes arrivals, routing and ids repeatable.
        update: Template to which the stack is updated amid the traffic, to see what users feel.
        at: When, from the start of the traffic (default: 10m).
        fail: Logical id of a resource that is made to fail in the update, to see the rollback.
        endpoint_url: Use the engine that runs there instead of starting one.
        allow_host: Name the host of an endpoint that is not local to allow deleting there.
        keep: Leave stack and engine running.
        running: Send the traffic to the stack that runs at --endpoint-url with this template
            already; it is neither deployed nor deleted.
        scenario: What happens to capacity: shortage:ml.g5,40m, interruption:g5.xlarge@10m, or a
            TOML file with [[shortage]] and [[interruption]]; may be repeated.
        settings: Capacity, quotas and commitments (default: understudy.toml here, if any).

    """
    options = Options(
        template=template,
        traffic=traffic,
        parameters=tuple(parameter or ()),
        speed=speed,
        slo=slo,
        load=load,
        window=window,
        scale=scale,
        warp=warp,
        payload=payload,
        stack_name=stack_name,
        seed=seed,
        startup_delay=startup_delay,
        scenario=tuple(scenario or ()),
        settings=settings,
        update=update,
        at=at,
        fail=fail,
    )

    def work() -> int:
        if running and not endpoint_url:
            action = "name the engine that it runs on with --endpoint-url"
            raise InvalidInput((Diagnostic("--running needs a running engine.", action=action),))
        return run(
            options,
            report,
            endpoint=endpoint_url,
            allow_host=allow_host,
            keep=keep,
            running=running,
        )

    return guarded(work)


def demo(
    *,
    speed: float = 60.0,
    report: Path = Path("rehearsal"),
    keep: bool = False,
) -> int:
    """Rehearse the bundled example: a digits classifier under a lunch rush.

    Args:
        speed: World seconds per real second.
        report: Folder for report.json and report.html.
        keep: Leave stack and engine running.

    """

    def work() -> int:
        options = Options(
            template=example("digits-endpoint/template.yaml"),
            traffic=example("traffic/lunch-rush.csv"),
            speed=speed,
            slo="p99<500ms",
            startup_delay=240.0,
        )
        return run(options, report, endpoint="", allow_host=None, keep=keep)

    return guarded(work)


def run(
    options: Options,
    folder: Path,
    *,
    endpoint: str,
    allow_host: str | None,
    keep: bool,
    running: bool = False,
) -> int:
    """Run a rehearsal and report it. Raises InvalidInput, Failed and Interrupted."""
    prepared = prepare(options)
    complain(prepared.warnings)
    audience = TerminalAudience(console())
    try:
        with (
            Interrupts() as interrupts,
            Rehearsal(
                options,
                prepared,
                audience,
                interrupts,
                folder,
                endpoint=endpoint,
                allowed_host=allow_host,
                keep=keep,
                running=running,
            ) as rehearsal,
        ):
            result = rehearsal.run()
            written = files.write(folder, result.live, result.simulated, result.difference)
    finally:
        audience.close()
    show(console(), report(result.live, result.simulated, result.difference, written))
    missed = [each for each in result.live.requests.attainments if not each.met]
    return MISSED if missed else DONE
