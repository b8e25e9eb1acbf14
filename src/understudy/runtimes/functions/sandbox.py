"""The command and environment of a function's process: nothing of the host's but its runtimes."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from understudy.base.fault import Fault

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A version of a function that is to run. ``timeout`` is in real seconds.

    ``code`` is the folder of its package, ``scratch`` one of its own, ``endpoint`` the engine's
    address.
    """

    name: str
    arn: str
    version: str
    revision: str
    region: str
    runtime: str
    handler: str
    timeout: float
    memory: int
    variables: Mapping[str, str]
    code: Path
    scratch: Path
    endpoint: str
    log_stream: str


def command(spec: FunctionSpec) -> list[str]:
    """What to start. Raises Fault where the runtime is not there."""
    if spec.runtime.startswith("nodejs"):
        node = shutil.which("node")
        if node is None:
            message = f"{spec.name} needs Node.js ({spec.runtime}), and there is no node here."
            raise Fault("InvalidRuntimeException", message, 502)
        line = [node, str(_HERE / "bootstrap.js")]
    else:
        line = [sys.executable, "-I", str(_HERE / "bootstrap.py")]
    return [*_walls(spec), *line] if has_bubblewrap() else line


_HOMES = ("/root", "/home")
"""Where people keep their credentials."""


def _walls(spec: FunctionSpec) -> list[str]:
    """Bubblewrap's arguments: nobody's home, /tmp its own, the rest read-only, no other process."""
    runtimes = dict.fromkeys((sys.base_prefix, sys.prefix, str(_HERE), str(spec.code)))
    return [
        "bwrap",
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for home in _HOMES if Path(home).is_dir() for word in ("--tmpfs", home)),
        *("--bind", str(spec.scratch), "/tmp"),  # noqa: S108 - the function's own
        *(word for path in runtimes for word in ("--ro-bind", path, path)),
        *("--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"),
        *("--chdir", str(spec.code), "--"),
    ]


@cache
def has_bubblewrap() -> bool:
    """Whether bubblewrap is there and permitted."""
    if shutil.which("bwrap") is None:
        return False
    trial = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--", "true"]
    return subprocess.run(trial, check=False, capture_output=True).returncode == 0


def environment(spec: FunctionSpec) -> dict[str, str]:
    """What the process sees. AWS: Defined runtime environment variables.

    Credentials are those of nobody, and AWS's clients are led to the engine.
    """
    walled = has_bubblewrap()
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": "/tmp" if walled else str(spec.scratch),  # noqa: S108
        "TMPDIR": "/tmp" if walled else str(spec.scratch),  # noqa: S108
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **spec.variables,
        "_HANDLER": spec.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_ACCESS_KEY_ID": "ASIAUNDERSTUDY000000",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_SESSION_TOKEN": "none",
        "AWS_ENDPOINT_URL": spec.endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream,
        "LAMBDA_TASK_ROOT": str(spec.code),
        "NODE_PATH": str(spec.code),
        "LAMBDA_RUNTIME_DIR": str(_HERE),
    }
