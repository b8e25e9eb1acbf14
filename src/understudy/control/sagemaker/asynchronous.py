"""Asynchronous inference: a queue of requests, their inputs and results in S3, and its metrics.

AWS: Asynchronous inference; InvokeEndpointAsync; Alarms and logs for tracking metrics from
asynchronous endpoints; Check prediction results. An accepted request is kept until it is done: one
that was in flight when the world went is sent again.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from understudy.base.arn import ACCOUNT
from understudy.base.fault import validation_error
from understudy.control.events import Call, CallAnswered, CallFailed, Params
from understudy.control.ports import Publisher
from understudy.control.sagemaker.metrics import NAMESPACE
from understudy.control.sagemaker.state import Endpoint, SageMakerState
from understudy.control.signals import Notification
from understudy.control.turn import Turn
from understudy.metrics.datapoint import of_values

OWNER = "sagemaker-runtime"
PREFIX = "async/"
MINUTE = 60.0
DEFAULT_TTL = 21_600
"""Seconds for which a request is kept (AWS: InvokeEndpointAsync, RequestTTLSeconds)."""
AT_ONCE = 1
"""Invocations that an instance has at a time unless the configuration says; AWS picks its own."""
SERVING = ("InService", "Updating", "RollingBack")


class Request(Struct):
    """A request, from its acceptance until it is done. ``started_at`` is 0 while it waits."""

    id: str
    endpoint: str
    params: Params
    accepted_at: float
    expires_at: float
    started_at: float = 0.0


class Queues(Struct):
    """The requests of a region by the ids of their calls, in their order; what is measured."""

    requests: dict[str, Request] = field(default_factory=dict[str, Request])
    measured: list[str] = field(default_factory=list[str])


class Asynchronous:
    """Asynchronous inference of one region. ``hosting`` are its endpoints."""

    def __init__(self, state: Queues, hosting: SageMakerState, publisher: Publisher) -> None:
        self.state = state
        self._hosting = hosting
        self._publisher = publisher

    def invoke(self, params: Params, turn: Turn) -> Params:
        """Put a request into an endpoint's queue. Raises Fault."""
        name = params["EndpointName"]
        endpoint = self._hosting.endpoints.get(name)
        if endpoint is None or endpoint.status not in SERVING:
            raise validation_error(f"Endpoint {name} of account {ACCOUNT} not found.")
        config = configured(endpoint)
        if not config:
            raise validation_error(f"Endpoint {name} does not support asynchronous inference.")
        if "Body" in params or "InputLocation" not in params:
            raise validation_error("Understudy takes the input from S3: give an InputLocation.")
        identity = params.get("InferenceId", turn.ids.uuid())
        said = _locations(config["OutputConfig"], turn.ids.uuid(), params)
        ttl = float(params.get("RequestTTLSeconds", DEFAULT_TTL))
        request = Request(identity, name, {**params, **said}, turn.at, turn.at + ttl)
        self.state.requests[PREFIX + turn.ids.uuid()] = request
        return {"InferenceId": identity, **said}

    def settle(self, turn: Turn) -> None:
        """Let instances take as many requests as they have room for; measure what is new."""
        for endpoint in self._hosting.endpoints.values():
            if endpoint.name not in self.state.measured and configured(endpoint):
                self.state.measured.append(endpoint.name)
                self._measure_later(endpoint.name, turn)
        for name in {each.endpoint for each in self.state.requests.values()}:
            self._start(name, turn)

    def _start(self, name: str, turn: Turn) -> None:
        room = self._room(name) - sum(each.started_at > 0 for _, each in self._of(name))
        for call_id, request in self._of(name):
            if request.started_at or room <= 0:
                continue
            room -= 1
            request.started_at = turn.at
            turn.emit(
                Call(turn.region, call_id, OWNER, "InvokeEndpointAsync", dict(request.params))
            )

    def _room(self, name: str) -> int:
        """How many requests the instances of an endpoint take at a time."""
        endpoint = self._hosting.endpoints.get(name)
        if endpoint is None or endpoint.status not in SERVING:
            return 0
        client: Params = configured(endpoint).get("ClientConfig", {})
        return self._instances(endpoint) * client.get(
            "MaxConcurrentInvocationsPerInstance", AT_ONCE
        )

    def _instances(self, endpoint: Endpoint) -> int:
        return sum(len(route.targets) for route in endpoint.route)

    def _of(self, name: str) -> Iterator[tuple[str, Request]]:
        found = self.state.requests.items()
        return ((key, each) for key, each in list(found) if each.endpoint == name)

    def on_answer(self, event: CallAnswered | CallFailed, turn: Turn) -> bool:
        """Take in what came of a request; False if the call was not ours."""
        if not event.call_id.startswith(PREFIX):
            return False
        request = self.state.requests.pop(event.call_id, None)
        if request is not None:
            self._done(request, event if isinstance(event, CallFailed) else None, turn)
        return True

    def _done(self, request: Request, failed: CallFailed | None, turn: Turn) -> None:
        count = "InvocationFailures" if failed else "InvocationsProcessed"
        waited = (request.started_at - request.accepted_at) * 1000
        whole = (turn.at - request.accepted_at) * 1000
        self._publish(request.endpoint, count, 1.0, "Count", turn)
        self._publish(request.endpoint, "TimeInBacklog", waited, "Milliseconds", turn)
        self._publish(request.endpoint, "TotalProcessingTime", whole, "Milliseconds", turn)
        endpoint = self._hosting.endpoints.get(request.endpoint)
        if endpoint is not None:
            self._notify(endpoint, request, failed.message if failed else "", turn)

    def _notify(self, endpoint: Endpoint, request: Request, failure: str, turn: Turn) -> None:
        """Tell the topic of the configuration, if it names one."""
        output: Params = configured(endpoint).get("OutputConfig", {})
        topics: Mapping[str, str] = output.get("NotificationConfig", {})
        topic = topics.get("ErrorTopic" if failure else "SuccessTopic")
        if topic:
            message = _message(request, failure, turn)
            turn.signal(Notification(topic, "", message))

    def on_restart(self, turn: Turn) -> None:
        """What was in flight went with the world: it waits again."""
        del turn
        for request in self.state.requests.values():
            request.started_at = 0.0

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A minute is over: drop what is too old, and measure the queue of an endpoint."""
        (name,) = key
        endpoint = self._hosting.endpoints.get(name)
        if endpoint is None or not configured(endpoint):
            self.state.measured.remove(name)
            self.state.requests = {
                call_id: each
                for call_id, each in self.state.requests.items()
                if each.endpoint != name
            }
            return
        for call_id, request in self._of(name):
            if not request.started_at and request.expires_at <= turn.at:
                del self.state.requests[call_id]
                self._publish(name, "ExpiredRequests", 1.0, "Count", turn)
        self._measure(endpoint, turn)
        self._measure_later(name, turn)

    def _measure_later(self, name: str, turn: Turn) -> None:
        turn.schedule((turn.at // MINUTE + 1) * MINUTE, OWNER, name)

    def _measure(self, endpoint: Endpoint, turn: Turn) -> None:
        waiting = [each for _, each in self._of(endpoint.name)]
        instances = self._instances(endpoint)
        oldest = max((turn.at - each.accepted_at for each in waiting), default=0.0)
        backlog = float(len(waiting))
        values = {
            "ApproximateBacklogSize": (backlog, "Count"),
            "ApproximateBacklogSizePerInstance": (backlog / max(instances, 1), "Count"),
            "ApproximateAgeOfOldestRequest": (oldest, "Seconds"),
            "HasBacklogWithoutCapacity": (float(backlog > 0 and not instances), "Count"),
        }
        for name, (value, unit) in values.items():
            self._publish(endpoint.name, name, value, unit, turn)

    def _publish(self, endpoint: str, name: str, value: float, unit: str, turn: Turn) -> None:
        dimensions = (("EndpointName", endpoint),)
        sample = of_values(turn.at, (value,), (1.0,))
        self._publisher.publish(NAMESPACE, name, dimensions, sample, turn, unit)


def configured(endpoint: Endpoint) -> Params:
    """The asynchronous configuration that an endpoint runs with, nothing where it has none."""
    return endpoint.fleets[endpoint.live].asynchronous


def _locations(output: Params, name: str, params: Params) -> Params:
    """Where a result goes, or the text of a failure.

    >>> _locations({"S3OutputPath": "s3://b/out/"}, "1234", {})
    {'OutputLocation': 's3://b/out/1234.out'}
    """
    extension = params.get("S3OutputPathExtension", "").strip("/")
    file = params.get("Filename", f"{name}.out")

    def within(path: str, leaf: str) -> str:
        return "/".join(part for part in (path.rstrip("/"), extension, leaf) if part)

    found = {"OutputLocation": within(output["S3OutputPath"], file)}
    if failures := output.get("S3FailurePath"):
        found["FailureLocation"] = within(failures, f"{name}-error.out")
    return found


def _message(request: Request, failure: str, turn: Turn) -> dict[str, Any]:
    """What a topic is told. AWS: Check prediction results, Amazon SNS topics."""
    told = request.params
    result = {"outputLocation": told["OutputLocation"]}
    where = {"failureReason": failure} if failure else {"responseParameters": result}
    asked = {"endpointName": request.endpoint, "inputLocation": told["InputLocation"]}
    return {
        "awsRegion": turn.region,
        "eventTime": _iso(turn.at),
        "receivedTime": _iso(request.accepted_at),
        "invocationStatus": "Failed" if failure else "Completed",
        "requestParameters": asked,
        **where,
        "inferenceId": request.id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _iso(at: float) -> str:
    return (
        datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1 * 1000:03.0f}Z"
    )


OPERATIONS: Mapping[str, Callable[[Asynchronous, Params, Turn], Params]] = {
    "InvokeEndpointAsync": Asynchronous.invoke
}
