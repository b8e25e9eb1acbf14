"""Synthesising a CDK app without the CDK CLI: running it, with what the CLI would have told it.

AWS: Configure and perform CDK stack synthesis; cloud assembly.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from understudy.app.failures import Failed
from understudy.base.diagnostic import Diagnostic, InvalidInput

LINES = "construct-lines.json"
_RUNNER = Path(__file__).with_name("construct_lines.py")
_CONTEXT = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:bundling-stacks": ["**"],
}
"""What the CDK CLI passes to every app."""
_TAIL = 20


def is_cdk(path: Path) -> bool:
    """Whether a path is a CDK app: a Python script, a cdk.json, or a synthesised folder."""
    return path.suffix == ".py" or path.name == "cdk.json" or (path / "manifest.json").exists()


def synthesised(path: Path, account: str, region: str, context: Mapping[str, str]) -> Path:
    """The cloud assembly of a CDK app, a folder; one that is synthesised already as it is.

    Raises InvalidInput where the app cannot be run, and Failed, with what it wrote, where it fails.
    """
    if path.is_dir():
        return path
    if not path.exists():
        raise InvalidInput((Diagnostic(f"{path}: there is no such file.", action="name an app"),))
    folder = path.resolve().parent
    settings = _settings(folder)
    out = folder / str(settings.get("output", "cdk.out"))
    command = _command(path, settings)
    done = _run(command, folder, _environment(folder, settings, out, account, region, context))
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Failed(f"{shlex.join(command)} failed", ["\n".join(lines[-_TAIL:])])
    if not (out / "manifest.json").exists():
        missing = f"{path} ran, but wrote no cloud assembly to {out}."
        raise InvalidInput((Diagnostic(missing, action="end the app with app.synth()"),))
    return out


def _settings(folder: Path) -> dict[str, Any]:
    """The project's cdk.json. Raises InvalidInput where it is no JSON."""
    return _json(folder / "cdk.json")


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidInput((Diagnostic(f"{path} is no JSON: {error}."),)) from error


def _command(path: Path, settings: Mapping[str, Any]) -> list[str]:
    """How the app is run. A Python app is run through `construct_lines`."""
    if path.suffix == ".py":
        return [sys.executable, str(_RUNNER), path.name]
    command = shlex.split(str(settings.get("app", "")))
    if not command:
        raise InvalidInput((Diagnostic(f"{path} has no app.", action='add "app": "..."'),))
    is_python = Path(command[0]).name.startswith("python")
    if is_python and len(command) > 1 and command[1].endswith(".py"):
        return [command[0], str(_RUNNER), *command[1:]]
    return command


def _environment(
    folder: Path,
    settings: Mapping[str, Any],
    out: Path,
    account: str,
    region: str,
    context: Mapping[str, str],
) -> dict[str, str]:
    looked_up = _json(folder / "cdk.context.json")
    whole = {**_CONTEXT, **looked_up, **settings.get("context", {}), **context}
    return {
        **os.environ,
        "CDK_OUTDIR": str(out),
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": region,
        "CDK_CONTEXT_JSON": json.dumps(whole),
        "CDK_CLI_VERSION": "2.1148.1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "UNDERSTUDY_LINES": str(out / LINES),
    }


def _run(
    command: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        why = f"{command[0]} cannot be run: {error.strerror}."
        raise InvalidInput((Diagnostic(why, action="check the app of cdk.json"),)) from error
