"""What InvokeEndpoint answers when it has no inference to give, in the words of AWS.

AWS: InvokeEndpoint (Amazon SageMaker Runtime), Errors. The texts are as the service sends them.
"""

from msgspec import json

from understudy.base.arn import ACCOUNT, arn
from understudy.base.fault import Fault, validation_error

CONTAINER = "primary"
"""How SageMaker calls a model's only container."""

REASONS = {
    400: "Bad Request",
    413: "Payload Too Large",
    424: "Failed Dependency",
    503: "Service Unavailable",
}

TIMED_OUT = (
    f"Your invocation timed out while waiting for a response from container {CONTAINER}. Review "
    "the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


def endpoint_not_found(name: str) -> Fault:
    """There is no such endpoint."""
    return validation_error(f"Endpoint {name} of account {ACCOUNT} not found.")


def variant_not_found(variant: str, endpoint: str) -> Fault:
    """The request names a variant that the endpoint does not have."""
    return validation_error(
        f"Variant {variant} of endpoint {endpoint} of account {ACCOUNT} not found."
    )


def not_in_service(variant: str) -> Fault:
    """No instance could take the request."""
    detail = f" No instance of variant {variant} is in service." if variant else ""
    message = f"The service is unavailable. Try your call again.{detail}"
    return Fault("ServiceUnavailable", message, 503)


def throttled() -> Fault:
    """More requests at a time than MaxConcurrency. AWS sends no message with it."""
    return Fault("ThrottlingException", "", 400)


def no_response(endpoint: str) -> str:
    """The message in place of the model's own when its instance went away."""
    return (
        f"Amazon SageMaker could not get a response from the {endpoint} endpoint. This can occur "
        "when CPU or memory utilization is high. To check your utilization, see Amazon CloudWatch. "
        "To fix this problem, use an instance type with more CPU capacity or memory."
    )


def model_error(region: str, endpoint: str, status: int, message: str | None) -> Fault:
    """The model refused or failed with ``status``, or 0 where it did not answer.

    ``message`` is what it said, None where that could not be read to its end.
    """
    side = "client" if 400 <= status < 500 else "server"
    said = "and could not load the entire response body"
    if message is not None:
        said = f'with message "{message}"'
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    text = (
        f"Received {side} error ({status}) from {CONTAINER} {said}. "
        f"See {console}#logEventViewer:group={group} in account {ACCOUNT} for more information."
    )
    fields = {
        "LogStreamArn": arn("logs", region, f"log-group:{group}"),
        "OriginalMessage": message or "",
        "OriginalStatusCode": status,
    }
    return Fault("ModelError", text, 424, fields)


def wire(fault: Fault, identity: bytes, *, keep_alive: bool) -> bytes:
    """A fault as a rest-json answer. ``identity`` is the head's lines on the request itself."""
    message = {"Message": fault.message} if fault.message else {"message": None}
    body = json.encode({**fault.fields, **message})
    head = f"x-amzn-ErrorType: {fault.code}\r\nContent-Type: application/json\r\n".encode()
    return _answer(fault.status, identity + head, body, keep_alive=keep_alive)


def too_large(limit: int, identity: bytes, *, keep_alive: bool) -> bytes:
    """A request above the payload limit. The service refuses it in plain text, before its API."""
    body = f"HTTP content length exceeded {limit} bytes.".encode()
    return _answer(413, identity + b"Content-Type: text/plain\r\n", body, keep_alive=keep_alive)


def _answer(status: int, lines: bytes, body: bytes, *, keep_alive: bool) -> bytes:
    first = f"HTTP/1.1 {status} {REASONS[status]}\r\n".encode()
    connection = b"keep-alive" if keep_alive else b"close"
    last = b"Content-Length: %d\r\nConnection: %b\r\n\r\n" % (len(body), connection)
    return b"".join((first, lines, last, body))
