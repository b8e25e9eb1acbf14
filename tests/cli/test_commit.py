"""``understudy commit`` from a file and from a report."""

import json
from pathlib import Path

import pytest

from understudy.cli.commit import commit

HEADER = "hour,instance_type,count\n"


@pytest.fixture
def demand(tmp_path: Path) -> Path:
    path = tmp_path / "demand.csv"
    rows = [f"{hour * 3600},m5.large,{10 if hour % 24 < 12 else 4}" for hour in range(24 * 7)]
    path.write_text(HEADER + "\n".join(rows))
    return path


def test_the_ways_to_buy_are_compared(
    demand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    assert commit(demand=demand, spot="0.25", samples=10, out=out, state=tmp_path / "s") == 0
    told = capsys.readouterr()
    assert "m5.large in us-east-1" in told.out
    for name in ("all on demand", "all reserved", "best mix", "best mix with spot"):
        assert name in told.out
    assert "No purchase costs less by more than" in told.out
    assert "warning: The standard reserved, 1 year, All Upfront price of m5.large" in told.err
    page = (out / "commit.html").read_text()
    assert page.count("<svg") == 9  # Patterns, and four charts for two widths.
    data = json.loads((out / "commit.json").read_text())
    assert [each["name"] for each in data["ways"]][2] == "best mix"
    assert data["ways"][2]["gap"] <= 1e-9


def test_json_is_printed_alone(demand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert commit(demand=demand, samples=0, json=True, state=tmp_path / "s") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["samples"] is None
    on_demand, best = data["ways"][0], data["ways"][2]
    assert on_demand["monthly_usd"] == "490.560000"  # 7 x 0.096 x 730.
    assert float(best["usd"]) < float(on_demand["usd"])


def test_a_report_of_a_rehearsal_is_a_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    point = {"desired": 2, "pending": 0, "terminating": 0}
    report = {
        "instance_type": "ml.m5.large",
        "region": "us-east-1",
        "duration_seconds": 5400.0,
        "capacity": [
            {"seconds": 0.0, "in_service": 1, **point},
            {"seconds": 3600.0, "in_service": 2, **point},
        ],
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert commit(report=tmp_path, samples=0, state=tmp_path / "s") == 0
    told = capsys.readouterr().out
    assert "2 hours of ml.m5.large in us-east-1: 1.5 instances on average" in told.replace(
        "\n", " "
    )
    assert "SageMaker Savings Plans only" in told.replace("\n", " ")
    assert "Buy nothing: on demand is cheapest." in told


def test_owned_commitments_count(demand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    owned = tmp_path / "understudy.toml"
    owned.write_text('[[commitments.reserved]]\ntype = "m5.large"\ncount = 4\n')
    commit(demand=demand, samples=0, json=True, state=tmp_path / "s", settings=owned)
    with_owned = json.loads(capsys.readouterr().out)
    fixed = float(with_owned["ways"][0]["fixed_usd"])
    assert fixed == pytest.approx(4 * 0.061 * 168)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({}, "One source of demand is needed.", id="no demand"),
        pytest.param(
            {"stack": "s", "years": 2}, "--years 2: terms are of 1 or 3 years.", id="a strange term"
        ),
        pytest.param({"stack": "s", "spot": "2"}, "--spot 2 is no share.", id="more than all"),
        pytest.param(
            {"stack": "s", "upfront": "some"}, "--upfront some is no number", id="no amount"
        ),
        pytest.param({"stack": "s"}, "No engine runs on", id="no engine"),
        pytest.param({"demand": Path("/nowhere.csv")}, "No such file", id="no file"),
    ],
)
def test_bad_input_is_refused(
    given: dict[str, object],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    assert commit(**given, state=tmp_path / "s") == 2
    assert told in capsys.readouterr().err


def test_rows_that_are_wrong_are_all_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "d.csv"
    path.write_text(HEADER + "0,m5.large,-1\nsoon,m5.large,1\n")
    assert commit(demand=path, state=tmp_path / "s") == 2
    told = capsys.readouterr().err
    assert f"{path}:2:1: error: Row 2: the count -1 is negative." in told
    assert f"{path}:3:1: error: Row 3: 'soon' is no full hour." in told
