"""Properties of CloudFormation as members of an API that writes them in lower camel case."""

import re
from typing import Any

VERBATIM = frozenset({"DockerLabels", "DriverOpts", "Labels", "Options"})
"""Maps whose keys are the user's own."""
IRREGULAR = {
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
}


def camel(value: Any) -> Any:
    """A value with all names in lower camel case.

    >>> camel({"EFSVolumeConfiguration": {"FilesystemId": "fs-1"}, "Options": {"Name": "x"}})
    {'efsVolumeConfiguration': {'filesystemId': 'fs-1'}, 'options': {'Name': 'x'}}
    """
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [camel(each) for each in items]
    if isinstance(value, dict):
        members: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {
            lowered(name): each if name in VERBATIM else camel(each)
            for name, each in members.items()
        }
    return value


def lowered(name: str) -> str:
    """A name in lower camel case.

    >>> lowered("TaskRoleArn"), lowered("EFSVolumeConfiguration"), lowered("EnableECSManagedTags")
    ('taskRoleArn', 'efsVolumeConfiguration', 'enableECSManagedTags')
    """
    if name in IRREGULAR:
        return IRREGULAR[name]
    return re.sub(r"^([A-Z]+(?=[A-Z][a-z])|[A-Z])", lambda found: found[1].lower(), name)
