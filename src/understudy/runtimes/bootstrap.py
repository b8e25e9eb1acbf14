"""What aws-cfn-bootstrap provides on an instance: cfn-init, cfn-signal, cfn-get-metadata, cfn-hup.

Run as ``python -m understudy.runtimes.bootstrap NAME ARGUMENTS``.

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

from understudy.runtimes.cfn_init import BootstrapError, carry_out, configs_of

INIT = "AWS::CloudFormation::Init"
AUTHENTICATION = "AWS::CloudFormation::Authentication"


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(name)
    parser.add_argument("-s", "--stack", default="")
    parser.add_argument("-r", "--resource", default="")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    parser.add_argument("--url", default=os.environ.get("AWS_ENDPOINT_URL"))
    parser.add_argument("--role", default="")
    parser.add_argument("-v", "--verbose", action="store_true")
    _identify(parser)
    return parser


def _identify(parser: argparse.ArgumentParser) -> None:
    """The options that say who asks, and through which proxy: nobody is refused here."""
    for name in ("--access-key", "--secret-key", "--http-proxy", "--https-proxy"):
        parser.add_argument(name, default="")
    parser.add_argument("-f", "--credential-file", default="")


def _client(service: str, region: str, url: str | None) -> Any:
    from botocore.session import Session

    return Session().create_client(service, region_name=region, endpoint_url=url)  # pyright: ignore[reportUnknownMemberType, reportArgumentType, reportCallIssue]


def _cloudformation(region: str, url: str | None) -> Any:
    return _client("cloudformation", region, url)


def _resource(client: Any, stack: str, resource: str) -> dict[str, Any]:
    """A resource's metadata and physical id, under the names that hooks have for them."""
    found = client.describe_stack_resource(StackName=stack, LogicalResourceId=resource)
    detail = found["StackResourceDetail"]
    return {**detail, "Metadata": json.loads(detail.get("Metadata") or "{}")}


def _metadata(client: Any, stack: str, resource: str) -> dict[str, Any]:
    return _resource(client, stack, resource)["Metadata"]


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
    parser.add_argument("--role", default="")
    _identify(parser)
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
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    client = _cloudformation(given.region, given.url)
    metadata = _metadata(client, given.stack, given.resource)
    whole = metadata.get(INIT)
    if whole is None:
        raise BootstrapError(f"{given.resource} has no metadata {INIT}")
    for name in configs_of(whole, given.configsets.split(",")):
        print(f"cfn-init: config {name}")
        carry_out(
            whole[name],
            metadata.get(AUTHENTICATION, {}),
            lambda: _client("s3", given.region, given.url),
        )
    return 0


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
    """cfn-hup: look for changed metadata, and run the hooks' actions; in the background.

    Hooks are in ``cfn-hup.conf`` and ``hooks.d`` of /etc/cfn (``--config``). The interval passes in
    world time.
    """
    parser = argparse.ArgumentParser("cfn-hup")
    parser.add_argument("-c", "--config", default="/etc/cfn")
    parser.add_argument("--no-daemon", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args(arguments)
    main_section, hooks = _hooks(Path(given.config))
    if not given.no_daemon and os.fork():
        return 0
    region = main_section.get("region", os.environ.get("AWS_REGION", "us-east-1"))
    client = _cloudformation(region, os.environ.get("AWS_ENDPOINT_URL"))
    speed = float(os.environ.get("UNDERSTUDY_SPEED", "1"))
    seen: dict[str, Any] = {}
    while True:
        for name, hook in hooks.items():
            try:
                _follow(client, main_section["stack"], name, hook, seen)
            except Exception as error:  # It looks again at the next interval.
                print(f"cfn-hup: {name}: {error}")
        time.sleep(float(main_section.get("interval", "15")) * 60 / speed)


def _hooks(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    from configparser import ConfigParser

    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read([folder / "cfn-hup.conf", *sorted((folder / "hooks.d").glob("*.conf"))])
    hooks = {name: dict(parser[name]) for name in parser.sections() if name != "main"}
    return dict(parser["main"]), hooks


def _follow(
    client: Any, stack: str, name: str, hook: Mapping[str, str], seen: dict[str, Any]
) -> None:
    """Run a hook's action if what is at its path has changed as its triggers say."""
    parts = hook["path"].split(".")
    found: Any = _resource(client, stack, parts[1])
    for part in parts[2:]:
        found = found.get(part, {})
    before = seen.setdefault(name, found)
    seen[name] = found
    happened = f"post.{'add' if not before else 'update' if found else 'remove'}"
    triggers = hook.get("triggers", "").replace(",", " ").split()
    if found != before and happened in triggers:
        print(f"cfn-hup: {name}: {happened}")
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
