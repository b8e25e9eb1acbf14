"""What ``AWS::CloudFormation::Init`` has an instance do, in AWS's order.

Packages, groups, users, sources, files, commands, services. AWS: AWS::CloudFormation::Init;
AWS::CloudFormation::Authentication.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from understudy.base.hosts import host_of, object_at
from understudy.runtimes import cfn_services, cfn_users
from understudy.runtimes.cfn_services import Changed

Config = Mapping[str, Any]
LINK = "120"
"""How the mode of a symbolic link begins."""
KEPT = re.compile("AWS_|HOST$|PORT")
"""The variables that a command with an environment of its own sees too: where all is."""

_TAG = re.compile(r"\{\{\{\s*([\w.-]+)\s*\}\}\}|\{\{\s*&?\s*([\w.-]+)\s*\}\}")


class BootstrapError(Exception):
    """A helper gives up, and why."""


def configs_of(whole: Config, sets: list[str]) -> list[str]:
    """The names of the configurations in some config sets, in order; ``config`` without sets.

    >>> configs_of({"configSets": {"a": ["1", {"ConfigSet": "b"}], "b": "2"}}, ["a"])
    ['1', '2']
    """
    known: Mapping[str, str | list[str | dict[str, str]]] = whole.get("configSets", {})
    if not known:
        return ["config"]
    found: list[str] = []
    for name in sets:
        if name not in known:
            raise BootstrapError(f"there is no config set {name}")
        entries = known[name]
        for entry in [entries] if isinstance(entries, str) else entries:
            found += [entry] if isinstance(entry, str) else configs_of(whole, [entry["ConfigSet"]])
    return found


def carry_out(config: Config, credentials: Config, client: Callable[[], Any]) -> None:
    """Do what a configuration says. ``client`` makes a client of S3. Raises BootstrapError."""
    changed = Changed()
    fetch = _Fetch(credentials, client)
    cfn_users.look_for_packages(config.get("packages", {}), changed)
    cfn_users.add_groups(config.get("groups", {}))
    cfn_users.add_users(config.get("users", {}))
    for folder, url in config.get("sources", {}).items():
        _unpack(fetch(url), Path(folder))
        changed.sources.add(folder)
    for path, file in config.get("files", {}).items():
        if _write(Path(path), file, fetch):
            changed.files.add(path)
    for name, command in sorted(config.get("commands", {}).items()):
        if _run(name, command):
            changed.commands.add(name)
    cfn_services.look_after(config.get("services", {}), changed)


class _Fetch:
    """Gets what a URL names: objects of S3 from the engine, all else from where it is."""

    def __init__(self, credentials: Config, client: Callable[[], Any]) -> None:
        self._credentials = credentials
        self._client = client

    def __call__(self, url: str) -> bytes:
        host = host_of(urlsplit(url).hostname or "")
        where = object_at(url) if "s3" in (host.endpoint_prefix, urlsplit(url).scheme) else None
        if where is not None:
            return self._client().get_object(**where)["Body"].read()
        request = urllib.request.Request(url, headers=self._headers(url))  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as found:  # noqa: S310
            return found.read()

    def _headers(self, url: str) -> dict[str, str]:
        for each in self._credentials.values():
            if each.get("type", "").lower() == "basic" and any(
                url.startswith(uri) for uri in each.get("uris", ())
            ):
                said = f"{each.get('username', '')}:{each.get('password', '')}".encode()
                return {"Authorization": f"Basic {base64.b64encode(said).decode()}"}
        return {}


def _unpack(content: bytes, folder: Path) -> None:
    """Unpack an archive: tar, with whatever it is compressed, or zip."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile() as archive:
        archive.write(content)
        archive.flush()
        if zipfile.is_zipfile(archive.name):
            shutil.unpack_archive(archive.name, folder, "zip")
            return
        with tarfile.open(archive.name) as tar:
            tar.extractall(folder, filter="data")


def _write(path: Path, file: Mapping[str, Any], fetch: Callable[[str], bytes]) -> bool:
    """Write a file; whether it is another than before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = str(file.get("mode", "000644"))
    content = fetch(file["source"]) if "source" in file else _content(file)
    if "context" in file:
        content = filled(content.decode(), file["context"]).encode()
    if mode.startswith(LINK) and len(mode) == len("120644"):
        target = content.decode().strip()
        changed = not path.is_symlink() or str(path.readlink()) != target
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        return changed
    changed = not path.is_file() or path.read_bytes() != content
    path.write_bytes(content)
    path.chmod(int(mode[-4:], 8))
    if "owner" in file:
        shutil.chown(path, user=file["owner"])
    if "group" in file:
        shutil.chown(path, group=file["group"])
    return changed


def _content(file: Mapping[str, Any]) -> bytes:
    content = file.get("content", "")
    if not isinstance(content, str):
        return json.dumps(content, indent=2).encode()
    if file.get("encoding") == "base64":
        return base64.b64decode(content)
    return content.encode()


def filled(text: str, context: Mapping[str, Any]) -> str:
    """A Mustache template with its variables filled in. Of Mustache that is all there is here.

    >>> filled("{{name}} at {{{ place.city }}}", {"name": "x", "place": {"city": "y"}})
    'x at y'
    """

    def value(found: re.Match[str]) -> str:
        value: Any = context
        for part in (found[1] or found[2]).split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return str(value)  # pyright: ignore[reportUnknownArgumentType]

    return _TAG.sub(value, text)


def _run(name: str, command: Mapping[str, Any]) -> bool:
    """Run a command if its test says so; whether it ran. Raises BootstrapError."""
    environment = dict(os.environ)
    if "env" in command:
        kept = {key: value for key, value in environment.items() if KEPT.match(key)}
        environment = kept | {key: str(value) for key, value in command["env"].items()}
    folder = command.get("cwd")

    def code(words: str | list[str]) -> int:
        shell = isinstance(words, str)
        return subprocess.run(
            words, shell=shell, env=environment, cwd=folder, check=False
        ).returncode

    if "test" in command and code(command["test"]) != 0:
        print(f"cfn-init: command {name} is not run: its test says no")
        return False
    ended = code(command["command"])
    if ended != 0 and str(command.get("ignoreErrors", "false")).lower() != "true":
        raise BootstrapError(f"command {name} ended with code {ended}")
    return True
