"""The process of a function in Python: reads events as lines of JSON, answers on another pipe.

It runs alone: nothing of Understudy is imported, and the function's own folder is what it sees.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

_PR_SET_PDEATHSIG = 1


class Context:
    """What a handler is told of its call. AWS: Lambda context object in Python."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.aws_request_id: str = call["request_id"]
        self.invoked_function_arn: str = call["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + call["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        """How long the call may still take."""
        return max(int((self._deadline - time.monotonic()) * 1000), 0)

    def log(self, message: str) -> None:
        """Write to the function's log."""
        sys.stdout.write(message)


def main() -> None:
    """Load the handler, then answer events until there are no more."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(int(os.environ.pop("_UNDERSTUDY_ANSWERS")), "wb", buffering=0)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    handler, failure = _load(os.environ["_HANDLER"])
    if failure:
        sys.stderr.write(f"[ERROR] {failure['payload']}\n")
    for line in sys.stdin.buffer:
        call = json.loads(line)
        answer = failure or _called(handler, call)
        _flush()
        answers.write(json.dumps(answer).encode() + b"\n")
        if failure:
            return


def _load(name: str) -> tuple[Any, dict[str, Any] | None]:
    module, _, function = name.rpartition(".")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module}': {error}"
        return None, _failure("Runtime.ImportModuleError", message, [])
    except SyntaxError as error:
        message = f"Syntax error in module '{module}': {error}"
        return None, _failure("Runtime.UserCodeSyntaxError", message, [])
    except Exception as error:
        return None, _raised(error)
    if not hasattr(loaded, function):
        message = f"Handler '{function}' missing on module '{module}'"
        return None, _failure("Runtime.HandlerNotFound", message, [])
    return getattr(loaded, function), None


def _called(handler: Any, call: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handler(call["event"], Context(call))
    except SystemExit:
        raise
    except BaseException as error:
        traceback.print_exc()
        return _raised(error)
    try:
        return {"ok": True, "payload": json.dumps(result)}
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return _failure("Runtime.MarshalError", message, [])


def _raised(error: BaseException) -> dict[str, Any]:
    return _failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))


def _failure(kind: str, message: str, trace: list[str]) -> dict[str, Any]:
    body = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": trace}
    return {"ok": False, "payload": json.dumps(body)}


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    main()
