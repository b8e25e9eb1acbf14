"""Instances as real processes: what they see, how they start, fail, end and are told to end."""

import asyncio
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from understudy.runtimes.process import ProcessRuntime
from understudy.runtimes.runtime import Exited, InstanceSpec, StartFailed

pytestmark = pytest.mark.processes

PING_FAILED = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)

ASK = """
    import json, os
    def model_fn(model_dir): return model_dir
    def input_fn(body, content_type): return body
    def predict_fn(question, model): return eval(question)
    def output_fn(answer, accept): return json.dumps(answer)
"""
"""A model that answers with the value of the expression in the request."""


def is_alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status != "Z"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def failure(bench: Any, archive: Path | None, **fields: Any) -> tuple[str, float, str]:
    """Why an instance did not start, how long that took to know, and its log."""
    spec = bench.spec(archive, **fields)
    begun = time.monotonic()
    with pytest.raises(StartFailed) as raised:
        bench.run(bench.runtime.start(spec))
    log = spec.root / "log"
    return raised.value.reason, time.monotonic() - begun, log.read_text() if log.exists() else ""


def test_an_instance_sees_its_own_environment_and_nothing_of_the_hosts(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the host")
    instance = bench.start(bench.archive(ASK), environment={"GREETING": " hello $HOME"})
    seen = instance.ask("dict(os.environ)")
    assert seen["GREETING"] == " hello $HOME"
    assert seen["SAGEMAKER_PROGRAM"] == "inference.py"
    assert seen["SAGEMAKER_BIND_TO_PORT"] == str(instance.started.port)
    assert seen["HOME"] == str(instance.spec.root)
    assert not {"AWS_SECRET_ACCESS_KEY", "USER", "PYTHONPATH"} & seen.keys()
    instance.stop()


def test_an_instance_has_its_own_process_folder_and_port(bench: Any) -> None:
    archive = bench.archive(ASK)
    one, other = bench.start(archive), bench.start(archive)
    assert one.ask("os.getpid()") == one.started.pid != other.started.pid
    assert one.ask("os.getcwd()") == str(one.spec.root)
    assert one.started.port != other.started.port
    assert one.started.host == "127.0.0.1"
    one.ask("open('mark', 'w').write('x')")
    assert (one.spec.root / "mark").exists()
    assert not (other.spec.root / "mark").exists()
    one.stop()
    other.stop()


def test_an_instance_inherits_no_open_files_of_others(bench: Any) -> None:
    here = "('/proc/self/fd/' + number for number in os.listdir('/proc/self/fd'))"
    opened = f"[os.readlink(fd) for fd in {here} if os.path.lexists(fd)]"
    one = bench.start(bench.archive(ASK))
    other = bench.start(bench.archive(ASK))
    kinds = [
        sorted(file.split(":")[0].replace(each.spec.instance_id, "i") for file in each.ask(opened))
        for each in (one, other)
    ]
    assert kinds[0] == kinds[1]
    assert "anon_inode" in kinds[0]
    assert not any("pidfd" in file for file in other.ask(opened))
    one.stop()
    other.stop()


def test_what_the_code_prints_is_in_the_instances_log(bench: Any) -> None:
    code = ASK + "\n    import sys\n    print('from stdout'); print('from stderr', file=sys.stderr)"
    instance = bench.start(bench.archive(code))
    assert "from stdout\n" in instance.log
    assert "from stderr\n" in instance.log
    assert "serves for the image's 1.2-1" in instance.log
    instance.stop()


def test_a_second_start_in_the_same_folder_begins_anew_but_keeps_the_log(bench: Any) -> None:
    instance = bench.start(bench.archive(ASK, stale_txt=""))
    instance.stop()
    spec = bench.spec(bench.archive(ASK), root=instance.spec.root)
    before = instance.log
    bench.run(bench.runtime.start(spec))
    code = spec.root / "opt/ml/model/code"
    assert {file.name for file in code.iterdir()} == {"__pycache__", "inference.py"}
    assert instance.log.startswith(before)
    assert len(instance.log) > len(before)
    bench.run(bench.runtime.stop(spec.instance_id, 5))


def test_instances_draw_different_random_numbers(bench: Any) -> None:
    code = "\n    import random\n    import numpy as np" + ASK
    archive = bench.archive(code)
    one, other = bench.start(archive), bench.start(archive)
    for draw in ("random.random()", "float(np.random.rand())"):
        assert one.ask(draw) != other.ask(draw)
    one.stop()
    other.stop()


@pytest.mark.parametrize(("wanted", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, 2)])
def test_an_instance_computes_with_as_many_threads_as_its_container_says(
    bench: Any, wanted: dict[str, str], threads: int
) -> None:
    code = "\n    import threadpoolctl, sklearn.linear_model" + ASK
    instance = bench.start(bench.archive(code), environment=wanted)
    pools = instance.ask("[pool['num_threads'] for pool in threadpoolctl.threadpool_info()]")
    assert set(pools) == {threads}
    instance.stop()


