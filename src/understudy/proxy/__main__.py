"""The data plane's process: ``python -m understudy.proxy LISTENER LINE PARENT CONTROL SETTINGS``.

The first two are inherited sockets, then come our parent's process id, the path of the control
plane's socket, and the settings as JSON.
"""

import ctypes
import gc
import os
import resource
import signal
import socket
import sys

import uvloop
from msgspec import json

from understudy.proxy.front import serve
from understudy.proxy.messages import Settings

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """End at once when the parent ends, however it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def main() -> None:
    """Take the sockets and serve."""
    listener, line, parent = (int(argument) for argument in sys.argv[1:4])
    control, settings = sys.argv[4:]
    die_with(parent)
    # Ctrl-C goes to the whole foreground group; the engine decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # What is imported stays, and what requests make goes by itself: look for cycles less often.
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    uvloop.run(
        serve(
            socket.socket(fileno=listener),
            socket.socket(fileno=line),
            control,
            json.decode(settings, type=Settings),
        )
    )


if __name__ == "__main__":
    main()
