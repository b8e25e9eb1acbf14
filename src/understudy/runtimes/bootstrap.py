"""What aws-cfn-bootstrap provides on an instance: cfn-init, cfn-signal, cfn-get-metadata, cfn-hup.

Run as ``python -m understudy.runtimes.bootstrap NAME ARGUMENTS``. Of ``AWS::CloudFormation::Init``
files, commands, and sources of plain archives are carried out; packages, users, groups and services
are those of an operating system of its own, and are named in the log as passed over.

AWS: CloudFormation helper scripts reference; AWS::CloudFormation::Init.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

INIT = "AWS::CloudFormation::Init"
PASSED_OVER = ("packages", "groups", "users", "services")
Config = Mapping[str, Any]


class BootstrapError(Exception):
    """A helper gives up, and why."""


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(name)
    parser.add_argument("-s", "--stack", default="")
    parser.add_argument("-r", "--resource", default="")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    parser.add_argument("--url", default=os.environ.get("AWS_ENDPOINT_URL"))
    parser.add_argument("--role", default="")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser


def _cloudformation(region: str, url: str | None) -> Any:
    from botocore.session import Session

    return Session().create_client("cloudformation", region_name=region, endpoint_url=url)  # pyright: ignore[reportUnknownMemberType]


def _metadata(client: Any, stack: str, resource: str) -> dict[str, Any]:
    found = client.describe_stack_resource(StackName=stack, LogicalResourceId=resource)
    return json.loads(found["StackResourceDetail"].get("Metadata") or "{}")


def signal(arguments: list[str]) -> int:
    """cfn-signal: to a resource with a creation policy, or to a wait condition's handle."""
    parser = argparse.ArgumentParser("cfn-signal")
    parser.add_argument("-s", "--success", default="true")
    parser.add_argument("-e", "--exit-code", type=int, default=0)
    parser.add_argument("-r", "--reason", default="")
    parser.add_argument("-d", "--data", default="")
    parser.add_argument("-i", "--id", default=os.environ.get("INSTANCE_ID", "understudy"))
    parser.add_argument("--stack", default="")
    parser.add_argument("--resource", default="")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    parser.add_argument("--url", default=os.environ.get("AWS_ENDPOINT_URL"))
    parser.add_argument("handle", nargs="?", default="")
    given = parser.parse_args(arguments)
    good = given.success.lower() == "true" and given.exit_code == 0
    status = "SUCCESS" if good else "FAILURE"
    if given.handle:
        _put(given.handle, status, given.reason, given.id, given.data)
        return 0
    if not given.stack or not given.resource:
        raise BootstrapError("cfn-signal needs --stack and --resource, or a handle's URL")
    _cloudformation(given.region, given.url).signal_resource(
        StackName=given.stack,
        LogicalResourceId=given.resource,
        UniqueId=given.id,
        Status=status,
    )
    return 0


def _put(url: str, status: str, reason: str, identity: str, data: str) -> None:
    body = {"Status": status, "Reason": reason, "UniqueId": identity, "Data": data}
    with _opened(url, json.dumps(body).encode(), "PUT"):
        """The answer says nothing."""


def _opened(url: str, body: bytes | None = None, method: str = "GET") -> Any:
    """A request to an address that a template names."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method=method)  # noqa: S310
    return urllib.request.urlopen(request, timeout=60)  # noqa: S310


def init(arguments: list[str]) -> int:
    """cfn-init: carry out the configuration in a resource's metadata."""
    parser = _parser("cfn-init")
    parser.add_argument("-c", "--configsets", default="default")
    given = parser.parse_args(arguments)
    client = _cloudformation(given.region, given.url)
    whole = _metadata(client, given.stack, given.resource).get(INIT)
    if whole is None:
        raise BootstrapError(f"{given.resource} has no metadata {INIT}")
    for name in _configs(whole, given.configsets.split(",")):
        print(f"cfn-init: config {name}")
        _carry_out(whole[name])
    return 0


def _configs(whole: Config, sets: list[str]) -> list[str]:
    """The names of the configurations in some config sets, in order; ``config`` without sets."""
    known: Mapping[str, list[str | dict[str, str]]] = whole.get("configSets", {})
    if not known:
        return ["config"]
    found: list[str] = []
    for name in sets:
        if name not in known:
            raise BootstrapError(f"there is no config set {name}")
        for entry in known[name]:
            found += [entry] if isinstance(entry, str) else _configs(whole, [entry["ConfigSet"]])
    return found


