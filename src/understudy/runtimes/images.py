"""Which container images can run here, and as what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from understudy.base.service_time import STAND_IN_VARIABLE

Kind = Literal["sklearn", "stand-in"]
"""What a model server is made of: scikit-learn with the user's code, or a stand-in for a model."""

# AWS: SageMaker Python SDK, image_uri_config/sklearn.json, "inference" (which AWS: Docker Registry
# Paths and Example Code shows by region); us-iso regions, whose registries are elsewhere, left out.
SKLEARN_ACCOUNTS: Mapping[str, str] = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}

_SKLEARN_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/sagemaker-scikit-learn:(?P<version>\d+\.\d+(?:\.\d+|-\d+)?)(?:-cpu-py3\d*)?"
)


@dataclass(frozen=True, slots=True)
class Runnable:
    """An image that can run here. ``version`` is the scikit-learn that it has, empty if none."""

    kind: Kind
    version: str = ""


@dataclass(frozen=True, slots=True)
class NotRunnable:
    """An image that cannot run here: why, and what to do."""

    reason: str


def runnable(image: str, environment: Mapping[str, str]) -> Runnable | NotRunnable:
    """How an image with its container environment runs here, or why it does not."""
    if STAND_IN_VARIABLE in environment:
        return Runnable("stand-in")
    match = _SKLEARN_IMAGE.fullmatch(image)
    if match is None:
        return NotRunnable(f'The image "{image}" cannot run here: {_what_to_do()}')
    account = SKLEARN_ACCOUNTS.get(match["region"])
    if account != match["account"]:
        here = f"are in account {account}" if account else "are not known to be"
        return NotRunnable(
            f'The image "{image}" cannot run here: AWS\'s scikit-learn images {here} '
            f"in {match['region']}, so this one is another. {_what_to_do()}"
        )
    return Runnable("sklearn", match["version"])


def _what_to_do() -> str:
    example = f"{SKLEARN_ACCOUNTS['us-east-1']}.dkr.ecr.us-east-1.amazonaws.com"
    return (
        f"use one of AWS's scikit-learn images "
        f"({example}/sagemaker-scikit-learn:1.2-1-cpu-py3), or ask for a stand-in by setting "
        f"{STAND_IN_VARIABLE} (such as 200ms) in the container's environment. "
        "No container runtime is used."
    )
