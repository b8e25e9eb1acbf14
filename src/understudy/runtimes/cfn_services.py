"""The services of ``AWS::CloudFormation::Init``: run in the background, restarted on changes.

There is no init system. A service is a unit of systemd (its ``ExecStart`` is run), a script in
/etc/init.d, or a helper such as cfn-hup. What ends is not started again.
"""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.runtimes.roots import OWN_ROOT

UNITS = ("/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")
SCRIPTS, PIDS = Path("/var/lib/cfn-services"), Path("/var/lib/cfn-services.pids")
"""What runs each service, those that start with the instance executable; their process groups."""


@dataclass(slots=True)
class Changed:
    """What a run of cfn-init has changed."""

    packages: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    sources: set[str] = field(default_factory=set[str])
    files: set[str] = field(default_factory=set[str])
    commands: set[str] = field(default_factory=set[str])

    def concerns(self, service: Mapping[str, Any]) -> bool:
        """Whether a service names any of it, and so is to be restarted."""
        packages = {
            (kind, name) for kind, names in service.get("packages", {}).items() for name in names
        }
        return bool(
            packages & self.packages
            or self.sources & set(service.get("sources", ()))
            or self.files & set(service.get("files", ()))
            or self.commands & set(service.get("commands", ()))
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What a service runs, with its variables and its folder."""

    words: list[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: str | None = None


def look_after(services: Mapping[str, Mapping[str, Mapping[str, Any]]], changed: Changed) -> None:
    """Start, stop and restart services as they say."""
    for manager, known in services.items():
        for name, service in known.items():
            work = _what(name)
            if OWN_ROOT not in os.environ or work is None:
                why = "not known here" if work is None else "without a root of its own"
                print(f"cfn-init: services are passed over: {manager} {name} ({why})")
                continue
            _ensure(name, service, changed, work)


def _ensure(name: str, service: Mapping[str, Any], changed: Changed, work: Work) -> None:
    wanted = str(service.get("ensureRunning", "")).lower()
    script = _script(name, work)
    script.chmod(0o755 if str(service.get("enabled", "")).lower() == "true" else 0o644)
    running = _running(name)
    if running and (wanted == "false" or changed.concerns(service)):
        print(f"cfn-init: service {name} is stopped")
        os.killpg(running, signal.SIGTERM)
        running = 0
    if wanted == "true" and not running:
        print(f"cfn-init: service {name} is started: {shlex.join(work.words)}")
        subprocess.Popen(["/bin/sh", str(script)], start_new_session=True)


def _script(name: str, work: Work) -> Path:
    """Write what runs a service, and notes its process group."""
    for folder in (SCRIPTS, PIDS):
        folder.mkdir(parents=True, exist_ok=True)
    script = SCRIPTS / name
    exports = "".join(f"export {key}={shlex.quote(v)}\n" for key, v in work.environment.items())
    folder = f"cd {shlex.quote(work.folder)}\n" if work.folder else ""
    own = shlex.quote(str(PIDS / name))
    script.write_text(
        f"#!/bin/sh\n{exports}{folder}echo $$ > {own}\nexec {shlex.join(work.words)}\n"
    )
    return script


def _running(name: str) -> int:
    """The process group of a service that was started, 0 where it does not run."""
    with suppress(OSError, ValueError):
        group = int((PIDS / name).read_text())
        os.killpg(group, 0)
        return group
    return 0


def _what(name: str) -> Work | None:
    """What a service runs, None where it is not known."""
    for folder in UNITS:
        unit = Path(folder, f"{name.removesuffix('.service')}.service")
        if unit.is_file():
            return work_of(unit.read_text())
    helper, script = Path("/opt/aws/bin", name), Path("/etc/init.d", name)
    if helper.is_file():
        return Work([str(helper), "--no-daemon"])
    return Work([str(script), "start"]) if script.is_file() else None


def work_of(unit: str) -> Work | None:
    r"""What a unit of systemd runs, None without ``ExecStart``. man: systemd.service, systemd.exec.

    >>> work_of("[Service]\nEnvironment=A=1\nExecStart=-/bin/serve --all\n").words
    ['/bin/serve', '--all']
    """
    words: list[str] = []
    environment: dict[str, str] = {}
    folder: str | None = None
    for line in unit.splitlines():
        key, _, value = (each.strip() for each in line.partition("="))
        if key == "ExecStart":
            words = shlex.split(value.lstrip("-@:+!"))
        elif key == "Environment":
            environment |= dict(each.split("=", 1) for each in shlex.split(value) if "=" in each)
        elif key == "WorkingDirectory":
            folder = value
    return Work(words, environment, folder) if words else None
