"""The instance metadata service, versions 1 and 2, of one instance.

AWS: Use the Instance Metadata Service to access instance metadata; Instance metadata categories.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from understudy.base.arn import ACCOUNT
from understudy.control.ec2.metadata_options import options_of
from understudy.control.machine import Machine
from understudy.control.self_knowledge import SelfKnowledge

TOKEN, TTL = "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds"
FORWARDED = "x-forwarded-for"
CREDENTIALS_SECONDS = 6 * 3600
LONGEST = 21_600
VERSIONS = ("1.0", "2007-01-19", "2016-09-02", "2021-07-15", "latest")
_VERSION = re.compile(r"(?:1\.0|latest|20\d\d-\d\d-\d\d)(?=/|$)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the service. ``path`` begins with a version; names of headers are lower."""

    method: str
    path: str
    headers: dict[str, str]


def answer(own: SelfKnowledge, region: str, asked: Asked, now: float) -> tuple[int, str]:
    """The status and the text of an answer; ``now`` is world time."""
    options = options_of(own.instance.machine.metadata)
    if options["HttpEndpoint"] == "disabled":
        return 403, "Forbidden"
    path = _VERSION.sub("latest", asked.path.strip("/"), count=1)
    if path == "latest/api/token":
        return _token(own, asked, now)
    presented = asked.headers.get(TOKEN)
    if presented is None and options["HttpTokens"] == "required":
        return 401, "Unauthorized"
    if presented is not None and not _holds(own, presented, now):
        return 401, "Unauthorized"
    if asked.method != "GET":
        return 405, "Method Not Allowed"
    return (200, "\n".join(VERSIONS)) if not path else _found(_tree(own, region, now), path)


def _token(own: SelfKnowledge, asked: Asked, now: float) -> tuple[int, str]:
    """A token for so many seconds; none for what a proxy has forwarded."""
    if asked.method != "PUT":
        return 405, "Method Not Allowed"
    if FORWARDED in asked.headers:
        return 403, "Forbidden"
    seconds = asked.headers.get(TTL, "")
    if not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST:
        return 400, "Bad Request"
    return 200, _token_of(own, now + int(seconds))


def _token_of(own: SelfKnowledge, until: float) -> str:
    """A token of an instance, with its end: it says nothing that the instance does not know."""
    end = f"{until:.3f}"
    digest = blake2b(f"{own.instance.id}|{end}".encode(), digest_size=28).hexdigest()
    return f"{digest}-{end}"


def _holds(own: SelfKnowledge, token: str, now: float) -> bool:
    try:
        until = float(token.rpartition("-")[2])
    except ValueError:
        return False
    return now <= until and token == _token_of(own, until)


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


def _tree(own: SelfKnowledge, region: str, now: float) -> dict[str, str]:
    instance, machine = own.instance, own.instance.machine
    is_spot = instance.params.get("InstanceMarketOptions", {}).get("MarketType") == "spot"
    meta = {
        "ami-id": machine.image,
        "ami-launch-index": str(instance.index),
        **_spot(own),
        "hostname": _hostname(machine, region),
        "instance-action": "none",
        "instance-id": instance.id,
        "instance-life-cycle": "spot" if is_spot else "on-demand",
        "instance-type": instance.instance_type,
        "local-hostname": _hostname(machine, region),
        "local-ipv4": machine.address,
        "placement/availability-zone": machine.zone,
        "placement/region": region,
        "reservation-id": instance.reservation,
        "security-groups": "\n".join(instance.params.get("SecurityGroupIds", ())) or "default",
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        **_network(own),
        **_profile(machine, now),
    }
    if own.target:
        meta["autoscaling/target-lifecycle-state"] = own.target
    if options_of(machine.metadata)["InstanceMetadataTags"] == "enabled":
        meta |= {f"tags/instance/{key}": value for key, value in machine.tags.items()}
    tree = {f"latest/meta-data/{name}": value for name, value in meta.items()}
    tree["latest/dynamic/instance-identity/document"] = _identity(own, region)
    if machine.user_data:
        tree["latest/user-data"] = machine.user_data
    return tree


def _spot(own: SelfKnowledge) -> dict[str, str]:
    """What a spot instance is told before it is taken back; before that the paths are not there."""
    found: dict[str, str] = {}
    if own.rebalance_at:
        notice = json.dumps({"noticeTime": _iso(own.rebalance_at)})
        found["events/recommendations/rebalance"] = notice
    if own.ends_at:
        action = {"action": "terminate", "time": _iso(own.ends_at)}
        found["spot/instance-action"] = json.dumps(action)
        found["spot/termination-time"] = _iso(own.ends_at)
    return found


def _network(own: SelfKnowledge) -> dict[str, str]:
    """The one network interface of an instance."""
    machine, params = own.instance.machine, own.instance.params
    digest = blake2b(own.instance.id.encode(), digest_size=5).hexdigest()
    mac = "02:" + ":".join(digest[at : at + 2] for at in range(0, 10, 2))
    here = f"network/interfaces/macs/{mac}"
    found = {
        "mac": mac,
        f"{here}/device-number": "0",
        f"{here}/local-ipv4s": machine.address,
        f"{here}/mac": mac,
        f"{here}/owner-id": ACCOUNT,
    }
    if params.get("SubnetId"):
        found[f"{here}/subnet-id"] = params["SubnetId"]
    return found


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


def _identity(own: SelfKnowledge, region: str) -> str:
    """The instance identity document. AWS: Instance identity documents."""
    instance, machine = own.instance, own.instance.machine
    return json.dumps(
        {
            "accountId": ACCOUNT,
            "architecture": "x86_64",
            "availabilityZone": machine.zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "marketplaceProductCodes": None,
            "imageId": machine.image,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "kernelId": None,
            "pendingTime": _iso(instance.launched_at),
            "privateIp": machine.address,
            "ramdiskId": None,
            "region": region,
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
