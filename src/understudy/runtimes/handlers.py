"""The user's inference handlers, found and called as AWS's inference toolkit does.

AWS: SageMaker Inference Toolkit, "Implement a handler": model_fn, input_fn, predict_fn, output_fn
or transform_fn, and pre_model_fn and model_warmup_fn, each with a further ``context`` if it likes.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from understudy.runtimes.codecs import UTF8_TYPES, decode, encode

Handler = Callable[..., Any]


class Context:
    """What a handler with a ``context`` argument sees: the model's folder, the request's headers.

    It has the shape of the model server's own context, with one request.
    """

    def __init__(self, model_dir: str) -> None:
        self.system_properties = {"model_dir": model_dir, "gpu_id": None}
        self.request_processor = [self]
        self._headers: dict[str, str] = {}

    def begin(self, headers: dict[str, str]) -> None:
        """Turn to another request."""
        self._headers = headers

    def get_request_properties(self) -> dict[str, str]:
        """The headers of the request, by their names in lower case."""
        return self._headers

    def get_all_request_header(self, idx: int = 0) -> dict[str, str]:
        """The headers of the request, by their names in lower case."""
        del idx
        return self._headers

    def get_request_header(self, idx: int, key: str) -> str | None:
        """One header of the request."""
        del idx
        return self._headers.get(key.lower())


@dataclass(frozen=True, slots=True)
class Handlers:
    """The functions that load a model and answer requests with it."""

    load: Callable[[str], Any]
    transform: Callable[[Any, Any, str, str], Any]


def find_handlers(program: str, context: Context) -> Handlers:
    """The handlers in the module of a program such as ``inference.py``.

    Missing ones are those of AWS's scikit-learn container, which has no model_fn of its own.
    Raises what importing the module raises, and ValueError where transform_fn is not alone.
    """
    name = program.removesuffix(".py")
    module = importlib.import_module(name) if importlib.util.find_spec(name) else ModuleType(name)
    steps = {step: getattr(module, step, None) for step in ("input_fn", "predict_fn", "output_fn")}
    transform_fn = getattr(module, "transform_fn", None)
    if transform_fn and any(steps.values()):
        raise ValueError(
            "Cannot use transform_fn implementation in conjunction with "
            "input_fn, predict_fn, and/or output_fn implementation"
        )

    def adapted(function: Handler, arguments: int) -> Handler:
        return _with_context(function, arguments, context)

    return Handlers(
        load=partial(_load, module, adapted),
        transform=adapted(transform_fn, 4)
        if transform_fn
        else _three_steps(
            adapted(steps["input_fn"] or _default_input_fn, 2),
            adapted(steps["predict_fn"] or _default_predict_fn, 2),
            adapted(steps["output_fn"] or _default_output_fn, 2),
        ),
    )


def _load(module: ModuleType, adapted: Callable[[Handler, int], Handler], model_dir: str) -> Any:
    if pre_model_fn := getattr(module, "pre_model_fn", None):
        adapted(pre_model_fn, 1)(model_dir)
    model = adapted(getattr(module, "model_fn", _default_model_fn), 1)(model_dir)
    if model_warmup_fn := getattr(module, "model_warmup_fn", None):
        adapted(model_warmup_fn, 2)(model_dir, model)
    return model


def _three_steps(input_fn: Handler, predict_fn: Handler, output_fn: Handler) -> Handler:
    def transform(model: Any, body: Any, content_type: str, accept: str) -> Any:
        return output_fn(predict_fn(input_fn(body, content_type), model), accept)

    return transform


def _with_context(function: Handler, arguments: int, context: Context) -> Handler:
    """The function, to be called with this many arguments, whether or not it wants the context."""
    wanted = len(inspect.signature(function).parameters)
    if wanted == arguments:
        return function
    if wanted == arguments + 1:
        return lambda *given: function(*given, context)

    def refuse(*given: Any) -> Any:
        raise TypeError(
            f"{function.__name__} takes {wanted} arguments but {len(given)} were given."
        )

    return refuse


def _default_model_fn(model_dir: str) -> Any:
    del model_dir
    raise NotImplementedError(
        "Please provide a model_fn implementation. "
        "See documentation for model_fn at https://github.com/aws/sagemaker-python-sdk"
    )


def _default_input_fn(body: Any, content_type: str) -> Any:
    array = decode(body, content_type)
    return array.astype(np.float32) if content_type in UTF8_TYPES else array


def _default_predict_fn(data: Any, model: Any) -> Any:
    return model.predict(data)


def _default_output_fn(prediction: Any, accept: str) -> Any:
    return encode(prediction, accept), accept
