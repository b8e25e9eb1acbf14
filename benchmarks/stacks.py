"""Stacks of light resources: created, updated, looked at and deleted, against moto and ministack.

    python benchmarks/stacks.py [SIZE ...]

All three answer the same boto3 client on this machine, one after the other. A third of a stack's
resources each are SNS topics, SQS queues and SSM parameters, beside a few IAM roles. Figures are
seconds as the client sees them / seconds of CPU that the server uses, and the latter as multiples
of ours: on a busy machine the wall clock says little. Peers that cannot do a row show why.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from understudy.runtimes.addresses import free_port
from understudy.testing.processes import cpu_seconds, family, listens, wait_for

SIZES = (10, 100, 500)
PEERS = Path(os.environ.get("UNDERSTUDY_BENCH_PEERS", ".bench-venv/bin"))
LOOK_SECONDS = 0.005
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "a"}, "Action": "*"}]}
ACKNOWLEDGED = {"Capabilities": ["CAPABILITY_IAM"]}
ENVIRONMENT = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def template(size: int, word: str = "v") -> str:
    """A template; ``word`` is the value of the parameter in its middle."""
    resources: dict[str, Any] = {}
    for n in range(size):
        if n % 20 == 19:
            properties: dict[str, Any] = {"AssumeRolePolicyDocument": TRUST}
            resources[f"R{n}"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        elif n % 3 == 0:
            resources[f"T{n}"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"{n}"}}
        elif n % 3 == 1:
            resources[f"Q{n}"] = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}}
        else:
            value = word if n // 3 == size // 6 else "v"
            properties = {"Name": f"p{size}-{n}", "Type": "String", "Value": value}
            resources[f"P{n}"] = {"Type": "AWS::SSM::Parameter", "Properties": properties}
    return json.dumps({"Resources": resources}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and of the server's CPU."""

    wall: float
    cpu: float


class Rows:
    """What one server does for us. A row is a name and what it costs."""

    def __init__(self, endpoint: str, pid: int) -> None:
        self.pid = pid
        self.api: Any = boto3.client(
            "cloudformation",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=300),
        )

    def settled(self, name: str, wanted: str) -> None:
        """Wait for a status, or for the stack to be gone."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                status = self.api.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            except ClientError:
                status = "DELETE_COMPLETE"
            if status == wanted:
                return
            if "ROLLBACK" in status or "FAILED" in status:
                raise RuntimeError(status)
            time.sleep(LOOK_SECONDS)  # Each look costs the server CPU, which is measured.
        raise RuntimeError(f"{name} is still not {wanted}")

    def create(self, name: str, size: int) -> None:
        """Create a stack."""
        self.api.create_stack(StackName=name, TemplateBody=template(size), **ACKNOWLEDGED)
        self.settled(name, "CREATE_COMPLETE")

    def delete(self, name: str) -> None:
        """Delete a stack."""
        self.api.delete_stack(StackName=name)
        self.settled(name, "DELETE_COMPLETE")

    def update(self, name: str, size: int) -> None:
        """Change one resource of a stack."""
        body = template(size, "w")
        self.api.update_stack(StackName=name, TemplateBody=body, **ACKNOWLEDGED)
        self.settled(name, "UPDATE_COMPLETE")

    def events(self, name: str) -> None:
        """Read all events of a stack, page by page."""
        pages = self.api.get_paginator("describe_stack_events").paginate(StackName=name)
        if not sum(len(page["StackEvents"]) for page in pages):
            raise RuntimeError("no events")

    def change_set(self, name: str, size: int) -> None:
        """Plan a change of one resource."""
        call = {"StackName": name, "ChangeSetName": "c", "TemplateBody": template(size, "x")}
        identity = self.api.create_change_set(**call, **ACKNOWLEDGED)["Id"]
        self.api.describe_change_set(ChangeSetName=identity)

    def timed(self, work: Callable[..., object], *given: object) -> Cost | str:
        """What a piece of work costs, or why it cannot be done."""
        start, before = time.perf_counter(), cpu_seconds(family(self.pid))
        try:
            work(*given)
        except (ClientError, BotoCoreError, RuntimeError) as error:
            return type(error).__name__
        return Cost(time.perf_counter() - start, cpu_seconds(family(self.pid)) - before)

    def measured(self, sizes: list[int]) -> Iterator[tuple[str, Cost | str]]:
        """All rows, after a first small stack that makes the server load what it needs."""
        timed = self.timed
        timed(self.create, "warm", 20)
        timed(self.delete, "warm")
        for size in sizes:
            name = f"bench-{size}"
            yield f"create {size}", timed(self.create, name, size)
            if size == max(sizes):
                yield f"change set of 1 in {size}", timed(self.change_set, name, size)
                yield f"update 1 of {size}", timed(self.update, name, size)
                yield f"all events of {size}", timed(self.events, name)
            yield f"delete {size}", timed(self.delete, name)


@contextmanager
def served(*command: str, **environment: str) -> Iterator[int]:
    """A server for as long as it is measured."""
    process = subprocess.Popen(
        command,
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print a table with a column for each server."""
    sizes = [int(each) for each in sys.argv[1:]] or [*SIZES]
    folder = tempfile.mkdtemp(prefix="stacks-")
    columns: dict[str, dict[str, Cost | str]] = {}
    for name, start in (
        ("understudy", lambda p: served(
            sys.executable, "-m", "understudy", "up", "--port", p, "--state", f"{folder}/state")),
        ("moto_server", lambda p: served(str(PEERS / "moto_server"), "-p", p)),
        ("ministack", lambda p: served(str(PEERS / "ministack"), GATEWAY_PORT=p)),
    ):  # fmt: skip
        port = free_port("127.0.0.1")
        with start(str(port)) as pid:
            wait_for(lambda port=port: listens(port), 120)
            columns[name] = dict(Rows(f"http://127.0.0.1:{port}", pid).measured(sizes))
    shutil.rmtree(folder, ignore_errors=True)
    report(columns)


def report(columns: dict[str, dict[str, Cost | str]]) -> None:
    """The table: seconds by the clock / of CPU, and how many times our CPU in brackets."""
    ours = columns["understudy"]
    print(f"{'':22}" + "".join(f"{name:>26}" for name in columns))
    for row, own in ours.items():
        cells = [cell(found.get(row, "-"), own) for found in columns.values()]
        print(f"{row:22}" + "".join(f"{each:>26}" for each in cells))


def cell(found: Cost | str, own: Cost | str) -> str:
    """One figure of the table."""
    if isinstance(found, str):
        return found
    ratio = f" ({found.cpu / own.cpu:.2f}x)" if isinstance(own, Cost) and own.cpu else ""
    return f"{found.wall:.2f} / {found.cpu:.2f} s{ratio}"


if __name__ == "__main__":
    main()
