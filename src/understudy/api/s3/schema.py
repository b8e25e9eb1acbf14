"""An operation's input held against the model of S3, with the answers that S3 gives."""

from understudy.api.wire import WireCall, violations
from understudy.api.wire.models import Shape, operation_model, service_model
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.s3 import faults

_OPTIONAL_BODIES = frozenset({"PutBucketAcl", "PutObjectAcl", "CompleteMultipartUpload"})
"""Operations whose body may be left out, or has a fault of its own where it is."""


def check(call: WireCall, method: str, params: Params, content: bytes) -> None:
    """Raise what S3 answers to a query or a body that is not as the operation's model has it."""
    model = operation_model("s3", call.operation)
    shape = service_model("s3").shapes[model.input.shape] if model.input else None
    if shape is None:
        return
    for name in shape.required:
        if shape.members[name].location == "querystring" and name not in params:
            raise method_not_allowed(method)
    if call.operation != "CreateBucket":  # a wrong region has a fault of its own
        _check_body(call, shape, params, content)


def _check_body(call: WireCall, shape: Shape, params: Params, content: bytes) -> None:
    if shape.payload is None:
        return
    if not content:
        if call.operation not in _OPTIONAL_BODIES:
            raise Fault("MissingRequestBodyError", "Request Body is empty", 400)
        return
    others = {name: value for name, value in params.items() if name != shape.payload}
    wrong = set(violations("s3", call.operation, params))
    if wrong - set(violations("s3", call.operation, others)):
        raise faults.malformed_xml()


def method_not_allowed(method: str) -> Fault:
    """A request that is no operation of S3."""
    message = "The specified method is not allowed against this resource."
    return Fault("MethodNotAllowed", message, 405, {"Method": method})