def test_a_handler_may_run_its_own_event_loop(bench: Any) -> None:
    code = "\n    import asyncio" + ASK
    instance = bench.start(bench.archive(code))
    assert instance.ask("asyncio.run(asyncio.sleep(0, 'slept'))") == "slept"
    instance.stop()


@pytest.mark.parametrize(
    ("expression", "status", "body"),
    [
        pytest.param("1 / 0", 500, "division by zero", id="an exception is 500"),
        pytest.param("object()", 500, "Object of type object is not JSON", id="so is a bad answer"),
        pytest.param(
            "(_ for _ in ()).throw(GenericInferenceToolkitError(429, 'too fast'))",
            429,
            "too fast",
            id="an error of the toolkit has its own status",
        ),
        pytest.param(
            "decoder.decode('x', 'text/html')",
            415,
            "Content type text/html is not supported by this framework",
            id="an unsupported format is 415",
        ),
    ],
)
def test_a_request_that_fails_is_answered_and_logged(
    bench: Any, expression: str, status: int, body: str
) -> None:
    code = """
        from sagemaker_inference import decoder
        from sagemaker_inference.errors import GenericInferenceToolkitError
    """
    instance = bench.start(bench.archive(code.replace("        ", "    ") + ASK))
    answered, said = instance.invoke(expression)
    assert answered == status
    assert said.startswith(body)
    assert "Traceback" in instance.log
    assert body in instance.log
    assert instance.ask("1 + 1") == 2
    instance.stop()


@pytest.mark.parametrize(
    ("headers", "environment", "expected"),
    [
        ({}, {}, ["application/json", "application/json", "str"]),
        ({"accept": "*/*"}, {}, ["application/json", "application/json", "str"]),
        ({"content_type": "text/csv", "accept": "a/b"}, {}, ["text/csv", "a/b", "str"]),
        ({"content_type": "image/png"}, {}, ["image/png", "application/json", "bytes"]),
        (
            {},
            {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"},
            ["application/json", "text/csv", "str"],
        ),
    ],
)
def test_handlers_get_content_type_accept_and_text_as_in_the_toolkit(
    bench: Any, headers: dict[str, str], environment: dict[str, str], expected: list[str]
) -> None:
    code = """
        import json
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            return json.dumps([content_type, accept, type(body).__name__]), "text/seen"
    """
    instance = bench.start(bench.archive(code), environment=environment)
    status, answer = instance.invoke(b"1", **headers)
    assert (status, json.loads(answer)) == (200, expected)
    assert instance.content_type == "text/seen"
    instance.stop()


def test_one_worker_serves_one_request_at_a_time_and_several_serve_several(bench: Any) -> None:
    code = ASK + "\n    import time"
    archive = bench.archive(code)
    workers = {"SAGEMAKER_MODEL_SERVER_WORKERS": "3"}
    one, three = bench.start(archive), bench.start(archive, environment=workers)
    # Each request closes its connection, so the next one goes to any worker that is free.
    assert {one.ask("os.getpid()") for _ in range(5)} == {one.started.pid}
    bench.wait_for(
        lambda: three.log.count("serves for") == 1 and len(children(three.started.pid)) == 3
    )
    seen: set[int] = set()
    bench.wait_for(lambda: seen.add(three.ask("os.getpid()")) or len(seen) > 1)
    assert seen <= set(children(three.started.pid))
    pids = children(three.started.pid)
    three.stop()
    assert not any(is_alive(pid) for pid in pids)
    one.stop()


def test_an_instance_ends_when_one_of_its_workers_does(bench: Any) -> None:
    workers = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    instance = bench.start(bench.archive(ASK), environment=workers)
    bench.wait_for(lambda: len(children(instance.started.pid)) == 2)
    pids = children(instance.started.pid)
    os.kill(pids[0], signal.SIGKILL)
    exited = bench.wait_for(
        lambda: [e for e in bench.exits if e.instance_id == instance.spec.instance_id]
    )[0]
    assert exited.code == 1
    assert f"worker {pids[0]} ended with -9" in exited.log_tail[-1]
    assert not is_alive(pids[1])


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        pytest.param("def model_fn(:", "SyntaxError: invalid syntax (inference.py", id="syntax"),
        pytest.param(
            "import no_such_library",
            "ModuleNotFoundError: No module named 'no_such_library'",
            id="an import that fails",
        ),
        pytest.param(
            "def model_fn(model_dir): return open(model_dir + '/weights')",
            "FileNotFoundError: [Errno 2] No such file or directory: '",
            id="a model that does not load",
        ),
        pytest.param(
            "x = 1",
            "NotImplementedError: Please provide a model_fn implementation.",
            id="no model_fn",
        ),
        pytest.param(
            None,
            "NotImplementedError: Please provide a model_fn implementation.",
            id="no code",
        ),
        pytest.param(
            "def transform_fn(m, b, c, a): pass\ndef predict_fn(d, m): pass",
            "ValueError: Cannot use transform_fn implementation in conjunction with",
            id="transform_fn with another",
        ),
        pytest.param("import sys; sys.exit(3)", "SystemExit: 3", id="code that exits"),
        pytest.param("import os; os._exit(3)", "its process exited with 3", id="a silent exit"),
        pytest.param(
            "import os; os.kill(os.getpid(), 11)", "its process was ended by SIGSEGV", id="a crash"
        ),
    ],
)
def test_code_that_does_not_start_is_known_at_once_with_the_reason(
    bench: Any, code: str | None, detail: str
) -> None:
    reason, seconds, log = failure(bench, bench.archive(code))
    assert reason.startswith(PING_FAILED)
    assert detail.lower() in reason.lower()
    assert seconds < 2
    if "Error" in detail:
        assert "Traceback (most recent call last)" in log


