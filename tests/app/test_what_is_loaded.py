"""What starts often starts fast: it loads no library that it does not need."""

import os
import subprocess
import sys

import pytest

NUMBERS = {"numpy", "scipy", "numba"}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        pytest.param(
            "understudy.app.composition", NUMBERS, id="the engine loads no library of numbers"
        ),
        pytest.param(
            "understudy.app.client",
            {*NUMBERS, "understudy.control.plane", "understudy.deploy.service"},
            id="a command that asks the engine loads none of it",
        ),
    ],
)
def test_what_is_loaded(module: str, absent: set[str]) -> None:
    asked = f"import sys, {module}; print(*sys.modules)"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(told.stdout.split())
    assert module in loaded
    assert not loaded & absent
