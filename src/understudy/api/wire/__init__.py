"""The wire codec: AWS requests to operations with their members, outputs and faults to answers.

``identify`` says which operation a request calls, ``decode`` reads its input, ``validate`` holds
it against the service's model, ``encode`` and ``encode_fault`` write the answer. All are pure
functions of bytes and values; what the service models say is compiled once for each shape.
"""

from understudy.api.wire.decode import decode
from understudy.api.wire.encode import encode
from understudy.api.wire.faults import encode_fault, not_offered
from understudy.api.wire.identify import identify
from understudy.api.wire.request import Protocol, WireCall, WireRequest
from understudy.api.wire.validate import validate, violations

__all__ = [
    "Protocol",
    "WireCall",
    "WireRequest",
    "decode",
    "encode",
    "encode_fault",
    "identify",
    "not_offered",
    "validate",
    "violations",
]
