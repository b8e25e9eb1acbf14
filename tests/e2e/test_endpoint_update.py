"""An endpoint gets another configuration on real model servers, under constant invocations."""

import threading
from collections import Counter

import pytest

from understudy.testing.engines import WAIT, RunningEngine

pytestmark = pytest.mark.processes

CLIENTS = 3


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
    outcomes: Counter[str] = Counter()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                engine.invoke(endpoint)
                outcomes["answered"] += 1
            except Exception as error:  # whatever it is, the request is lost
                outcomes[repr(error)] += 1

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        api.update_endpoint(EndpointName=endpoint, EndpointConfigName="larger")
        api.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAIT)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    described = api.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == "larger"
    assert set(outcomes) == {"answered"}
    assert outcomes["answered"] > 10
