"""Dynamic references in stacks: resolved when a resource is made or changed, and nowhere else.

AWS: Get values stored in other services using dynamic references.
"""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing

PLAIN = "{{resolve:ssm:/plain}}"


@pytest.fixture(autouse=True)
def stored(services: Services) -> None:
    put(services, "one")
    services.ask("ssm", "PutParameter", Name="/hidden", Value="deep", Type="SecureString")
    secret = '{"user": "ada", "password": "s3cret"}'
    services.ask("secretsmanager", "CreateSecret", Name="db", SecretString=secret)


def put(services: Services, value: str) -> None:
    services.ask("ssm", "PutParameter", Name="/plain", Value=value, Type="String", Overwrite=True)


def needs(real: StackStory, services: Services) -> Any:
    return services.things.things[real.physical("A")]["Needs"]


TEXTS = {
    "a parameter": (PLAIN, "one"),
    "a version of it": ("{{resolve:ssm:/plain:1}}", "one"),
    "a secret": (
        "{{resolve:secretsmanager:db}}",
        '{"user": "ada", "password": "s3cret"}',
    ),
    "a key of it": ("{{resolve:secretsmanager:db:SecretString:password}}", "s3cret"),
    "its current stage": (
        "{{resolve:secretsmanager:db:SecretString:user:AWSCURRENT}}",
        "ada",
    ),
    "two in one text": ("a-" + PLAIN + "-" + PLAIN, "a-one-one"),
    "what is put together": ({"Fn::Sub": "{{resolve:ssm:/${Name}}}"}, "one"),
    "what is joined": ({"Fn::Join": ["", ["{{resolve:ssm:", "/plain", "}}"]]}, "one"),
}


@pytest.mark.parametrize(("written", "value"), TEXTS.values(), ids=TEXTS)
def test_a_reference_is_resolved_after_the_functions_around_it(
    real: StackStory, services: Services, written: Any, value: str
) -> None:
    sections = {"Parameters": {"Name": {"Type": "String", "Default": "plain"}}}
    assert real.create({"A": thing(Needs=written)}, sections=sections) == "CREATE_COMPLETE"
    assert needs(real, services) == value


def test_the_latest_version_is_taken_when_the_resource_is_made_and_again_when_it_changes(
    real: StackStory, services: Services
) -> None:
    real.create({"A": thing(Needs=PLAIN)})
    put(services, "two")
    with pytest.raises(Fault, match="No updates are to be performed"):
        real.update({"A": thing(Needs=PLAIN)})
    assert needs(real, services) == "one"
    assert real.update({"A": thing(Needs=PLAIN, Size=2)}) == "UPDATE_COMPLETE"
    assert needs(real, services) == "two"


def test_metadata_and_outputs_show_the_reference_itself(
    real: StackStory, services: Services
) -> None:
    resources = {"A": thing(_Metadata={"Says": PLAIN})}
    real.create(resources, sections={"Outputs": {"Out": {"Value": PLAIN}}})
    assert real.described["Outputs"][0]["OutputValue"] == PLAIN
    detail = real.ask("DescribeStackResource", LogicalResourceId="A")["StackResourceDetail"]
    assert PLAIN in detail["Metadata"]


def test_events_do_not_show_what_a_reference_comes_to(real: StackStory, services: Services) -> None:
    real.create({"A": thing(Needs="{{resolve:secretsmanager:db:SecretString:password}}")})
    assert "s3cret" not in str(real.all_events())


@pytest.mark.parametrize(
    ("reference", "service"),
    [("ssm-secure:/hidden:1", "SSM Secure"), ("secretsmanager:db", "Secrets Manager")],
)
def test_a_custom_resource_is_not_given_a_secret(
    real: StackStory, reference: str, service: str
) -> None:
    properties: Params = {"ServiceToken": "arn", "Secret": f"{{{{resolve:{reference}}}}}"}
    body = template({"C": {"Type": "Custom::It", "Properties": properties}})
    refused = message(real.account, "CreateStack", StackName="app", TemplateBody=body)
    assert refused.startswith(f"ValidationError: {service} reference is not supported in")


def test_a_reference_to_nothing_fails_its_resource(real: StackStory) -> None:
    assert real.create({"A": thing(Needs="{{resolve:ssm:/nothing}}")}) == "ROLLBACK_COMPLETE"
    assert any("A CREATE_FAILED" in line and "/nothing" in line for line in real.events())
