"""The environment variables that a container sees: its own, over a base with none of the host's."""

from collections.abc import Mapping
from pathlib import Path

_BASE = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    "TZ": "UTC",
    "SAGEMAKER_PROGRAM": "inference.py",
}

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""An instance computes with one thread unless its container sets OMP_NUM_THREADS.

Many instances share one machine here, and a process that forks must not have threads.
"""


def container_environment(
    environment: Mapping[str, str], opt_ml: Path, root: Path, port: int, hostname: str
) -> dict[str, str]:
    """What a container with this environment sees, with the toolkit's defaults.

    AWS: Use Your Own Inference Code with Hosting Services: the environment is passed verbatim.
    ``opt_ml`` is /opt/ml, or the folder that stands for it.
    """
    defaults = {
        "HOME": str(root),
        "SAGEMAKER_BASE_DIR": str(opt_ml),
        "SAGEMAKER_SUBMIT_DIRECTORY": str(opt_ml / "model/code"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SM_MODEL_DIR": str(opt_ml / "model"),
    }
    if hostname:
        defaults["HOSTNAME"] = hostname
    return {**_BASE, **ONE_THREAD, **defaults, **environment}
