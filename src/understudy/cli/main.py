"""The command line: one function for each command, imported when it is called."""

import sys
from importlib.metadata import version

from cyclopts import App

COMMANDS = (
    "understudy.cli.rehearse:rehearse",
    "understudy.cli.rehearse:demo",
    "understudy.cli.engine:up",
    "understudy.cli.engine:down",
    "understudy.cli.engine:status",
)

app = App(
    name="understudy",
    help="A stand-in for AWS on this machine: deploys, runs, scales and prices ML infrastructure.",
    version=lambda: version("understudy"),
)
for command in COMMANDS:
    app.command(command)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(app())
