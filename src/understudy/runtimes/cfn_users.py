"""The packages, groups and users of ``AWS::CloudFormation::Init``.

Groups and users are those of the instance's own root. Nothing is installed into a system that all
instances share: Python's packages go to the instance's own folder of them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from understudy.runtimes.cfn_services import Changed
from understudy.runtimes.roots import OWN_ROOT

PYTHON = "python"


def look_for_packages(packages: Mapping[str, Mapping[str, Any]], changed: Changed) -> None:
    """Install Python's packages; say of others that they are not installed."""
    for kind, wanted in packages.items():
        for name, versions in wanted.items():
            if kind == PYTHON and _is_own():
                _install(name, versions)
                changed.packages.add((kind, name))
            elif shutil.which(name):
                print(
                    f"cfn-init: package {name} ({kind}) is not installed: such a program is there"
                )
            else:
                print(f"cfn-init: packages are passed over: {kind} {name}")


def _install(name: str, versions: str | list[str]) -> None:
    version = versions if isinstance(versions, str) else versions[0] if versions else ""
    wanted = f"{name}=={version}" if version else name
    python = shutil.which("python3") or sys.executable
    words = [python, "-m", "pip", "install", "--quiet", "--user", "--break-system-packages", wanted]
    subprocess.run(words, check=True)


def _is_own() -> bool:
    """Whether this root is the instance's own."""
    return OWN_ROOT in os.environ


def add_groups(groups: Mapping[str, Mapping[str, Any]]) -> None:
    """Add groups that are not there."""
    for name, group in groups.items():
        identity = ["--gid", str(group["gid"])] if group.get("gid") else []
        _add("group", name, ["groupadd", *identity, name])


def add_users(users: Mapping[str, Mapping[str, Any]]) -> None:
    """Add users that are not there, who do not log in."""
    for name, user in users.items():
        words = ["useradd", "--system", "--no-create-home", "--shell", "/sbin/nologin"]
        for option, value in (
            ("--uid", user.get("uid")),
            ("--home-dir", user.get("homeDir")),
            ("--groups", ",".join(user.get("groups", ()))),
        ):
            words += [option, str(value)] if value else []
        _add("user", name, [*words, name])


def _add(kind: str, name: str, words: list[str]) -> None:
    """Change the instance's own /etc: what is there already is left as it is."""
    file = Path("/etc/passwd" if kind == "user" else "/etc/group")
    if any(line.startswith(f"{name}:") for line in file.read_text().splitlines()):
        print(f"cfn-init: {kind} {name} is there already")
    elif not _is_own():
        print(f"cfn-init: {kind}s are passed over without a root of its own: {name}")
    else:
        subprocess.run(words, check=True)
