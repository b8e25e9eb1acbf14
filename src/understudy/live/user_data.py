"""User data of an instance: a shell script that runs once, with what cfn-bootstrap provides.

AWS: Run commands when you launch an EC2 instance with user data input; CloudFormation helper
scripts reference.
"""

import re
import shutil
import sys
from pathlib import Path

import understudy
from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.runtimes.cfn_services import SCRIPTS

SCRIPT, BOOT = "user-data", "boot"
HELPERS = ("cfn-init", "cfn-signal", "cfn-get-metadata", "cfn-hup")

_STAND_IN = re.compile(rf"""^\s*(?:export\s+)?{STAND_IN_VARIABLE}=["']?([^"'\n]+)""", re.MULTILINE)


def stand_in_of(user_data: str) -> str:
    r"""The service time of the stand-in that user data asks for, empty where it asks for none.

    >>> stand_in_of('#!/bin/sh\nexport UNDERSTUDY_STAND_IN="80ms; concurrency=4"')
    '80ms; concurrency=4'
    """
    found = _STAND_IN.search(user_data)
    return found[1].strip() if found else ""


def prepared(root: Path, user_data: str) -> tuple[str, ...]:
    """The command line of an instance that runs a script at its first start, and stays up.

    What the script starts in the background goes on when it has ended; its exit code is in the log.
    """
    script, boot, done = root / SCRIPT, root / BOOT, root / "booted"
    script.write_text(user_data)
    script.chmod(0o700)
    _provide_helpers(root)
    boot.write_text(
        "#!/bin/sh\n"
        f'if [ ! -e "{done}" ]; then touch "{done}"; "{script}"; '
        'echo "cloud-init: user data ended with code $?"\n'
        f'else for each in {SCRIPTS}/*; do [ ! -x "$each" ] || setsid "$each" & done; fi\n'
        # The shell stays to reap what the script has left in the background.
        "while :; do sleep 3600 & wait $!; done\n"
    )
    boot.chmod(0o700)
    _own_etc(root)
    return (str(boot),)


def _provide_helpers(root: Path) -> None:
    """The helper scripts in /opt/aws/bin of the instance's root."""
    folder = root / "root/opt/aws/bin"
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(understudy.__file__).parents[1]
    for name in HELPERS:
        path = folder / name
        path.write_text(
            "#!/bin/sh\n"
            f'PYTHONPATH="{source}" exec "{sys.executable}" -u -P -m understudy.runtimes.bootstrap '
            f'{name} "$@"\n'
        )
        path.chmod(0o755)


def _own_etc(root: Path) -> None:
    """A copy of /etc that the instance may write to; what cannot be read is left out."""
    own = root / "root/etc"
    if own.exists():
        return
    own.mkdir(parents=True)
    for entry in Path("/etc").iterdir():
        try:
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, own / entry.name, symlinks=True)
            else:
                shutil.copy2(entry, own / entry.name, follow_symlinks=False)
        except (OSError, shutil.Error):
            continue
