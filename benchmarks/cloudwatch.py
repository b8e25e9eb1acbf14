"""What CloudWatch costs: a simulated day of an endpoint, 10,000 alarms, a million datapoints.

    python benchmarks/cloudwatch.py

Each figure is CPU time of this process, with the budget beside it, and as a multiple of a fixed
piece of Python run in the same process, which can be compared between machines.
"""

import heapq
import time
from collections.abc import Callable

import msgspec

from understudy.base.identity import Ids
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, of_value

START = 1_767_225_600.0
REGION = "us-east-1"
POLICY = (
    "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:0:"
    "resource/sagemaker/endpoint/digits/variant/AllTraffic:policyName/p"
)
VARIANT = (("EndpointName", "digits"), ("VariantName", "AllTraffic"))
COUNTERS = (
    "Invocations",
    "InvocationsPerInstance",
    "Invocation4XXErrors",
    "Invocation5XXErrors",
    "CPUUtilization",
    "MemoryUtilization",
)
LATENCIES = ("ModelLatency", "OverheadLatency")
VALUES = tuple(1000.0 * 1.01**step for step in range(60))
COUNTS = (5.0,) * 60
TOTAL = 5 * sum(VALUES)


class Heap:
    """Timers and turns of one region, with nothing around them."""

    def __init__(self, service: CloudWatch) -> None:
        self.service = service
        self.ids = Ids()
        self.timers: list[tuple[float, int, tuple[str, ...]]] = []
        self.sequence = 0
        self.signals = 0

    def settle(self, turn: Turn) -> None:
        self.signals += len(turn.signals)
        for at, _, key in turn.timers:
            self.sequence += 1
            heapq.heappush(self.timers, (at, self.sequence, key))

    def advance(self, until: float) -> None:
        while self.timers and self.timers[0][0] <= until:
            at, _, key = heapq.heappop(self.timers)
            turn = Turn(at, REGION, self.ids)
            self.service.on_timer(key, turn)
            self.settle(turn)


def alarm(name: str, comparison: str, threshold: float, periods: int, variant: str) -> dict:
    return {
        "AlarmName": name,
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [
            {"Name": "EndpointName", "Value": "digits"},
            {"Name": "VariantName", "Value": variant},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": periods,
        "Threshold": threshold,
        "ComparisonOperator": comparison,
        "AlarmActions": [POLICY],
    }


def day_of_an_endpoint() -> str:
    """1,440 minutes, eight metrics (two with 60 distinct latencies), three alarms."""
    service = CloudWatch()
    heap = Heap(service)
    turn = Turn(START, REGION, heap.ids)
    service.put(alarm("high", "GreaterThanThreshold", 150.0, 3, "AllTraffic"), turn)
    service.put(alarm("low", "LessThanThreshold", 135.0, 15, "AllTraffic"), turn)
    service.put(alarm("guard", "GreaterThanThreshold", 1000.0, 5, "AllTraffic"), turn)
    heap.settle(turn)
    for minute in range(1440):
        at = START + 60.0 * minute
        load = 180.0 if minute % 240 >= 120 else 100.0
        turn = Turn(at + 60.0, REGION, heap.ids)
        for name in COUNTERS:
            service.publish("AWS/SageMaker", name, VARIANT, of_value(at, load), turn, "None")
        for name in LATENCIES:
            point = Datapoint(at, 300.0, TOTAL, VALUES[0], VALUES[-1], VALUES, COUNTS)
            service.publish("AWS/SageMaker", name, VARIANT, point, turn, "Microseconds")
        heap.advance(at + 60.0)
    transitions = sum(item.item_type == "StateUpdate" for item in service.state.history)
    return f"{heap.signals} actions, {transitions} transitions"


def ten_thousand_alarms() -> Callable[[], str]:
    """Each on a metric of its own with 20 datapoints; timed is one minute of evaluations."""
    service = CloudWatch()
    heap = Heap(service)
    turn = Turn(START, REGION, heap.ids)
    for index in range(10_000):
        variant = f"v{index}"
        service.put(alarm(variant, "GreaterThanThreshold", 150.0, 3, variant), turn)
        dimensions = (("EndpointName", "digits"), ("VariantName", variant))
        for minute in range(20):
            at = START - 60.0 * (20 - minute)
            service.publish(
                "AWS/SageMaker", "InvocationsPerInstance", dimensions, of_value(at, 100.0), turn
            )
    heap.settle(turn)
    heap.advance(START + 60.0)

    def minute() -> str:
        before = heap.sequence
        heap.advance(START + 120.0)
        return f"{heap.sequence - before} evaluations"

    return minute


def million_datapoints() -> str:
    """A hundred metrics, 10,000 one-minute datapoints each."""
    service = CloudWatch()
    keys = [(("VariantName", f"v{index}"),) for index in range(100)]
    for minute in range(10_000):
        at = START + 60.0 * minute
        turn = Turn(at + 60.0, REGION, Ids())
        for key in keys:
            service.publish("AWS/SageMaker", "Invocations", key, of_value(at, 7.0), turn)
    return f"{len(msgspec.msgpack.encode(service.state)) / 1e6:.0f} MB stored"


def million_values_in_one_metric() -> str:
    """10,000 different values in each of 100 minutes, kept as a distribution in steps of 1 %."""
    service = CloudWatch()
    key = (("VariantName", "v"),)
    for minute in range(100):
        at = START + 60.0 * minute
        turn = Turn(at + 60.0, REGION, Ids())
        for index in range(10_000):
            service.publish("AWS/SageMaker", "Latency", key, of_value(at, 1000.0 + index), turn)
    return f"{len(msgspec.msgpack.encode(service.state)) / 1e3:.0f} KB stored"


def seconds_of_reports() -> str:
    """An hour of a live endpoint: 3,600 reports with sketches, two latencies in each."""
    service = CloudWatch()
    for second in range(3600):
        at = START + second
        turn = Turn(at + 1.0, REGION, Ids())
        for name in COUNTERS:
            service.publish("AWS/SageMaker", name, VARIANT, of_value(at, 5.0), turn)
        for name in LATENCIES:
            point = Datapoint(at, 300.0, TOTAL, VALUES[0], VALUES[-1], VALUES, COUNTS)
            service.publish("AWS/SageMaker", name, VARIANT, point, turn, "Microseconds")
    return f"{len(msgspec.msgpack.encode(service.state)) / 1e3:.0f} KB stored"


def yardstick() -> float:
    """CPU seconds of a million float additions in a loop, the best of three."""

    def once() -> float:
        begun, total = time.process_time(), 0.0
        for _ in range(1_000_000):
            total += 1.5
        return time.process_time() - begun

    return min(once() for _ in range(3))


def timed(name: str, budget: str, work: Callable[[], str], unit: float) -> None:
    begun = time.process_time()
    result = work()
    taken = time.process_time() - begun
    print(f"{name:<40} {taken:6.3f} s {taken / unit:7.1f} x   budget {budget:<8} {result}")


def main() -> None:
    unit = yardstick()
    print(f"x = {unit:.3f} s, a million additions")
    timed("a simulated day of one endpoint", "0.15 s", day_of_an_endpoint, unit)
    timed("10,000 alarms for one minute", "0.5 s", ten_thousand_alarms(), unit)
    timed("one million datapoints of 100 metrics", "a few s", million_datapoints, unit)
    timed("one million values of one metric", "a few s", million_values_in_one_metric, unit)
    timed("an hour of reports of one endpoint", "-", seconds_of_reports, unit)


if __name__ == "__main__":
    main()
