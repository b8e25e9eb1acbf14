"""Warnings of counts that an update sets back."""

from typing import Any

import pytest

from understudy.cloudformation.set_back import set_back
from understudy.testing.stacks import template_of

SCALED = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget"}


def warnings(resources: dict[str, Any]) -> list[tuple[str, str]]:
    """Where each warning is, and what it says to do."""
    found = set_back(template_of({"Resources": resources}).resources)
    return [("/".join(map(str, each.path)), each.action) for each in found]


def scaled(namespace: str) -> dict[str, Any]:
    return {**SCALED, "Properties": {"ServiceNamespace": namespace}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param(
            {
                "Web": {"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": 2}},
                "Target": scaled("ecs"),
            },
            [
                (
                    "Resources/Web/Properties/DesiredCount",
                    "leave DesiredCount out: delete this line",
                )
            ],
            id="a service that is scaled",
        ),
        pytest.param(
            {"Web": {"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": 2}}},
            [],
            id="a service that nothing scales",
        ),
        pytest.param(
            {
                "Web": {"Type": "AWS::ECS::Service", "Properties": {}},
                "Target": scaled("ecs"),
            },
            [],
            id="a service without a count",
        ),
        pytest.param(
            {
                "Group": {
                    "Type": "AWS::AutoScaling::AutoScalingGroup",
                    "Properties": {"DesiredCapacity": "2"},
                },
                "Policy": {"Type": "AWS::AutoScaling::ScalingPolicy"},
            },
            [
                (
                    "Resources/Group/Properties/DesiredCapacity",
                    "leave DesiredCapacity out: delete this line",
                )
            ],
            id="a group with a policy",
        ),
        pytest.param(
            {
                "Model": {"Type": "AWS::SageMaker::Endpoint", "Properties": {}},
                "Target": scaled("sagemaker"),
            },
            [
                (
                    "Resources/Model/Properties",
                    "add RetainAllVariantProperties: true to its properties",
                )
            ],
            id="an endpoint that does not retain its instances",
        ),
        pytest.param(
            {
                "Model": {
                    "Type": "AWS::SageMaker::Endpoint",
                    "Properties": {"RetainAllVariantProperties": True},
                },
                "Target": scaled("sagemaker"),
            },
            [],
            id="an endpoint that retains them",
        ),
    ],
)
def test_what_an_update_sets_back_is_warned_of(
    resources: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert warnings(resources) == expected
