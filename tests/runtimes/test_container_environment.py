from pathlib import Path

import pytest

from understudy.runtimes.container_environment import container_environment


def environment(**container: str) -> dict[str, str]:
    return container_environment(container, Path("/opt/ml"), Path("/instances/i-1"), 41, "host-1")


def test_the_container_has_the_toolkits_defaults() -> None:
    # AWS: SageMaker Inference Toolkit, parameters.
    seen = environment()
    assert seen["SAGEMAKER_BASE_DIR"] == "/opt/ml"
    assert seen["SAGEMAKER_PROGRAM"] == "inference.py"
    assert seen["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert seen["SAGEMAKER_BIND_TO_PORT"] == "41"
    assert seen["SM_MODEL_DIR"] == "/opt/ml/model"
    assert seen["HOSTNAME"] == "host-1"


def test_what_the_container_says_is_passed_verbatim() -> None:
    said = {"SAGEMAKER_PROGRAM": "serve.py", "OMP_NUM_THREADS": "4", "GREETING": " $HOME "}
    assert environment(**said).items() >= said.items()


def test_nothing_of_the_host_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "secret" not in environment().values()
    assert "AWS_SECRET_ACCESS_KEY" not in environment()
