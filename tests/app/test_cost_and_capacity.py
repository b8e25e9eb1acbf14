"""``understudy cost`` and ``understudy capacity`` on a running engine."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import understudy
from understudy.app.capacity import PoolLimit, Reserved, Settings
from understudy.app.client import Client
from understudy.app.config import EngineConfig
from understudy.app.cost import running_client
from understudy.app.launch import EngineProcess
from understudy.cli.capacity import capacity
from understudy.cli.commit import commit
from understudy.cli.cost import cost
from understudy.control.capacity.usage import parts
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

DEADLINE = 60.0
TEMPLATE = Path(understudy.__file__).parents[2] / "examples/stand-in-endpoint/template.yaml"


@pytest.fixture(scope="module")
def state(make_engine: Callable[..., RunningEngine]) -> Path:
    """The state folder of an engine with the stack."""
    engine = make_engine("--speed", "60")
    deploy(Client(engine.endpoint))
    return engine.state


def deploy(client: Client) -> None:
    api = client.cloudformation
    api.create_stack(
        StackName="shop", TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    status(api, "CREATE_COMPLETE")


def status(api: object, wanted: str) -> None:
    def reached() -> bool:
        return api.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"] == wanted

    wait_for(reached, DEADLINE, wanted)


def test_cost_is_told_by_resource(state: Path, capsys: pytest.CaptureFixture[str]):
    assert cost("shop", json=True, state=state) == 0
    told = json.loads(capsys.readouterr().out)
    (endpoint,) = told["resources"]
    assert (endpoint["stack"], endpoint["resource"]) == ("shop", "Endpoint")
    assert endpoint["running"] == {"ml.g5.xlarge": 1.0}
    assert float(endpoint["monthly"]) == pytest.approx(1.4084 * 730)
    seconds = endpoint["hours"]["ml.g5.xlarge"] * 3600
    assert float(endpoint["so_far"]) == pytest.approx(1.4084 * seconds / 3600, abs=1e-6)
    assert "prices without a date" in told["prices"]


def test_cost_of_everything_is_a_table(state: Path, capsys: pytest.CaptureFixture[str]):
    assert cost(all=True, state=state) == 0
    told = capsys.readouterr().out
    assert "shop/Endpoint" in told
    assert "1 ml.g5.xlarge" in told
    assert "on demand" in told


def test_a_stack_that_is_not_there_is_refused(state: Path, capsys: pytest.CaptureFixture[str]):
    assert cost("none", state=state) == 2
    assert "Stack with id none does not exist" in capsys.readouterr().err
    assert cost(state=state) == 2


def test_capacity_is_set_and_shown(state: Path, capsys: pytest.CaptureFixture[str]):
    said = {"limit": ["ml.g5=1", "p4d=2,zone=us-east-1a"], "quota": ["ml.g5.xlarge=3"]}
    assert capacity(**said, state=state) == 0
    told = capsys.readouterr().out
    assert "ml.g5.xlarge for endpoint usage" in told
    client = running_client(state, "")
    hosting = client.service("sagemaker")
    name = hosting.list_endpoints()["Endpoints"][0]["EndpointName"]
    variant = hosting.describe_endpoint(EndpointName=name)["ProductionVariants"][0]["VariantName"]
    wish = [{"VariantName": variant, "DesiredInstanceCount": 2}]
    hosting.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=wish
    )

    def settled() -> dict[str, Any] | None:
        seen = hosting.describe_endpoint(EndpointName=name)
        return seen if seen["EndpointStatus"] == "InService" else None

    seen = wait_for(settled, DEADLINE)
    assert seen is not None
    assert seen["ProductionVariants"][0]["DesiredInstanceCount"] == 1
    assert "InsufficientInstanceCapacity" in seen["FailureReason"]
    assert capacity(lift=["all"], state=state) == 0
    assert "Pools have no limits" in capsys.readouterr().out


def test_bad_limits_are_refused_all_at_once(state: Path, capsys: pytest.CaptureFixture[str]):
    assert capacity(limit=["p4d", "zz9=1"], state=state) == 2
    told = capsys.readouterr().err
    assert "--limit p4d is no limit." in told
    assert capacity(quota=["gpu=1"], state=state) == 2


def test_a_stack_is_a_demand(state: Path, capsys: pytest.CaptureFixture[str]):
    assert commit(stack="shop", samples=0, state=state) == 0
    assert "ml.g5.xlarge in us-east-1: 1.0 instances on average" in capsys.readouterr().out.replace(
        "\n           ", " "
    )


def test_boto3_asks_cost_explorer(state: Path):
    client = running_client(state, "")
    today = datetime.fromtimestamp(client.clock.now(), UTC).date()
    period = {"Start": str(today - timedelta(days=1)), "End": str(today + timedelta(days=1))}
    answer = client.service("ce").get_cost_and_usage(
        TimePeriod=period,
        Granularity="DAILY",
        Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
    )
    (service,) = {tuple(each["Keys"]) for day in answer["ResultsByTime"] for each in day["Groups"]}
    assert service == ("Amazon SageMaker",)


def test_a_metric_of_cloudwatch_is_a_demand(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    client = running_client(state, "")
    now = client.clock.now()
    client.service("cloudwatch").put_metric_data(
        Namespace="app",
        MetricData=[
            {
                "MetricName": "Instances",
                "Dimensions": [{"Name": "Group", "Value": "web"}],
                "Timestamp": now - hours * 3600,
                "Value": 4.0,
            }
            for hours in (1, 2, 3)
        ],
    )
    asked = {"cloudwatch": ("app", "Instances", "Group=web"), "endpoint_url": client.endpoint}
    given = {**asked, "samples": 0, "state": state}
    assert commit(**given, instance_type="m5.large") == 0
    told = capsys.readouterr().out
    assert "3 hours" in told
    assert "4.0 instances on average" in told.replace("\n           ", " ")
    assert commit(**given) == 2
    assert "name it with --instance-type" in capsys.readouterr().err


def test_the_bill_is_of_all_regions_and_says_which_else_there_are(
    state: Path, capsys: pytest.CaptureFixture[str]
):
    here = running_client(state, "")
    elsewhere = running_client(state, "", "us-west-2").service("ec2")
    elsewhere.run_instances(
        ImageId="ami-12345678", InstanceType="g5.xlarge", MinCount=1, MaxCount=1
    )

    def used() -> bool:
        return any(each.region == "us-west-2" and parts(each) for each in here.used_everywhere())

    wait_for(used, DEADLINE, "an instance elsewhere")
    assert cost("shop", json=True, state=state) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["elsewhere"] == ["us-west-2"]
    assert float(told["billed"]) > float(told["so_far"])


def test_settings_are_in_force_from_the_start(tmp_path: Path):
    settings = Settings(
        pools=(PoolLimit(type="p4d", count=1),), reserved=(Reserved(type="m5.large", count=2),)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(understudy.__file__).parents[1]))
        for _ in range(2):  # What is declared again is not owned twice.
            process = EngineProcess(EngineConfig(state=tmp_path, port=0, settings=settings))
            try:
                process.started()
                client = Client(process.endpoint)
                owned = client.service("ec2").describe_reserved_instances()["ReservedInstances"]
                assert [each["InstanceCount"] for each in owned] == [2]
                assert len(client.capacity("DescribeCapacity")["Pools"]) == 1
            finally:
                process.stop()
