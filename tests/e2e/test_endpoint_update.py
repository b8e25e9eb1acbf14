"""An endpoint gets another configuration on real model servers, under constant invocations."""

import pytest

from understudy.testing.asking import asking
from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

CLIENTS = 3
MANY = 10


def test_a_blue_green_update_to_a_larger_type_loses_no_invocation(engine: RunningEngine) -> None:
    engine.create_stack("larger")
    endpoint = engine.created("larger")["EndpointName"]
    api = engine.client("sagemaker")
    config = api.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    variants = api.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    larger = [{**each, "InstanceType": "ml.g5.2xlarge"} for each in variants]
    api.create_endpoint_config(EndpointConfigName="larger", ProductionVariants=larger)
    # AWS: the instance type of a variant that scales cannot be changed.
    engine.client("application-autoscaling").deregister_scalable_target(
        ServiceNamespace="sagemaker",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ResourceId=f"endpoint/{endpoint}/variant/{variants[0]['VariantName']}",
    )
    path = f"/endpoints/{endpoint}/invocations"
    with asking(engine.port, "localhost", CLIENTS, path, b"{}") as outcomes:
        wait_for(lambda: outcomes["200"] > MANY)
        api.update_endpoint(EndpointName=endpoint, EndpointConfigName="larger")
        api.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
        before = outcomes["200"]
        wait_for(lambda: outcomes["200"] > before + MANY)
    described = api.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == "larger"
    assert set(outcomes) == {"200"}
