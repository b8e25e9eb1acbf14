"""The command line: one function for each command, imported when it is called."""

import sys

from cyclopts import App, CycloptsError, Parameter

COMMANDS = {
    "understudy.cli.deploy:deploy": (
        "Deploy a template, a CDK app or a reviewed plan: show what changes, ask, follow it."
    ),
    "understudy.cli.deploy:diff": "Show what a deployment would change, and change nothing.",
    "understudy.cli.deploy:plan": (
        "Write a plan to a file, to be reviewed and executed as it is with `deploy FILE`."
    ),
    "understudy.cli.deploy:watch": (
        "Deploy whenever a file is saved, the diff first; ask where something would be lost."
    ),
    "understudy.cli.stacks:destroy": (
        "Delete a stack and everything in it, after showing what goes."
    ),
    "understudy.cli.stacks:events": "Show the events of a stack, oldest first.",
    "understudy.cli.stacks:outputs": "Show the outputs of a stack.",
    "understudy.cli.stacks:history": (
        "Show every template and parameter set that was deployed as a stack."
    ),
    "understudy.cli.stacks:rollback": (
        "Go back to an earlier version through a change set, or out of a failed update."
    ),
    "understudy.cli.stacks:drift": (
        "Show what is no longer as the template says; exits with 4 where something has drifted."
    ),
    "understudy.cli.template:tree": (
        "Draw what each resource of a template or a deployed stack needs."
    ),
    "understudy.cli.template:validate": (
        "Say everything that is wrong with templates, each with its line, without any engine."
    ),
    "understudy.cli.rehearse:rehearse": (
        "Deploy a template, drive traffic at its endpoint, watch it scale, report, clean up."
    ),
    "understudy.cli.rehearse:demo": (
        "Rehearse the bundled example: a digits classifier under a lunch rush."
    ),
    "understudy.cli.simulate:simulate": (
        "Run templates under traffic in virtual time: every request, and the whole control plane."
    ),
    "understudy.cli.scaling:explain": (
        "Tell what each scaling policy would do now, and why not more."
    ),
    "understudy.cli.scaling:activities": ("List what scaling has done, with the causes."),
    "understudy.cli.calibrate:calibrate": (
        "Measure a running endpoint: how long it serves, how many at once, what one instance holds."
    ),
    "understudy.cli.recommend:recommend": (
        "Search for the policy, size and purchase that meet the objectives for least money."
    ),
    "understudy.cli.top:top": (
        "Show the live fleets: each endpoint, service and group with its load, capacity and cost."
    ),
    "understudy.cli.engine:up": (
        "Start the engine: it answers as AWS does at one address of this machine."
    ),
    "understudy.cli.engine:down": (
        "Stop the engine of a state folder. Its stacks are kept for the next `up`."
    ),
    "understudy.cli.engine:status": (
        "Show whether an engine runs on a state folder, and where it answers."
    ),
    "understudy.cli.commit:commit": (
        "Find the cheapest mix of reserved, planned, on-demand and spot capacity for a demand."
    ),
    "understudy.cli.cost:cost": (
        "Show what a stack has cost so far and costs a month at this rate, by resource."
    ),
    "understudy.cli.capacity:capacity": (
        "Show or set what capacity a running engine's world has: pools, quotas, interruptions."
    ),
}
PRICE_COMMANDS = {
    "understudy.cli.prices:refresh": "Read AWS's public price lists into the state folder.",
    "understudy.cli.prices:show": "Show every way to buy an instance type, dated and sourced.",
    "understudy.cli.prices:lists": "Show which price lists were read, and what is built in.",
}
"""Where each command is, and what is said of it; so none is imported before it is called."""

INSPECT = "Show what traffic is like, and which scaling policies can follow it."

EXIT_CODES = (
    "Exit codes: 0 done, 1 the stack or the engine failed, 2 bad input, 3 an objective was missed, "
    "4 there are differences (drift, diff --exit-code), 130 interrupted."
)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("understudy")
    except PackageNotFoundError:  # A checkout that was not installed.
        return "not installed"


def _explained(error: CycloptsError) -> str:
    """A mistake in how a command was called, as diagnostics look."""
    command = " ".join(("understudy", *(error.command_chain or ())))
    return f"error: {error}\n  -> see {command} --help"


app = App(
    name="understudy",
    help="A stand-in for AWS on this machine: deploys, runs, scales and prices ML infrastructure.",
    version=_version,
    error_formatter=_explained,
    help_epilogue=EXIT_CODES,
    default_parameter=Parameter(negative=()),
)
for path, text in COMMANDS.items():
    app.command(path, help=text)
traffic = App(name="traffic", help="Look at traffic before it is used.")
traffic.command("understudy.cli.traffic:inspect", help=INSPECT)
app.command(traffic)

prices = App(name="prices", help="What is known of AWS's prices, and newer ones read from AWS.")
for path, text in PRICE_COMMANDS.items():
    prices.command(path, help=text)
app.command(prices)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(app())
