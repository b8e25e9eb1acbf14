"""Failures that are ordered, so that a rollback is rehearsed."""

from understudy.app.examples import example
from understudy.deploy.rehearsed_failure import REASON, token
from understudy.testing.region import Region

BODY = example("fargate-inference/template.yaml").read_text()


def settled(region: Region) -> str:
    status = "IN_PROGRESS"
    while status.endswith("IN_PROGRESS"):
        region.advance(5)
        found = region.call("cloudformation", "DescribeStacks", StackName="web")
        status = found["Stacks"][0]["StackStatus"]
    return status


def test_a_resource_fails_after_its_work_and_the_update_is_rolled_back() -> None:
    region = Region()
    stack = {"StackName": "web", "TemplateBody": BODY}
    region.call("cloudformation", "CreateStack", **stack)
    assert settled(region) == "CREATE_COMPLETE"
    before = len(region.plane.ecs.state.definitions)
    larger = [
        {"ParameterKey": "Cpu", "ParameterValue": "1024"},
        {"ParameterKey": "Memory", "ParameterValue": "2048"},
    ]
    ordered = token("Service")
    region.call(
        "cloudformation", "UpdateStack", **stack, Parameters=larger, ClientRequestToken=ordered
    )
    assert settled(region) == "UPDATE_ROLLBACK_COMPLETE"
    events = region.call("cloudformation", "DescribeStackEvents", StackName="web")["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"] == "UPDATE_FAILED"]
    assert [(e["LogicalResourceId"], e["ResourceStatusReason"]) for e in failed] == [
        ("Service", REASON)
    ]
    (service,) = region.plane.ecs.state.services.values()
    assert service.revisions[service.primary.revision].params["taskDefinition"].endswith(":1")
    active = [d for d in region.plane.ecs.state.definitions.values() if d.status == "ACTIVE"]
    assert len(active) == before


def test_a_resource_that_is_made_to_fail_goes_with_its_stack() -> None:
    region = Region()
    region.call(
        "cloudformation",
        "CreateStack",
        StackName="web",
        TemplateBody=BODY,
        ClientRequestToken=token("Service"),
    )
    assert settled(region) == "ROLLBACK_COMPLETE"
    assert [each.status for each in region.plane.ecs.state.services.values()] == ["INACTIVE"]
    assert region.plane.elbv2.state.load_balancers == {}
