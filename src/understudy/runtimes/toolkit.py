"""The part of AWS's inference toolkit that handlers import, where the toolkit is not installed.

AWS's containers have the package ``sagemaker_inference``; handlers decode and encode with it and
raise its errors, whose status code is what the client gets.
"""

import importlib.util
import sys
from types import ModuleType

from understudy.runtimes import codecs

PACKAGE = "sagemaker_inference"


class BaseInferenceToolkitError(Exception):
    """An error that says with which HTTP status to answer."""

    def __init__(self, status_code: int, message: str, phrase: str) -> None:
        super().__init__(status_code, message, phrase)
        self.status_code = status_code
        self.message = message
        self.phrase = phrase

    def __str__(self) -> str:
        return self.message


class GenericInferenceToolkitError(BaseInferenceToolkitError):
    """The error that handlers raise to answer with a status of their choice."""

    def __init__(
        self, status_code: int, message: str | None = None, phrase: str | None = None
    ) -> None:
        message = message or "Invalid Request"
        super().__init__(status_code, message, phrase or message)


_MODULES: dict[str, dict[str, object]] = {
    "content_types": {
        "JSON": codecs.JSON,
        "CSV": codecs.CSV,
        "NPY": codecs.NPY,
        "NPZ": codecs.NPZ,
        "ANY": codecs.ANY,
        "OCTET_STREAM": "application/octet-stream",
        "UTF8_TYPES": list(codecs.UTF8_TYPES),
    },
    "decoder": {"decode": codecs.decode},
    "encoder": {"encode": codecs.encode},
    "errors": {
        "BaseInferenceToolkitError": BaseInferenceToolkitError,
        "GenericInferenceToolkitError": GenericInferenceToolkitError,
        "UnsupportedFormatError": codecs.UnsupportedFormatError,
    },
}


def provide_toolkit() -> None:
    """Let ``import sagemaker_inference`` find these modules, unless the real ones are installed."""
    if PACKAGE in sys.modules or importlib.util.find_spec(PACKAGE):
        return
    package = sys.modules[PACKAGE] = ModuleType(PACKAGE)
    package.__path__ = []
    for name, content in _MODULES.items():
        module = sys.modules[f"{PACKAGE}.{name}"] = ModuleType(f"{PACKAGE}.{name}")
        vars(module).update(content)
        setattr(package, name, module)
