"""Where the system permits, /opt/ml is the instance's own; else the folder is named."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import understudy

pytestmark = pytest.mark.processes

SOURCE = Path(understudy.__file__).parents[1]
NOBODY = 65534

ASK = """
    import json, os, socket
    from pathlib import Path
    def model_fn(model_dir): return model_dir
    def input_fn(body, content_type): return body
    def predict_fn(question, model): return eval(question)
    def output_fn(answer, accept): return json.dumps(answer)
"""

TRY = """
import ctypes, os
from pathlib import Path
from understudy.runtimes.isolation import make_opt_ml_private
if {user}:
    os.setgroups([]); os.setgid({user}); os.setuid({user})
    # A process that has changed its user is undumpable, unlike one that another user has started.
    ctypes.CDLL(None).prctl(4, 1)
private = make_opt_ml_private(Path({root!r}), "host-1")
print(private, Path("/opt/ml/mark").exists(), os.uname().nodename, os.getuid())
print(sorted(os.listdir("/opt")))
"""


def output_of(code: str) -> list[str]:
    """The lines that a fresh Python process prints."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()


@pytest.fixture
def root(user: int) -> Iterator[Path]:
    """The folder of an instance of another user."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "opt/ml").mkdir(parents=True)
        (root / "opt/ml/mark").touch()
        for folder in (root, root / "opt", root / "opt/ml"):
            os.chown(folder, user, user)
        yield root


def permitted(*, user: int) -> bool:
    """Whether the system lets such a user have mounts of its own, by the word of util-linux."""
    options = ["-m", "-u"] if user == 0 else ["-U", "-r", "-m", "-u"]
    command = ["unshare", *options, "mount", "-t", "tmpfs", "none", "/opt"]
    switched = (
        {"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}
    )
    return subprocess.run(command, capture_output=True, check=False, **switched).returncode == 0


def names_in_opt() -> set[str]:
    return {entry.name for entry in Path("/opt").iterdir()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may try as another user")
@pytest.mark.parametrize("user", [0, NOBODY], ids=["as root", "as another user"])
def test_a_process_gets_its_own_opt_ml_and_the_host_keeps_its(root: Path, user: int) -> None:
    if not permitted(user=user):
        pytest.skip("the system does not permit it")
    before = names_in_opt()
    seen, listed = output_of(TRY.format(user=user, root=str(root)))
    assert seen == f"True True host-1 {user}"
    assert listed == str(sorted({*before, "ml"}))
    assert names_in_opt() == before
    assert not Path("/opt/ml/mark").exists()


def test_the_rest_of_opt_is_still_there_with_its_content(tmp_path: Path) -> None:
    if not permitted(user=os.geteuid()):
        pytest.skip("the system does not permit it")
    inside = {
        entry.name: len(list(entry.iterdir()))
        for entry in Path("/opt").iterdir()
        if entry.is_dir() and os.access(entry, os.R_OK)
    }
    (tmp_path / "opt/ml").mkdir(parents=True)
    lines = output_of(
        "import os; from pathlib import Path\n"
        "from understudy.runtimes.isolation import make_opt_ml_private as private\n"
        f"assert private(Path({str(tmp_path)!r}), '')\n"
        f"for name in {list(inside)!r}: print(name, len(os.listdir('/opt/' + name)))\n"
    )
    assert dict(line.rsplit(" ", 1) for line in lines) == {
        name: str(number) for name, number in inside.items()
    }


def test_an_instance_with_a_private_opt_ml_has_its_model_there(bench: Any) -> None:
    if not permitted(user=os.geteuid()):
        pytest.skip("the system does not permit it")
    one = bench.start(bench.archive(ASK, who_txt="one"), hostname="container-1")
    other = bench.start(bench.archive(ASK, who_txt="other"))
    read = "Path('/opt/ml/model/code/who.txt').read_text()"
    assert (one.ask(read), other.ask(read)) == ("one", "other")
    assert one.ask("model") == "/opt/ml/model"
    assert one.ask("os.environ['SAGEMAKER_SUBMIT_DIRECTORY']") == "/opt/ml/model/code"
    assert one.ask("socket.gethostname()") == "container-1"
    one.ask("Path('/opt/ml/written').write_text('x')")
    assert (one.spec.root / "opt/ml/written").read_text() == "x"
    assert "is not private" not in one.log
    one.stop()
    other.stop()


@pytest.fixture(scope="module")
def plain_bench(make_bench: Callable[..., Any]) -> Any:
    """A bench whose instances see the host's /opt."""
    return make_bench(private_opt_ml=False)


@pytest.mark.parametrize(
    "environment",
    [{}, {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}],
    ids=["with the folder by default", "with the folder as the SageMaker SDK names it"],
)
def test_an_instance_without_one_is_told_its_folder_and_the_log_says_so(
    plain_bench: Any, environment: dict[str, str]
) -> None:
    archive = plain_bench.archive(ASK, who_txt="me")
    instance = plain_bench.start(archive, environment=environment)
    folder = str(instance.spec.root / "opt/ml/model")
    assert instance.ask("model") == folder
    assert instance.ask("os.environ['SM_MODEL_DIR']") == folder
    assert instance.ask("Path(model, 'code/who.txt').read_text()") == "me"
    assert instance.log.count(f"/opt/ml is not private here; the model is in {folder}") == 1
    instance.stop()
