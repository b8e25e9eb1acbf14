"""Real engines for tests: started by the command line, killed, started again."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import understudy
from understudy.app.examples import example
from understudy.testing.processes import descendants, is_running, reap, wait_for

STAND_IN = example("stand-in-endpoint/template.yaml")
QUICK = {"ServiceTime": "20ms", "MaxCapacity": "4", "TargetInvocationsPerInstance": "600"}
"""Parameters with which the stand-in answers at once."""
WAIT = {"Delay": 1, "MaxAttempts": 60}
"""For boto3's waiters, whose own delays are long."""

_SESSION = """
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver

driver = create_clidriver()

def run(command):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = driver.main(command)
    return code, said.getvalue()

print(json.dumps([run(each) for each in json.loads(sys.argv[1])]))
"""
SOURCE = str(Path(understudy.__file__).parents[1])
PATIENCE = 30.0
TOOL_PATIENCE = 300.0


def environment(**more: str) -> dict[str, str]:
    """The environment of the process with our package and, as credentials, anything."""
    return {
        **os.environ,
        "PYTHONPATH": SOURCE,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }


def understudy_command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "understudy", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env=environment(**options.pop("env", {})),
        **options,
    )


class RunningEngine:
    """An engine on a state folder, and clients of it."""

    def __init__(self, state: Path, *flags: str) -> None:
        self.state = state
        self.flags = flags
        self.port = 0
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def note(self) -> Mapping[str, Any]:
        """What the engine says of itself in its state folder."""
        return json.loads((self.state / "engine.json").read_bytes())

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.note["pid"])

    def up(self) -> str:
        """Start it, at the same port as before; what the command said."""
        done = understudy_command(
            "up", "--detach", "--port", str(self.port), "--state", self.state, *self.flags
        )
        assert done.returncode == 0, done.stderr
        self.port = int(self.note["endpoint"].rpartition(":")[2])
        return done.stdout

    def kill(self) -> None:
        """SIGKILL the engine alone; return when nothing of it is left."""
        pid = self.pid
        family = {pid} | descendants(pid)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(is_running, family)), what="something outlives the engine")
        reap()

    def down(self) -> None:
        """Stop it, if it runs."""
        understudy_command("down", "--state", self.state)
        reap()

    def client(self, service: str, region: str = "us-east-1", **options: Any) -> Any:
        """A boto3 client."""
        import boto3
        from botocore.config import Config

        key = service, region
        if key not in self._clients:
            settings: dict[str, Any] = {"s3": {"addressing_style": "path"}, **options}
            self._clients[key] = boto3.client(  # pyright: ignore[reportUnknownMemberType]
                service,  # pyright: ignore[reportArgumentType, reportCallIssue]
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - anything will do
                config=Config(retries={"total_max_attempts": 1}, **settings),
            )
        return self._clients[key]

    def aws(
        self, *arguments: str | Path, patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """Run the aws CLI against it."""
        program = str(Path(sys.executable).with_name("aws"))
        return self._tool(program, *map(str, arguments), patience=patience)

    def aws_session(self, *commands: list[str]) -> list[tuple[int, str]]:
        """Run commands of the aws CLI one after the other, in one process of its own.

        Of each its exit code and all that it printed.
        """
        written = json.dumps(commands)
        done = self._tool(sys.executable, "-c", _SESSION, written, patience=TOOL_PATIENCE)
        assert done.returncode == 0, done.stderr
        return [(code, said) for code, said in json.loads(done.stdout)]

    def cdk(self, program: str, *arguments: str, cwd: Path) -> str:
        """Run the CDK CLI against it, which has to succeed; all that it said."""
        quiet = {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
        done = self._tool(program, *arguments, patience=TOOL_PATIENCE, cwd=cwd, CI="1", **quiet)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sam(self, program: str, *arguments: str, cwd: Path) -> str:
        """Run the SAM CLI against it, which has to succeed; its answer."""
        quiet = {"SAM_CLI_TELEMETRY": "0", "HOME": str(cwd)}
        done = self._tool(program, *arguments, patience=TOOL_PATIENCE, cwd=cwd, CI="1", **quiet)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _tool(
        self, program: str, *arguments: str, patience: float, cwd: Path | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
            env=environment(AWS_ENDPOINT_URL=self.endpoint, **more),
        )

    def create_stack(self, name: str, **values: str) -> None:
        """Begin to create a stack with a stand-in endpoint."""
        self.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=STAND_IN.read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in (QUICK | values).items()
            ],
        )

    def created(self, name: str) -> dict[str, str]:
        """Wait until a stack is complete; its outputs."""
        api = self.client("cloudformation")
        api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
        (stack,) = api.describe_stacks(StackName=name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def invoke(self, endpoint: str, body: bytes = b"{}") -> bytes:
        """Invoke an endpoint; its answer."""
        runtime = self.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType="application/json"
        )
        return answer["Body"].read()

    def serves(self, endpoint: str) -> bool:
        """Whether an endpoint answers."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return bool(self.invoke(endpoint))
        except (BotoCoreError, ClientError):
            return False

    def status(self) -> Mapping[str, Any]:
        """What it says of itself over HTTP."""
        url = f"{self.endpoint}/_understudy/status"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())

    def log(self) -> str:
        """Its log."""
        return (self.state / "engine.log").read_text()


class Command:
    """A command of the command line under way, in a process group as a terminal gives it."""

    def __init__(self, *arguments: str | Path, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "understudy", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
            cwd=folder,
            env=environment(TMPDIR=str(self.temporary)),
        )
        self.said = ""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def until(self, text: str) -> None:
        """Read what it says until a line has some text in it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line
            if text in line:
                return
        raise AssertionError(f"it never said {text!r}, but:\n{self.said}")

    def signal(self, number: int) -> None:
        """Signal it as a terminal does: the whole group."""
        os.killpg(self.pid, number)

    def ended(self, seconds: float = 60.0) -> int:
        """Wait for its end; its exit code."""
        rest, _ = self._process.communicate(timeout=seconds)
        self.said += rest
        return self._process.returncode

    def close(self) -> None:
        """End it, however it stands."""
        self._process.kill()
        self._process.communicate()
