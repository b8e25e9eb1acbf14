"""The content types that an inference container reads and writes by itself.

AWS: SageMaker Inference Toolkit, "Implement a handler"; AWS: scikit-learn container.
"""

import json
from collections.abc import Callable, Mapping
from io import BytesIO, StringIO
from typing import Any

import numpy as np

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
NPZ = "application/x-npz"
ANY = "*/*"
UTF8_TYPES = (JSON, CSV)
"""Types whose body handlers get as text; they get any other as bytes."""


class UnsupportedFormatError(Exception):
    """A content type that nobody here reads or writes: HTTP 415."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"Content type {content_type} is not supported by this framework. Please implement "
            "input_fn to deserialize the request data or an output_fn to serialize the response."
        )


def decode(body: str | bytes, content_type: str) -> Any:
    """The array in a request's body. Raises UnsupportedFormatError."""
    if content_type not in _DECODERS:
        raise UnsupportedFormatError(content_type)
    return _DECODERS[content_type](body)


def encode(prediction: Any, accept: str) -> str | bytes:
    """A prediction as a response's body. Raises UnsupportedFormatError."""
    if accept not in _ENCODERS:
        raise UnsupportedFormatError(accept)
    return _ENCODERS[accept](prediction)


def _read_npz(body: bytes) -> Any:
    try:
        from scipy.sparse import load_npz  # pyright: ignore[reportUnknownVariableType]
    except ImportError as error:
        raise UnsupportedFormatError(NPZ) from error
    return load_npz(BytesIO(body))


def _write_json(prediction: Any) -> str:
    return json.dumps(prediction, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _write_csv(prediction: Any) -> str:
    stream = StringIO()
    np.savetxt(stream, prediction, delimiter=",", fmt="%s")
    return stream.getvalue()


def _write_npy(prediction: Any) -> bytes:
    stream = BytesIO()
    np.save(stream, prediction)
    return stream.getvalue()


# AWS's containers also unpickle object arrays from .npy; a body that could run code is refused.
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    JSON: lambda body: np.array(json.loads(body)),
    CSV: lambda body: np.genfromtxt(StringIO(body), delimiter=","),
    NPY: lambda body: np.load(BytesIO(body), allow_pickle=False),
    NPZ: _read_npz,
}
_ENCODERS: Mapping[str, Callable[[Any], str | bytes]] = {
    JSON: _write_json,
    CSV: _write_csv,
    NPY: _write_npy,
}
