"""Counts in a template that an update sets back, whatever scaling has made of them meanwhile.

AWS: AWS::ECS::Service, DesiredCount; AWS::AutoScaling::AutoScalingGroup, DesiredCapacity;
UpdateEndpoint, RetainAllVariantProperties.
"""

from collections.abc import Iterator, Mapping

from understudy.base.diagnostic import Diagnostic, Path, Severity
from understudy.cloudformation.template import Resource

SERVICE, GROUP = "AWS::ECS::Service", "AWS::AutoScaling::AutoScalingGroup"
ENDPOINT, TARGET = "AWS::SageMaker::Endpoint", "AWS::ApplicationAutoScaling::ScalableTarget"
GROUP_SCALING = ("AWS::AutoScaling::ScalingPolicy", "AWS::AutoScaling::ScheduledAction")


def set_back(resources: Mapping[str, Resource]) -> Iterator[Diagnostic]:
    """A warning for each count that is scaled and written down too, with the patch."""
    scaled = {
        str(each.properties.get("ServiceNamespace"))
        for each in resources.values()
        if each.type == TARGET
    }
    grouped = any(each.type in GROUP_SCALING for each in resources.values())
    for name, resource in resources.items():
        written = resource.properties
        where: Path = ("Resources", name, "Properties")
        if resource.type == SERVICE and "ecs" in scaled and "DesiredCount" in written:
            yield _warning(name, "DesiredCount", (*where, "DesiredCount"))
        elif resource.type == GROUP and grouped and "DesiredCapacity" in written:
            yield _warning(name, "DesiredCapacity", (*where, "DesiredCapacity"))
        elif (
            resource.type == ENDPOINT
            and "sagemaker" in scaled
            and written.get("RetainAllVariantProperties") is not True
        ):
            yield Diagnostic(
                f"Updating {name} to another configuration sets its instances back to "
                "InitialInstanceCount, whatever scaling has made of them.",
                where,
                action="add RetainAllVariantProperties: true to its properties",
                severity=Severity.WARNING,
            )


def _warning(name: str, count: str, path: Path) -> Diagnostic:
    return Diagnostic(
        f"An update of {name} sets its {count} back, whatever scaling has made of it.",
        path,
        action=f"leave {count} out: delete this line",
        severity=Severity.WARNING,
    )
