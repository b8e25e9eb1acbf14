"""The examples: the shipped model predicts, and the templates are valid for AWS."""

import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_digits

pytestmark = pytest.mark.processes

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def digits(bench: Any) -> Any:
    """The digits example as a running instance."""
    archive = bench.folder / "digits.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(EXAMPLES / "digits-endpoint/model", arcname=".")
    return bench.start(archive)


def test_the_shipped_model_predicts_handwritten_digits(digits: Any) -> None:
    images, expected = load_digits(return_X_y=True)
    body = json.dumps({"instances": images.tolist()})
    status, answer = digits.invoke(body, content_type="application/json")
    assert status == 200
    assert digits.content_type == "application/json"
    predicted = [each["digit"] for each in json.loads(answer)["predictions"]]
    assert len(predicted) == len(expected) == 1797
    right = sum(a == b for a, b in zip(predicted, expected, strict=True))
    assert right / 1797 > 0.97


def test_it_reads_and_writes_csv_too(digits: Any) -> None:
    images, _ = load_digits(return_X_y=True)
    lines = [",".join(str(pixel) for pixel in image) for image in images[:3]]
    status, answer = digits.invoke("\n".join(lines), content_type="text/csv", accept="text/csv")
    assert status == 200
    assert digits.content_type == "text/csv"
    rows = [line.split(",") for line in answer.splitlines()]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert all(0.5 < float(row[1]) <= 1 for row in rows)


@pytest.mark.parametrize(
    ("body", "content_type", "complaint"),
    [
        ("<html>", "text/html", "Send application/json or text/csv, not text/html"),
        ('{"instances": [[1, 2]]}', "application/json", "the request has shape (1, 2)"),
    ],
)
def test_it_says_what_is_wrong_with_a_request(
    digits: Any, body: str, content_type: str, complaint: str
) -> None:
    status, answer = digits.invoke(body, content_type=content_type)
    assert status == 500
    assert complaint in answer


def test_a_further_instance_starts_within_three_tenths_of_a_second(bench: Any, digits: Any) -> None:
    def seconds() -> float:
        begun = time.monotonic()
        instance = bench.start(digits.spec.model_archive)
        taken = time.monotonic() - begun
        instance.stop()
        return taken

    assert min(seconds() for _ in range(3)) < 0.3


@pytest.mark.parametrize("name", ["digits-endpoint", "stand-in-endpoint"])
def test_the_template_is_valid_for_aws(name: str) -> None:
    template = EXAMPLES / name / "template.yaml"
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, "--regions", "us-east-1", "eu-west-1", "--", template],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0)
