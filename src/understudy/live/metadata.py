"""The instance metadata service, versions 1 and 2, of one instance.

AWS: Use the Instance Metadata Service to access instance metadata; Instance metadata categories.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from understudy.base.arn import ACCOUNT
from understudy.control.events import Launch
from understudy.control.machine import Machine

TOKEN, TTL = "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds"
CREDENTIALS_SECONDS = 6 * 3600
LONGEST = 21_600


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the service. ``path`` begins with ``latest/``; names of headers are lower."""

    method: str
    path: str
    headers: dict[str, str]


def answer(launch: Launch, machine: Machine, asked: Asked, now: float) -> tuple[int, str]:
    """The status and the text of an answer; ``now`` is world time."""
    path = asked.path.strip("/")
    path = path.replace("2021-07-15/", "latest/", 1)
    if path == "latest/api/token":
        return _token(launch, asked)
    presented = asked.headers.get(TOKEN)
    if presented is None and machine.tokens_required:
        return 401, "Unauthorized"
    if presented is not None and presented != _token_of(launch):
        return 401, "Unauthorized"
    if asked.method != "GET":
        return 405, "Method Not Allowed"
    return _found(_tree(launch, machine, now), path)


def _token(launch: Launch, asked: Asked) -> tuple[int, str]:
    if asked.method != "PUT":
        return 405, "Method Not Allowed"
    seconds = asked.headers.get(TTL, "")
    if not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST:
        return 400, "Bad Request"
    return 200, _token_of(launch)


def _token_of(launch: Launch) -> str:
    """The token of an instance: it says nothing that the instance does not know anyway."""
    return blake2b(launch.instance_id.encode(), digest_size=28).hexdigest()


def _found(tree: dict[str, str], path: str) -> tuple[int, str]:
    """A leaf of the tree, or the names below a branch, those with more below them with a slash."""
    if path in tree:
        return 200, tree[path]
    prefix = f"{path}/"
    names: dict[str, None] = {}
    for leaf in tree:
        if leaf.startswith(prefix):
            name, slash, _ = leaf[len(prefix) :].partition("/")
            names[name + slash] = None
    return (200, "\n".join(names)) if names else (404, "Not Found")


def _tree(launch: Launch, machine: Machine, now: float) -> dict[str, str]:
    meta = {
        "ami-id": machine.image,
        "ami-launch-index": "0",
        "hostname": _hostname(machine, launch.region),
        "instance-action": "none",
        "instance-id": launch.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": launch.instance_type,
        "local-hostname": _hostname(machine, launch.region),
        "local-ipv4": machine.address,
        "placement/availability-zone": machine.zone,
        "placement/region": launch.region,
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        **{f"tags/instance/{key}": value for key, value in machine.tags.items()},
        **_profile(machine, now),
    }
    tree = {f"latest/meta-data/{name}": value for name, value in meta.items()}
    tree["latest/dynamic/instance-identity/document"] = _identity(launch, machine)
    if machine.user_data:
        tree["latest/user-data"] = machine.user_data
    return tree


def _hostname(machine: Machine, region: str) -> str:
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{machine.address.replace('.', '-')}.{domain}"


def _profile(machine: Machine, now: float) -> dict[str, str]:
    """The role of the instance's profile, with credentials for it."""
    if not machine.profile:
        return {}
    credentials = {
        "Code": "Success",
        "LastUpdated": _iso(now),
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIAUNDERSTUDY000000",
        "SecretAccessKey": "understudy",
        "Token": "understudy",
        "Expiration": _iso(now + CREDENTIALS_SECONDS),
    }
    arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{machine.profile}"
    info = {"Code": "Success", "LastUpdated": _iso(now), "InstanceProfileArn": arn}
    return {
        "iam/info": json.dumps(info),
        f"iam/security-credentials/{machine.profile}": json.dumps(credentials),
    }


def _identity(launch: Launch, machine: Machine) -> str:
    return json.dumps(
        {
            "accountId": ACCOUNT,
            "architecture": "x86_64",
            "availabilityZone": machine.zone,
            "imageId": machine.image,
            "instanceId": launch.instance_id,
            "instanceType": launch.instance_type,
            "privateIp": machine.address,
            "region": launch.region,
            "version": "2017-09-30",
        },
        indent=2,
    )


def _iso(at: float) -> str:
    """A time as the service writes it.

    >>> _iso(0.0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
