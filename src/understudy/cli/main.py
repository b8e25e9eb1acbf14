"""The command line: one function for each command, imported when it is called."""

import sys

from cyclopts import App

COMMANDS = (
    "understudy.cli.rehearse:rehearse",
    "understudy.cli.rehearse:demo",
    "understudy.cli.engine:up",
    "understudy.cli.engine:down",
    "understudy.cli.engine:status",
)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("understudy")
    except PackageNotFoundError:  # A checkout that was not installed.
        return "not installed"


app = App(
    name="understudy",
    help="A stand-in for AWS on this machine: deploys, runs, scales and prices ML infrastructure.",
    version=_version,
)
for command in COMMANDS:
    app.command(command)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(app())
