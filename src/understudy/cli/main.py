"""The command line: one function for each command."""

import sys
from importlib.metadata import version

from cyclopts import App

from understudy.cli import engine, rehearse

app = App(
    name="understudy",
    help="A stand-in for AWS on this machine: deploys, runs, scales and prices ML infrastructure.",
    version=lambda: version("understudy"),
)
app.command(rehearse.rehearse)
app.command(rehearse.demo)
app.command(engine.up)
app.command(engine.down)
app.command(engine.status)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(app())
