"""``understudy commit``: what to buy for a demand."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.app.commit import Wish, advise
from understudy.base.arn import DEFAULT_REGION
from understudy.cli.engine import state_folder
from understudy.cli.exits import DONE, complain, guarded, say


def commit(
    *,
    demand: Path | None = None,
    report: Path | None = None,
    stack: str = "",
    cloudwatch: tuple[str, str, str] | None = None,
    instance_type: str = "",
    region: str = DEFAULT_REGION,
    years: int = 1,
    upfront: str = "",
    keep_on_demand: str = "0",
    offering_class: Annotated[str, Parameter(name="--class")] = "standard",
    spot: str = "0",
    settings: Path | None = None,
    samples: int = 200,
    seed: int = 1,
    out: Path | None = None,
    json: bool = False,
    state: Path | None = None,
    endpoint_url: str = "",
) -> int:
    """Find the cheapest mix of reserved, planned, on-demand and spot capacity for a demand.

    Args:
        demand: CSV with the columns hour, instance_type, count and, if you like, region.
        report: Folder of a rehearsal's report; its instances are the demand.
        stack: Stack of a running engine; what its instances did is the demand.
        cloudwatch: Namespace, metric and dimensions (Name=Value,Name=Value) whose hourly average is
            instances, such as AWS/AutoScaling GroupInServiceInstances AutoScalingGroupName=web.
        instance_type: Type of the instances that CloudWatch counts.
        region: Region of rows that name none, and of CloudWatch.
        years: Longest term: 1 or 3.
        upfront: US dollars that may be paid at the start (default: any amount).
        keep_on_demand: Share of the usage that no commitment may cover, such as 0.1.
        offering_class: Class of Reserved Instances: standard or convertible.
        spot: Share of the work that may be interrupted, such as 0.25.
        settings: Commitments that are owned already (default: understudy.toml here, if any).
        samples: How many demands are drawn to see how sure the answer is; 0 for none.
        seed: Makes the samples repeatable.
        out: Folder for commit.html and commit.json.
        json: Print the advice as JSON.
        state: The state folder, for its prices and its engine (default: ~/.local/state/understudy).
        endpoint_url: Engine that the stack is in (default: the one of the state folder), or where
            CloudWatch answers (default: AWS itself).

    """
    wish = Wish(
        state=state_folder(state),
        demand=demand,
        report=report,
        stack=stack,
        cloudwatch=cloudwatch,
        instance_type=instance_type,
        endpoint=endpoint_url,
        region=region,
        years=years,
        upfront=upfront,
        on_demand=keep_on_demand,
        offering_class=offering_class,
        spot=spot,
        samples=samples,
        seed=seed,
        settings=settings,
    )
    return guarded(lambda: _commit(wish, out, as_json=json))


def _commit(wish: Wish, out: Path | None, *, as_json: bool) -> int:
    import msgspec

    from understudy.report.commit import advice_view, document
    from understudy.report.commit_page import write
    from understudy.report.terminal import console, show

    advice = advise(wish)
    complain(advice.warnings)
    written = write(out, advice) if out else ()
    if as_json:
        say(msgspec.json.format(msgspec.json.encode(document(advice)), indent=1).decode())
    else:
        show(console(), advice_view(advice, written))
    return DONE