def _carry_out(config: Config) -> None:
    for part in PASSED_OVER:
        if config.get(part):
            print(f"cfn-init: {part} are passed over: {', '.join(config[part])}")
    for folder, url in config.get("sources", {}).items():
        _unpack(url, Path(folder))
    for path, file in config.get("files", {}).items():
        _write(Path(path), file)
    for name, command in sorted(config.get("commands", {}).items()):
        _run(name, command)


def _unpack(url: str, folder: Path) -> None:
    import shutil
    import tempfile

    folder.mkdir(parents=True, exist_ok=True)
    suffix = ".zip" if url.endswith(".zip") else ".tar.gz"
    with tempfile.NamedTemporaryFile(suffix=suffix) as archive:
        with _opened(url) as source:
            shutil.copyfileobj(source, archive)
        archive.flush()
        shutil.unpack_archive(archive.name, folder, filter=None if suffix == ".zip" else "data")


def _write(path: Path, file: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if "source" in file:
        with _opened(file["source"]) as source:
            path.write_bytes(source.read())
    else:
        content = file.get("content", "")
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    path.chmod(int(str(file.get("mode", "000644"))[-3:], 8))


def _run(name: str, command: Mapping[str, Any]) -> None:
    environment = {**os.environ, **command.get("env", {})}
    folder = command.get("cwd")
    if "test" in command:
        test = subprocess.run(command["test"], shell=True, env=environment, cwd=folder, check=False)  # noqa: S602
        if test.returncode != 0:
            return
    words = command["command"]
    shell = isinstance(words, str)
    done = subprocess.run(words, shell=shell, env=environment, cwd=folder, check=False)
    if done.returncode != 0 and str(command.get("ignoreErrors", "false")).lower() != "true":
        raise BootstrapError(f"command {name} ended with code {done.returncode}")


def get_metadata(arguments: list[str]) -> int:
    """cfn-get-metadata: a resource's metadata, or a part of it, as JSON."""
    parser = _parser("cfn-get-metadata")
    parser.add_argument("-k", "--key", default="")
    given = parser.parse_args(arguments)
    client = _cloudformation(given.region, given.url)
    found: Any = _metadata(client, given.stack, given.resource)
    for part in given.key.split(".") if given.key else ():
        found = found[part]
    print(json.dumps(found, indent=4))
    return 0


def hup(arguments: list[str]) -> int:
    """cfn-hup: look for changed metadata, and run the hooks' actions. It stays in the foreground.

    Hooks are in ``cfn-hup.conf`` and ``hooks.d`` of /etc/cfn (``--config``).
    """
    parser = argparse.ArgumentParser("cfn-hup")
    parser.add_argument("-c", "--config", default="/etc/cfn")
    parser.add_argument("--no-daemon", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    folder = Path(parser.parse_args(arguments).config)
    main_section, hooks = _hooks(folder)
    client = _cloudformation(
        main_section.get("region", os.environ.get("AWS_REGION", "us-east-1")),
        os.environ.get("AWS_ENDPOINT_URL"),
    )
    seen: dict[str, str] = {}
    while True:
        for name, hook in hooks.items():
            _follow(client, main_section["stack"], name, hook, seen)
        time.sleep(float(main_section.get("interval", "15")) * 60)


def _hooks(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    from configparser import ConfigParser

    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read([folder / "cfn-hup.conf", *sorted((folder / "hooks.d").glob("*.conf"))])
    hooks = {name: dict(parser[name]) for name in parser.sections() if name != "main"}
    return dict(parser["main"]), hooks


def _follow(
    client: Any, stack: str, name: str, hook: Mapping[str, str], seen: dict[str, str]
) -> None:
    """Run a hook's action if the metadata at its path is another than at the last look."""
    parts = hook["path"].split(".")
    resource = parts[1]
    found: Any = {"Metadata": _metadata(client, stack, resource)}
    for part in parts[2:]:
        found = found.get(part, {})
    now = json.dumps(found, sort_keys=True)
    if seen.setdefault(name, now) != now:
        seen[name] = now
        subprocess.run(hook["action"], shell=True, check=False)  # noqa: S602


HELPERS = {
    "cfn-init": init,
    "cfn-signal": signal,
    "cfn-get-metadata": get_metadata,
    "cfn-hup": hup,
}


def main() -> int:
    """Run a helper by its name; what it could not do is said on standard error."""
    name, arguments = sys.argv[1], sys.argv[2:]
    try:
        return HELPERS[name](arguments)
    except Exception as error:  # The script that called it has to see a code.
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
