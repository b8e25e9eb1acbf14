"""Public-style templates: deployed, updated, looked at for drift, and deleted."""

import re
from pathlib import Path

import pytest

from understudy.app.schemas import resource_types
from understudy.base.fault import Fault
from understudy.testing.region import Region

TEMPLATES = sorted((Path(__file__).parents[1] / "templates").glob("*.yaml"))
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
PATIENCE = 600.0


def deployed(region: Region, operation: str, body: str, note: str) -> str:
    """Create or update the stack; its status, with why resources failed."""
    region.call(
        "cloudformation",
        operation,
        StackName="app",
        TemplateBody=body,
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": "Note", "ParameterValue": note}],
    )
    region.advance(PATIENCE)
    (stack,) = region.call("cloudformation", "DescribeStacks", StackName="app")["Stacks"]
    return "\n".join([stack["StackStatus"], *failures(region)])


def failures(region: Region) -> list[str]:
    events = region.call("cloudformation", "DescribeStackEvents", StackName="app")["StackEvents"]
    return [
        f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
        for each in reversed(events)
        if each["ResourceStatus"].endswith("_FAILED")
    ]


def drifts(region: Region) -> list[str]:
    region.call("cloudformation", "DetectStackDrift", StackName="app")
    region.advance(60)
    found = region.call("cloudformation", "DescribeStackResourceDrifts", StackName="app")
    return [
        f"{each['LogicalResourceId']}: {each['PropertyDifferences']}"
        for each in found["StackResourceDrifts"]
        if each["StackResourceDriftStatus"] != "IN_SYNC"
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=[each.stem for each in TEMPLATES])
def test_a_template_is_deployed_updated_in_sync_and_deleted(path: Path) -> None:
    region, body = Region(), path.read_text()
    assert deployed(region, "CreateStack", body, "first") == "CREATE_COMPLETE"
    assert drifts(region) == []
    assert deployed(region, "UpdateStack", body, "second") == "UPDATE_COMPLETE"
    assert drifts(region) == []
    region.call("cloudformation", "DeleteStack", StackName="app")
    region.advance(PATIENCE)
    with pytest.raises(Fault, match="does not exist"):
        region.call("cloudformation", "DescribeStacks", StackName="app")


def test_the_templates_use_every_kept_type_and_sixty_recorded_ones() -> None:
    text = "".join(each.read_text() for each in TEMPLATES)
    used = {*re.findall(r"\bType: (AWS::\w+::\w+)", text)}
    types = resource_types()
    assert len(set(types)) == len(types)
    kept = {name for name, kind in types.items() if kind.fidelity == "kept"}
    assert kept - used == set()
    assert sum(types[name].fidelity == "recorded" for name in used) >= 60
    assert len(TEMPLATES) >= 40