def test_the_reason_is_the_one_that_a_worker_gives(bench: Any) -> None:
    environment = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    reason, _, _ = failure(bench, bench.archive("import no_such"), environment=environment)
    assert reason == f"{PING_FAILED} (ModuleNotFoundError: No module named 'no_such')"


def test_an_exit_is_told_even_if_the_folder_of_the_instance_is_gone(bench: Any) -> None:
    instance = bench.start(bench.archive(ASK))
    shutil.rmtree(instance.spec.root)
    os.kill(instance.started.pid, signal.SIGKILL)
    exited = bench.wait_for(
        lambda: [e for e in bench.exits if e.instance_id == instance.spec.instance_id]
    )
    assert exited == [Exited(instance.spec.instance_id, -9, ())]


def test_requirements_that_are_not_installed_are_the_reason(bench: Any) -> None:
    reason, _, _ = failure(bench, bench.archive(ASK, requirements_txt="numpy\nno-such-library\n"))
    assert "code/requirements.txt names no-such-library: not installed here" in reason
    bench.start(bench.archive(ASK, requirements_txt="numpy>=1.0\nscikit-learn==1.2.1\n")).stop()


def test_code_in_s3_is_refused_with_what_to_do(bench: Any) -> None:
    elsewhere = {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/sourcedir.tar.gz"}
    reason, _, _ = failure(bench, bench.archive(ASK), environment=elsewhere)
    assert "put the code into the folder code of model.tar.gz" in reason


def test_an_archive_that_is_not_there_is_the_reason(bench: Any) -> None:
    reason, _, _ = failure(bench, bench.folder / "none.tar.gz")
    assert reason.startswith('Failed to extract model data archive for container "container_1"')
    assert "there is no such file" in reason


def test_an_archive_that_is_none_is_the_reason(bench: Any) -> None:
    path = bench.folder / "bad.tar.gz"
    path.write_text("no archive")
    reason, _, _ = failure(bench, path)
    assert f'from URL "{path}". Please ensure that the object located at the URL is' in reason
    assert "not a readable .tar.gz" in reason


def test_an_image_that_cannot_run_is_the_reason_and_nothing_is_started(bench: Any) -> None:
    spec = bench.spec(None, image="example.com/llm:1")
    with pytest.raises(StartFailed, match="UNDERSTUDY_STAND_IN"):
        bench.run(bench.runtime.start(spec))
    assert not spec.root.exists()


def test_a_stand_in_that_is_asked_for_in_words_nobody_knows_does_not_start(bench: Any) -> None:
    reason, _, _ = failure(bench, None, image="x", environment={"UNDERSTUDY_STAND_IN": "fast"})
    assert "write a duration (200ms)" in reason


def test_a_model_that_never_answers_a_ping_fails_when_its_time_is_up(bench: Any) -> None:
    code = "import time, os\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    spec = bench.spec(bench.archive(code), timeout=0.7)
    with pytest.raises(StartFailed, match=r"did not answer a ping within 0\.7 s"):
        bench.run(bench.runtime.start(spec))
    pid = int((spec.root / "pid").read_text())
    bench.wait_for(lambda: not is_alive(pid))


def test_stopping_an_instance_that_starts_makes_the_start_fail(bench: Any) -> None:
    spec = bench.spec(bench.archive("import time\nopen('up', 'w')\ntime.sleep(1000)"))

    async def scenario() -> None:
        starting = asyncio.create_task(bench.runtime.start(spec))
        while not (spec.root / "up").exists():
            await asyncio.sleep(0.005)
        await bench.runtime.stop(spec.instance_id, 5)
        with pytest.raises(StartFailed, match="it was stopped while it started"):
            await starting

    bench.run(scenario())


def test_a_start_that_is_cancelled_leaves_nothing(bench: Any) -> None:
    code = "import time, os\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    spec = bench.spec(bench.archive(code))

    async def scenario() -> None:
        starting = asyncio.create_task(bench.runtime.start(spec))
        while not (spec.root / "pid").exists() or not (spec.root / "pid").read_text():
            await asyncio.sleep(0.005)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    bench.run(scenario())
    bench.wait_for(lambda: not is_alive(int((spec.root / "pid").read_text())))


def test_an_instance_is_stopped_without_an_exit_being_told(bench: Any) -> None:
    instance = bench.start(bench.archive(ASK))
    instance.stop()
    assert not is_alive(instance.started.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((instance.started.host, instance.started.port))
    assert instance.spec.instance_id not in {exited.instance_id for exited in bench.exits}
    instance.stop()  # It is gone already.


def test_an_instance_that_ignores_sigterm_is_killed_after_its_grace(bench: Any) -> None:
    instance = bench.start(bench.archive("\n    import time" + ASK))
    with socket.create_connection((instance.started.host, instance.started.port)) as busy:
        body = b"time.sleep(1000)"
        head = b"POST /invocations HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        busy.sendall(head + body)
        bench.wait_for(lambda: "sleep" in Path(f"/proc/{instance.started.pid}/wchan").read_text())
        begun = time.monotonic()
        instance.stop(grace=0.3)
    assert 0.3 <= time.monotonic() - begun < 2
    assert not is_alive(instance.started.pid)


def test_an_instance_that_ends_by_itself_is_told_of_with_the_end_of_its_log(bench: Any) -> None:
    instance = bench.start(bench.archive(ASK))
    with pytest.raises((ConnectionError, OSError)):
        instance.invoke("print('the last word') or os._exit(7)")
    exited = bench.wait_for(
        lambda: [e for e in bench.exits if e.instance_id == instance.spec.instance_id]
    )[0]
    assert exited.code == 7
    assert exited.log_tail[-1] == "the last word"
    instance.stop()


def test_what_an_instance_has_started_ends_with_it(bench: Any) -> None:
    instance = bench.start(bench.archive("\n    import subprocess" + ASK))
    helper = instance.ask("subprocess.Popen(['sleep', '1000']).pid")
    assert is_alive(helper)
    instance.stop()
    bench.wait_for(lambda: not is_alive(helper))


def test_stopping_many_at_once_stops_them_all(bench: Any) -> None:
    environment = {"UNDERSTUDY_STAND_IN": "1ms"}
    specs = [bench.spec(None, image="x", environment=environment) for _ in range(25)]

    async def scenario() -> None:
        started = await asyncio.gather(*(bench.runtime.start(spec) for spec in specs))
        await asyncio.gather(*(bench.runtime.stop(spec.instance_id, 5) for spec in specs))
        assert len({one.port for one in started}) == 25
        assert not any(is_alive(one.pid) for one in started)

    bench.run(scenario())


def test_closing_ends_everything_and_tells_of_no_exit(make_bench: Callable[..., Any]) -> None:
    bench = make_bench()
    environment = {"UNDERSTUDY_STAND_IN": "1ms"}
    pids = [bench.start(None, image="x", environment=environment).started.pid for _ in range(3)]
    (zygote,) = {int(Path(f"/proc/{pid}/stat").read_text().split()[3]) for pid in pids}
    bench.run(bench.runtime.close())
    assert not any(is_alive(pid) for pid in (*pids, zygote))
    assert bench.exits == []


def test_when_the_template_is_killed_its_instances_end_and_the_next_start_has_a_new_one(
    make_bench: Callable[..., Any],
) -> None:
    bench = make_bench()
    environment = {"UNDERSTUDY_STAND_IN": "1ms"}
    instance = bench.start(None, image="x", environment=environment)
    zygote = int(Path(f"/proc/{instance.started.pid}/stat").read_text().split()[3])
    os.kill(zygote, signal.SIGKILL)
    bench.wait_for(lambda: bench.exits)
    assert (bench.exits[0].instance_id, bench.exits[0].code) == (instance.spec.instance_id, -9)
    bench.wait_for(lambda: not is_alive(instance.started.pid))
    assert bench.start(None, image="x", environment=environment).ask()["stand_in"] is True


def test_the_runtime_has_the_shape_that_others_will_have() -> None:
    from understudy.runtimes.runtime import Runtime

    runtime: Runtime = ProcessRuntime(lambda _: None)
    methods = {name for name in vars(Runtime) if not name.startswith("_")}
    assert methods == {"warm", "start", "stop", "close"}
    assert all(callable(getattr(runtime, name)) for name in methods)
    assert Exited("i-1", -9, ()) != Exited("i-1", 0, ())
    assert InstanceSpec.__dataclass_params__.frozen
