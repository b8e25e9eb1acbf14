"""``understudy prices``, with price lists that are served by this machine."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from understudy.app.prices import PLANS, SERVICES
from understudy.cli.prices import lists, refresh, show
from understudy.testing.price_lists import (
    EXAMPLE,
    as_bytes,
    as_csv,
    hosting_product,
    on_demand,
    plan_list,
    service_list,
)

REGION = "eu-north-1"
OF_SERVICES = {
    "AmazonEC2": EXAMPLE,
    "AmazonSageMaker": service_list(
        "AmazonSageMaker",
        [hosting_product("G5", "ml.g5.xlarge")],
        {"G5": on_demand("G5", "1.111")},
        {},
    ),
}
RATES = {
    PLANS[0]: ("ComputeSavingsPlans", ("AmazonEC2", "BoxUsage:m7i.large", "RunInstances", "0.07")),
    PLANS[1]: (
        "MachineLearningSavingsPlans",
        ("AmazonSageMaker", "Host:ml.g5.xlarge", "RunInstance", "0.9"),
    ),
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def keep(folder: Path, path: str, content: object) -> None:
    where = folder / path.lstrip("/")
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def published(folder: Path) -> None:
    """What AWS publishes, at the addresses at which it does; of two services nothing we read."""
    for code in SERVICES:
        url = f"/offers/v1.0/aws/{code}/20261005/{REGION}/index.json"
        index = {"regions": {REGION: {"currentVersionUrl": url}}}
        keep(folder, f"offers/v1.0/aws/{code}/current/region_index.json", index)
        keep(folder, url, as_bytes(OF_SERVICES.get(code, EXAMPLE)))
    for code, (family, rate) in RATES.items():
        url = f"/savingsPlan/v1.0/aws/{code}/20261005/{REGION}/index.json"
        index = {"regions": [{"regionCode": REGION, "versionUrl": url}]}
        keep(folder, f"savingsPlan/v1.0/aws/{code}/current/region_index.json", index)
        keep(folder, url, as_bytes(plan_list(family, [rate])))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "aws"
    published(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_prices_are_refreshed_from_the_offer_index(
    aws: str, state: Path, capsys: pytest.CaptureFixture[str]
):
    assert refresh(region=[REGION], state=state, source=aws) == 0
    assert "AmazonSageMaker eu-north-1: 1 prices, published 2026-10-05." in capsys.readouterr().out
    assert show("ml.g5.xlarge", region=REGION, state=state) == 0
    shown = capsys.readouterr().out
    assert "on demand" in shown
    assert "SageMaker Savings Plan, 1 year, No Upfront" in shown
    assert "prices of 2026-10-05" in shown
    assert lists(state=state) == 0
    assert f"from {aws}/offers/v1.0/aws/AmazonEC2/20261005" in capsys.readouterr().out


def test_prices_are_refreshed_from_files_without_a_network(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "ec2.csv"
    path.write_bytes(as_csv(EXAMPLE))
    assert refresh(from_=[path], state=state) == 0
    assert "ec2: 7 prices, published 2026-10-05." in capsys.readouterr().out


def test_a_region_without_a_list_is_refused(
    aws: str, state: Path, capsys: pytest.CaptureFixture[str]
):
    assert refresh(region=["mars-1"], state=state, source=aws) == 2
    assert "AWS has no price list of AmazonEC2 in 'mars-1'." in capsys.readouterr().err


def test_what_is_not_known_is_said_and_where_it_is(state: Path, capsys: pytest.CaptureFixture[str]):
    assert show("m5.large", region="mars-1", state=state) == 2
    assert "No price of m5.large is known in mars-1; there is one in" in capsys.readouterr().err
    assert show("zz9.large", state=state) == 2
    assert "understudy prices refresh" in capsys.readouterr().err
