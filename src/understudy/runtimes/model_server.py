"""The server inside an instance of AWS's scikit-learn image: GET /ping and POST /invocations.

A worker is one process with one thread. It answers /ping and /invocations in turn, so a ping waits
while the model is busy, as in AWS's container, whose gunicorn workers answer both.
"""

import asyncio
import os
import signal
import socket
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import uvloop
from threadpoolctl import threadpool_limits  # pyright: ignore[reportUnknownVariableType]

from understudy.runtimes.codecs import ANY, JSON, UTF8_TYPES, UnsupportedFormatError
from understudy.runtimes.handlers import Context, Handlers, find_handlers
from understudy.runtimes.http_server import Reply, Request, Response, Server
from understudy.runtimes.isolation import die_with_parent
from understudy.runtimes.launch import Launch
from understudy.runtimes.requirements import check_requirements
from understudy.runtimes.toolkit import BaseInferenceToolkitError, provide_toolkit

WORKERS_VARIABLE = "SAGEMAKER_MODEL_SERVER_WORKERS"


def serve(listener: socket.socket, launch: Launch) -> None:
    """Load the model and serve it until SIGTERM. Raises what the user's code raises on loading."""
    workers = int(os.environ.get(WORKERS_VARIABLE, "1"))
    _say_what_runs(launch, workers)
    if threads := launch.environment.get("OMP_NUM_THREADS"):
        threadpool_limits(int(threads))
    code = _code_folder(Path(launch.root))
    check_requirements(code / "requirements.txt")
    sys.path.insert(0, str(code))
    provide_toolkit()
    if workers == 1:
        _work(listener, keep_alive=True)
    else:
        _supervise(listener, workers)


def _say_what_runs(launch: Launch, workers: int) -> None:
    here = version("scikit-learn")
    print(
        f"scikit-learn {here} serves for the image's {launch.version}: a model that another "
        f"version has saved may not load, or predict otherwise. Workers: {workers} "
        f"({WORKERS_VARIABLE}; AWS starts one per vCPU)."
    )


def _code_folder(root: Path) -> Path:
    """Where the user's code is; a path in /opt/ml is in the instance's own, private or not."""
    base = Path(os.environ["SAGEMAKER_BASE_DIR"])
    named = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code")
    if named.startswith("s3://"):
        raise ValueError(
            f"SAGEMAKER_SUBMIT_DIRECTORY is {named}, which is not fetched here: put the code into "
            "the folder code of model.tar.gz and name /opt/ml/model/code"
        )
    path = Path(named.removeprefix("file://"))
    if path.is_relative_to("/opt/ml") and base.is_relative_to(root):
        return base / path.relative_to("/opt/ml")
    return path


def _work(listener: socket.socket, *, keep_alive: bool) -> None:
    model_dir = str(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model")
    context = Context(model_dir)
    handlers = find_handlers(os.environ["SAGEMAKER_PROGRAM"], context)
    model = Model(handlers, handlers.load(model_dir), context)
    uvloop.run(Server(model.handle, keep_alive=keep_alive).serve(listener))


def _supervise(listener: socket.socket, workers: int) -> None:
    """Have workers serve the same socket; when one ends, whatever the reason, all do.

    Each answer closes its connection, so that the kernel hands every request to a free worker.
    """
    supervisor = os.getpid()
    ends = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # They wait until sigwait takes them.
    pids: set[int] = set()
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ends)
            die_with_parent(supervisor)
            _work(listener, keep_alive=False)
            return
        pids.add(pid)
    listener.close()
    ended, status = 0, 0
    while not ended and signal.sigwait(ends) != signal.SIGTERM:
        ended, status = os.waitpid(-1, os.WNOHANG)
    pids.discard(ended)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for pid in pids:
        os.waitpid(pid, 0)
    if ended:
        code = os.waitstatus_to_exitcode(status)
        raise SystemExit(f"worker {ended} ended with {code}")


class Model:
    """A loaded model with the handlers that answer requests."""

    def __init__(self, handlers: Handlers, model: Any, context: Context) -> None:
        self._handlers = handlers
        self._model = model
        self._context = context
        self._accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request before anything else happens in this process."""
        match request.method, request.path:
            case "GET", "/ping":
                reply(Response(200))
            case "POST", "/invocations":
                reply(self._invoke(request))
            case _:
                reply(Response(404))

    def _invoke(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        # The user's code may use asyncio.run, as it may in AWS's container, which runs no loop.
        asyncio._set_running_loop(None)  # noqa: SLF001
        try:
            return self._transform(request)
        except Exception as error:
            traceback.print_exc()
            return Response(_status(error), str(error).encode(), "text/plain")
        finally:
            asyncio._set_running_loop(loop)  # noqa: SLF001

    def _transform(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", JSON)
        accept = request.headers.get("accept", ANY)
        if accept == ANY:
            accept = self._accept
        body = request.body.decode() if content_type in UTF8_TYPES else request.body
        self._context.begin(request.headers)
        result = self._handlers.transform(self._model, body, content_type, accept)
        answer, answered_type = _answer_and_type(result, accept)
        if isinstance(answer, str):
            answer = answer.encode()
        if not isinstance(answer, bytes | bytearray):
            raise TypeError(f"The response is {type(answer).__name__}, not str or bytes")
        return Response(200, bytes(answer), answered_type)


def _status(error: Exception) -> int:
    """AWS: SageMaker Inference Toolkit: errors of the toolkit have a status, any other is 500."""
    match error:
        case UnsupportedFormatError():
            return 415
        case BaseInferenceToolkitError(status_code=status):
            return status
        case _:
            return 500


def _answer_and_type(result: Any, accept: str) -> tuple[Any, str]:
    """A handler's result may be the answer, or the answer and its content type."""
    return cast("tuple[Any, str]", result) if isinstance(result, tuple) else (result, accept)
