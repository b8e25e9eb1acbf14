import pytest

from understudy.runtimes.images import (
    SKLEARN_ACCOUNTS,
    STAND_IN_VARIABLE,
    NotRunnable,
    Runnable,
    runnable,
)

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
LLM = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.34.0-lmi16.0.0-cu128"


@pytest.mark.parametrize("region", SKLEARN_ACCOUNTS)
def test_the_scikit_learn_image_of_every_region_runs(region: str) -> None:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    registry = f"{SKLEARN_ACCOUNTS[region]}.dkr.ecr.{region}.{suffix}"
    image = f"{registry}/sagemaker-scikit-learn:1.2-1-cpu-py3"
    assert runnable(image, {}) == Runnable("sklearn", "1.2-1")


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("0.20.0-cpu-py3", "0.20.0"),
        ("0.23-1-cpu-py3", "0.23-1"),
        ("1.0-1-cpu-py3", "1.0-1"),
        ("1.4-2-cpu-py3", "1.4-2"),
        ("1.2-1", "1.2-1"),
    ],
)
def test_every_version_of_the_image_runs(tag: str, version: str) -> None:
    image = SKLEARN.replace("1.2-1-cpu-py3", tag)
    assert runnable(image, {}) == Runnable("sklearn", version)


@pytest.mark.parametrize("image", [LLM, SKLEARN, "anything"])
def test_any_image_runs_as_a_stand_in_that_is_asked_for(image: str) -> None:
    assert runnable(image, {STAND_IN_VARIABLE: "200ms"}) == Runnable("stand-in")


@pytest.mark.parametrize(
    ("image", "why"),
    [
        pytest.param(LLM, "cannot run here", id="another image of AWS"),
        pytest.param("python:3.11", "cannot run here", id="an image of somebody"),
        pytest.param(
            SKLEARN.replace("683313688378", "123456789012"),
            "are in account 683313688378 in us-east-1",
            id="a repository of the same name in another account",
        ),
        pytest.param(
            SKLEARN.replace("us-east-1", "us-west-2"),
            "are in account 246618743249 in us-west-2",
            id="the account of another region",
        ),
        pytest.param(
            SKLEARN.replace("us-east-1", "moon-1"),
            "are not known to be in moon-1",
            id="a region that is not in the table",
        ),
        pytest.param(SKLEARN.replace("1.2-1", "latest"), "cannot run", id="a tag without version"),
        pytest.param(SKLEARN + "x", "cannot run here", id="more behind the tag"),
    ],
)
def test_any_other_image_does_not_run_and_the_reason_says_what_to_do(image: str, why: str) -> None:
    answer = runnable(image, {})
    assert isinstance(answer, NotRunnable)
    assert image in answer.reason
    assert why in answer.reason
    assert SKLEARN in answer.reason
    assert "UNDERSTUDY_STAND_IN" in answer.reason
    assert "No container runtime is used" in answer.reason
