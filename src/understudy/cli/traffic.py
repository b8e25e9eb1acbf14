"""``understudy traffic inspect``."""

from typing import Annotated

from cyclopts import Parameter

from understudy.app.sources import Metric, Source, traffic_of
from understudy.base.arn import DEFAULT_REGION
from understudy.cli.exits import DONE, complain, guarded
from understudy.report import document
from understudy.report.terminal import console, show
from understudy.report.traffic import description, drawn
from understudy.sim.character import character

History = tuple[str, str, str]


def inspect(
    file: str = "",
    /,
    *,
    cloudwatch: History | None = None,
    days: float = 14.0,
    endpoint_url: str = "",
    region: str = DEFAULT_REGION,
    window: str = "",
    scale: float = 1.0,
    warp: float = 1.0,
    startup_delay: float = 240.0,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Show what traffic is like, and which scaling policies can follow it.

    Args:
        file: CSV of requests per period or of single requests, an access log (Application Load
            Balancer, nginx, common), report.json, a state folder, or a pattern such as
            'diurnal(trough=2, peak=20)'; may be gzipped.
        cloudwatch: Namespace, metric and dimensions (Name=Value,Name=Value) whose sum is requests.
        days: How far back CloudWatch is asked; AWS keeps minutes for 15 days.
        endpoint_url: Where CloudWatch answers; AWS itself if it is left out.
        region: Region of CloudWatch.
        window: Part of the traffic, such as 10m-40m from its start.
        scale: Times as many requests.
        warp: Times as long: 0.5 lets the same requests arrive in half the time.
        startup_delay: Seconds from an instance's launch to its service, for the reaction time.
        as_json: Print JSON instead.

    """

    def work() -> int:
        metric = Metric(*cloudwatch, days, endpoint_url, region) if cloudwatch else None
        traffic = traffic_of(Source(file, window, scale, warp, metric))
        complain(traffic.warnings)
        found = character(traffic, startup_delay)
        if as_json:
            print(document.encoded(description(traffic, found)).decode())
        else:
            show(console(), drawn(traffic, found))
        return DONE

    return guarded(work)
