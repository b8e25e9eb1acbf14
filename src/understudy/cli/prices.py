"""``understudy prices``: what is known of prices, and reading newer ones from AWS."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cli.engine import state_folder
from understudy.cli.exits import DONE, guarded, say

Regions = Annotated[list[str] | None, Parameter(name="--region")]


def refresh(
    *,
    from_: Annotated[list[Path] | None, Parameter(name="--from")] = None,
    region: Regions = None,
    state: Path | None = None,
    source: str = "",
) -> int:
    """Read AWS's public price lists into the state folder: instances, Fargate, balancers, plans.

    Lists are read as a stream: of a file of gigabytes only the prices are kept.

    Args:
        from_: A price list file instead, JSON or CSV, gzipped or not; may be repeated.
        region: Region to read the lists of (default: us-east-1); may be repeated.
        state: The state folder (default: ~/.local/state/understudy).
        source: Where AWS's offer index is (default: AWS).

    """
    folder = state_folder(state)
    return guarded(lambda: _refresh(folder, from_ or [], region or [DEFAULT_REGION], source))


def _refresh(state: Path, files: list[Path], regions: list[str], source: str) -> int:
    from understudy.app.prices import PRICE_LISTS, read_file, read_from_aws

    if files:
        read = tuple(read_file(state, path) for path in files)
    else:
        read = read_from_aws(state, regions, say, source or PRICE_LISTS)
    for each in read:
        say(f"{each.name}: {each.offers:,} prices, published {each.published or 'without a date'}.")
    say(f"Kept in {state}; a running engine knows them at once.")
    return DONE


def show(
    product: str, /, *, region: str = DEFAULT_REGION, state: Path | None = None, every: bool = False
) -> int:
    """Show every way to buy an instance type: the price, its date and where it was read.

    Args:
        product: An instance type, or AWS's usage type of what is no instance.
        region: The region.
        state: The state folder (default: ~/.local/state/understudy).
        every: Older figures too.

    """
    return guarded(lambda: _show(product, region, state_folder(state), every=every))


def _show(product: str, region: str, state: Path, *, every: bool) -> int:
    from understudy.app.prices import book_of, today
    from understudy.report.prices import price_table
    from understudy.report.terminal import console
    from understudy.report.terminal import show as print_

    book = book_of(state)
    found = book.history(product, region) if every else list(book.offers(product, region).values())
    if not found:
        from understudy.app.prices import nothing_known

        raise InvalidInput((Diagnostic(nothing_known(product, region, book)),))
    print_(console(), price_table(found, today()))
    return DONE


def lists(*, state: Path | None = None) -> int:
    """Show which price lists were read, when AWS published them, and what is built in.

    Args:
        state: The state folder (default: ~/.local/state/understudy).

    """
    return guarded(lambda: _lists(state_folder(state)))


def _lists(state: Path) -> int:
    from understudy.app.prices import built_in, lists_of

    for each in lists_of(state):
        say(
            f"{each.name}: {each.offers:,} prices, published {each.published}, "
            f"read {each.read_on} from {each.source}"
        )
    for line in built_in():
        say(f"Built in: {line}")
    return DONE
