"""The metrics of an endpoint variant, from what the data plane served.

Source: AWS, Monitor Amazon SageMaker with Amazon CloudWatch, Endpoint invocation metrics.
"""

from understudy.control.events import Concurrency, Served, Serverless
from understudy.control.ports import Publisher
from understudy.control.sketch import Sketch, of_sketch
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, of_values

NAMESPACE = "AWS/SageMaker"
MICROSECONDS = "Microseconds"
CONCURRENCY_SECONDS = 10
"""How often ConcurrentRequestsPerModel is published. AWS: Amazon SageMaker inference launches
faster auto scaling for generative AI models."""


def publish_served(
    publisher: Publisher, served: Served, turn: Turn, *, queued: bool = False
) -> None:
    """Publish one second of a variant. Each request counts 1, and 1/instances per instance.

    An asynchronous endpoint, whose requests are ``queued``, does not publish invocations and
    overhead (AWS: Alarms and logs for tracking metrics from asynchronous endpoints).
    """
    at, count = float(served.second), served.invocations
    dimensions = (("EndpointName", served.endpoint), ("VariantName", served.variant))

    def put(name: str, datapoint: Datapoint, unit: str = "None") -> None:
        publisher.publish(NAMESPACE, name, dimensions, datapoint, turn, unit)

    if count and not queued:
        share = 1 / max(served.instances, 1)
        put("Invocations", Datapoint(at, count, count, 1.0, 1.0))
        put("InvocationsPerInstance", Datapoint(at, count, count * share, share, share))
    if answered := served.model_latency.count:
        put("Invocation4XXErrors", _zeros_and_ones(at, answered, served.errors_4xx))
        put("Invocation5XXErrors", _zeros_and_ones(at, answered, served.errors_5xx))
    for name, sketch in (
        ("ModelLatency", served.model_latency),
        ("OverheadLatency", served.overhead_latency),
    ):
        if sketch.counts and not (queued and name == "OverheadLatency"):
            put(name, of_sketch(at, sketch), MICROSECONDS)


def publish_concurrency(publisher: Publisher, event: Concurrency, turn: Turn) -> None:
    """Publish the requests that each instance of a variant has: one sample for each instance."""
    at = event.at - CONCURRENCY_SECONDS
    dimensions = (("EndpointName", event.endpoint), ("VariantName", event.variant))
    samples = of_values(at, event.counts, (1.0,) * len(event.counts))
    name, resolution = "ConcurrentRequestsPerModel", CONCURRENCY_SECONDS
    publisher.publish(NAMESPACE, name, dimensions, samples, turn, "None", resolution)


def publish_setup(
    publisher: Publisher, endpoint: str, variant: str, seconds: float, turn: Turn
) -> None:
    """Publish how long a new environment of a serverless variant took to be there."""
    dimensions = (("EndpointName", endpoint), ("VariantName", variant))
    took = of_values(turn.at, (seconds * 1e6,), (1.0,))
    publisher.publish(NAMESPACE, "ModelSetupTime", dimensions, took, turn, MICROSECONDS)


def publish_environments(
    publisher: Publisher, served: Served, serverless: Serverless, turn: Turn
) -> None:
    """Publish how much of its concurrency a serverless variant used in a second.

    AWS: Monitor Amazon SageMaker AI with Amazon CloudWatch, serverless endpoints.
    """
    at = float(served.second)
    dimensions = (("EndpointName", served.endpoint), ("VariantName", served.variant))
    shares = {"ServerlessConcurrentExecutionsUtilization": served.peak / serverless.maximum}
    if serverless.provisioned:
        within = min(served.peak, serverless.provisioned) / serverless.provisioned
        shares["ServerlessProvisionedConcurrencyUtilization"] = within
    for name, share in shares.items():
        value = of_values(at, (share,), (1.0,))
        publisher.publish(NAMESPACE, name, dimensions, value, turn)


def idle_second(endpoint: str, variant: str, minute: int) -> Served:
    """What a variant serves in the first second of a minute without requests: nothing."""
    return Served(endpoint, variant, minute, 0.0, 0, 0.0, 0.0, Sketch(), Sketch())


def publish_idle(
    publisher: Publisher, endpoint: str, variant: str, minute: int, turn: Turn
) -> None:
    """Publish that a variant in service had no request in a minute."""
    dimensions = (("EndpointName", endpoint), ("VariantName", variant))
    zero = Datapoint(float(minute), 1.0, 0.0, 0.0, 0.0)
    for name in ("Invocations", "InvocationsPerInstance"):
        publisher.publish(NAMESPACE, name, dimensions, zero, turn)


def _zeros_and_ones(at: float, count: float, ones: float) -> Datapoint:
    """A datapoint of requests that counted 1 or 0 each."""
    zeros = count - ones
    values = [value for value, number in ((0.0, zeros), (1.0, ones)) if number > 0]
    counts = [number for number in (zeros, ones) if number > 0]
    low, high = (values[0], values[-1]) if values else (0.0, 0.0)
    return Datapoint(at, count, ones, low, high, tuple(values), tuple(counts))
