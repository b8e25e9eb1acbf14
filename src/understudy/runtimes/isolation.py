"""What the kernel gives an instance: its own /opt/ml and hostname, and no life after its parent."""

import ctypes
import os
import signal
import socket
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWUSER = 0x00020000, 0x04000000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1

_OPT = Path("/opt")
_OPT_ML = Path("/opt/ml")

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel signal this process when its parent ends. Ends it if that has happened."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def make_opt_ml_private(root: Path, hostname: str) -> bool:
    """Let this process alone see ``root/opt/ml`` as /opt/ml, and call its host ``hostname``.

    False where the system does not permit it: it takes root, or unprivileged user namespaces. The
    host's own file system is not touched either way. The process must have a single thread.
    """
    try:
        _enter_namespaces()
        if hostname:
            socket.sethostname(hostname)
        _mount("none", "/", flags=_MS_REC | _MS_PRIVATE)
        if _OPT_ML.is_dir():
            _bind(root / "opt/ml", _OPT_ML)
        else:
            _bind(_opt_with_own_ml(root), _OPT)
    except OSError:
        return False
    return True


def _enter_namespaces() -> None:
    """Own mounts and hostname; where that takes more rights than we have, as our own root."""
    flags = _CLONE_NEWNS | _CLONE_NEWUTS
    if os.geteuid() == 0:
        _check(_libc.unshare(flags))
        return
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(flags | _CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _opt_with_own_ml(root: Path) -> Path:
    """A folder in memory that holds all that is in /opt, and the instance's own ml beside it.

    It is made aside, so that a step that fails leaves /opt as it was.
    """
    aside = root / "mount"
    aside.mkdir(exist_ok=True)
    _mount("tmpfs", aside, kind="tmpfs")
    for entry in _OPT.iterdir():
        copy = aside / entry.name
        if entry.is_symlink():
            copy.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            copy.mkdir()
        else:
            copy.touch()
        _bind(entry, copy)
    (aside / "ml").mkdir()
    _bind(root / "opt/ml", aside / "ml")
    return aside


def _bind(source: Path, target: Path) -> None:
    _mount(source, target, flags=_MS_BIND | _MS_REC)


def _mount(source: str | Path, target: str | Path, *, kind: str = "", flags: int = 0) -> None:
    kind_or_null = kind.encode() if kind else None
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), kind_or_null, flags, None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
