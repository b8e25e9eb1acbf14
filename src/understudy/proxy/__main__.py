"""The data plane's process: ``python -m understudy.proxy LISTENER LINE CONTROL SETTINGS``.

The first two are inherited sockets, then come the path of the control plane's socket, and the
settings as JSON. It ends when its line to the engine is cut, or some time later.
"""

import gc
import resource
import signal
import socket
import sys

import uvloop
from msgspec import json

from understudy.proxy.front import serve
from understudy.proxy.messages import Settings


def main() -> None:
    """Take the sockets and serve."""
    listener, line = (int(argument) for argument in sys.argv[1:3])
    control, settings = sys.argv[3:]
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
