"""The options that commands on stacks share, and how a command begins and ends."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.app.failures import Failed
from understudy.app.stacks.environments import Environment
from understudy.app.stacks.place import Place, Where, find
from understudy.base.diagnostic import InvalidInput
from understudy.cli.engine import state_folder
from understudy.cli.exits import BAD_INPUT, FAILED, guarded
from understudy.cli.stack_audience import JsonStacks, TerminalStacks, diagnostic_fields, emit
from understudy.report.terminal import console

Audience = TerminalStacks | JsonStacks


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """Where a command works, and whom it tells."""

    endpoint_url: Annotated[
        str,
        Parameter(help="Work at this endpoint (default: AWS_ENDPOINT_URL, or the local engine)."),
    ] = ""
    aws: Annotated[
        bool, Parameter(help="Work on AWS itself, with your own credentials; asks first.")
    ] = False
    profile: Annotated[str, Parameter(help="Your AWS profile, for --aws.")] = ""
    account: Annotated[
        str, Parameter(help="The AWS account that it has to be; with --yes nobody is asked.")
    ] = ""
    region: Annotated[
        str, Parameter(help="Region (default: AWS_REGION, AWS_DEFAULT_REGION, or us-east-1).")
    ] = ""
    state: Annotated[
        Path | None, Parameter(help="State folder of the local engine, as for `up`.")
    ] = None
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], help="Agree to everything.")] = False
    json: Annotated[bool, Parameter(help="Print lines of JSON, for machines.")] = False

    def where(self, environment: Environment | None = None) -> Where:
        """Where to work: what the command line says goes before the environment."""
        base = environment or Environment()
        return Where(
            state=state_folder(self.state),
            endpoint_url=self.endpoint_url or ("" if self.aws else base.endpoint_url),
            aws=self.aws or (base.aws and not self.endpoint_url),
            profile=self.profile or base.profile,
            account=self.account or base.account,
            region=self.region or base.region,
        )

    def audience(self) -> Audience:
        """Whom to tell. On AWS --yes alone does not do: the account has to be named as well."""
        return (
            JsonStacks(agreed=self.yes) if self.json else TerminalStacks(console(), agreed=self.yes)
        )


HERE = PlaceOptions()


def command(
    options: PlaceOptions,
    work: Callable[[Place, Audience], int],
    *,
    environment: Environment | None = None,
    start: bool = False,
    reads: bool = False,
) -> int:
    """Run a command's work at its place; its exit code.

    ``start`` starts a local engine where none runs; ``reads`` is true for a command that changes
    nothing, for which nobody is asked.
    """

    def run() -> int:
        audience = options.audience()
        try:
            where = options.where(environment)
            place = find(where, audience.say, start=start)
            if place.kind == "aws" and reads:
                print(f"This looks at {place}.", file=sys.stderr, flush=True)
            elif place.kind == "aws" and not confirmed(place, where, options):
                audience.say("Nothing was done.")
                return FAILED
            return work(place, audience)
        finally:
            audience.close()

    return told(run, json=options.json)


def confirmed(place: Place, where: Where, options: PlaceOptions) -> bool:
    """Whether the user means this account of AWS: it is shown, and agreed to by name or by hand."""
    if options.yes and where.account == place.account:
        return True
    asking = TerminalStacks(console()) if not options.json else JsonStacks()
    asking.say(f"This works on {place}. It is real, and AWS bills it.")
    return asking.confirm(f"Work on AWS account {place.account} in {place.region}?")


def told(run: Callable[[], int], *, json: bool) -> int:
    """The exit code of a work; what is wrong is printed, for machines as JSON."""
    if not json:
        return guarded(run)

    def work() -> int:
        try:
            return run()
        except InvalidInput as invalid:
            for each in invalid.diagnostics:
                emit("diagnostic", **diagnostic_fields(each))
            return BAD_INPUT
        except Failed as failure:
            emit("failure", headline=failure.headline, causes=failure.causes)
            return FAILED

    return guarded(work)
