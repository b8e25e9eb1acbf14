"""Counts that scaling has changed and that an update would set back."""

import json

from understudy.app.stacks.resets import CONFIG, ENDPOINT, GROUP, SERVICE, counted, resets


def change(kind, after, name="A", action="Modify", details=(), **others):
    described = {
        "Action": action,
        "LogicalResourceId": name,
        "PhysicalResourceId": f"{name}-1",
        "ResourceType": kind,
        "AfterContext": json.dumps({"Properties": after, **others}),
        "Details": list(details),
    }
    return {"Type": "Resource", "ResourceChange": described}


MOVED = [{"Target": {"Attribute": "Properties", "Name": "EndpointConfigName"}}]
VARIANTS = {"ProductionVariants": [{"VariantName": "Main", "InitialInstanceCount": 1}]}


def warned(described, living):
    return resets(counted(described), lambda each: living)


def test_a_service_whose_count_differs_is_warned_of_with_the_patch():
    (found,) = warned([change(SERVICE, {"DesiredCount": "2"})], {"": 7})
    assert (found.what, found.template, found.current) == ("DesiredCount", 2, 7)
    assert "-     DesiredCount: 2" in found.patch


def test_a_count_that_is_as_the_template_says_is_not_warned_of():
    assert warned([change(SERVICE, {"DesiredCount": 2})], {"": 2}) == ()


def test_a_count_that_cannot_be_read_is_warned_of():
    (found,) = warned([change(GROUP, {"DesiredCapacity": "4"})], None)
    assert (found.template, found.current) == (4, None)


def test_a_service_without_a_count_keeps_its_own():
    assert counted([change(SERVICE, {"LaunchType": "FARGATE"})]) == []


def test_a_group_that_ignores_unmodified_sizes_keeps_its_own():
    policy = {"AutoScalingScheduledAction": {"IgnoreUnmodifiedGroupSizeProperties": "true"}}
    assert counted([change(GROUP, {"DesiredCapacity": 4}, UpdatePolicy=policy)]) == []
    (found,) = counted([change(GROUP, {"DesiredCapacity": 4})])
    assert "+       IgnoreUnmodifiedGroupSizeProperties: true" in found.patch


def test_an_endpoint_with_another_configuration_is_warned_of_for_each_variant():
    described = [
        change(ENDPOINT, {"EndpointConfigName": "c-2"}, "Endpoint", details=MOVED),
        change(CONFIG, VARIANTS, "Config"),
    ]
    (found,) = warned(described, {"Main": 5})
    assert found.logical_id == "Endpoint"
    assert (found.what, found.template, found.current) == ("InitialInstanceCount of Main", 1, 5)
    assert "+     RetainAllVariantProperties: true" in found.patch


def test_an_endpoint_that_retains_its_variants_or_its_configuration_is_not():
    config = change(CONFIG, VARIANTS, "Config")
    retaining = {"EndpointConfigName": "c-2", "RetainAllVariantProperties": True}
    assert counted([change(ENDPOINT, retaining, details=MOVED), config]) == []
    assert counted([change(ENDPOINT, {"EndpointConfigName": "c-1"}), config]) == []


def test_what_is_new_has_no_count_to_lose():
    assert counted([change(SERVICE, {"DesiredCount": 2}, action="Add")]) == []
