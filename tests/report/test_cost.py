"""The cost of a stack, as the terminal shows it."""

from decimal import Decimal

from rich.console import Console

from understudy.app.cost import CostReport, ResourceCost
from understudy.report.cost import cost_view


def test_data_counts_in_gigabytes_and_what_hardly_runs_is_not_shown():
    endpoint = ResourceCost(
        stack="s",
        resource="Endpoint",
        service="sagemaker",
        running={"ServerlessInf:Mem-3GB": 0.00001, "ProvisionedConcurrency:Usage-3GB": 1.0},
        hours={"ServerlessInf:Mem-3GB": 0.5, "Data-Bytes-In": 0.25},
        so_far=Decimal("0.108"),
        monthly=None,
    )
    report = CostReport(
        at="2026-11-22T00:00:00Z",
        region="us-east-1",
        resources=(endpoint,),
        so_far=Decimal("0.108"),
        monthly=None,
        billed=None,
        fees=Decimal(0),
        unused=Decimal(0),
        activities=(),
        prices="prices without a date",
        sources=(),
        elsewhere=("eu-west-1",),
    )
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(cost_view(report, "s"))
    told = captured.get()
    assert "0.500 h, 0.250 GB" in told
    assert "1 ProvisionedConcurrency:Usage-3GB" in told
    assert "1e-05" not in told
    assert "Used beside it: eu-west-1" in told
