"""The price book of this machine: what comes with Understudy and what was read from AWS since."""

import csv
import json
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.app.state_folder import own_folder
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.live.clock import real_now
from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK, known_offers
from understudy.pricing.json_stream import BrokenJsonError
from understudy.pricing.price_list import Entry, read_csv, read_json
from understudy.storage.prices import PriceList, StoredPrices

PRICE_LISTS = "https://pricing.us-east-1.amazonaws.com"
SERVICES = ("AmazonEC2", "AmazonSageMaker", "AmazonECS", "AWSELB")
PLANS = ("AWSComputeSavingsPlan", "AWSMachineLearningSavingsPlans")
"""Offer codes of AWS's price lists."""

CHUNK = 2**20
TIMEOUT = 60.0
DATABASE = "prices.db"

Told = Callable[[str], None]


def today() -> str:
    """The day by the real clock: prices age in real time, whatever time the world has."""
    return datetime.fromtimestamp(real_now(), UTC).date().isoformat()


def book_of(state: Path) -> Book:
    """The price book with what was read into a state folder; the newest figure of each wins."""
    if not state.exists():
        return BOOK
    return Book(*BOOK.shelves, StoredPrices(state / DATABASE))


def own_book() -> Book:
    """The book of the user's own state folder, which `understudy prices refresh` fills."""
    return book_of(own_folder())


def read_file(state: Path, path: Path) -> PriceList:
    """Read one price list file, JSON or CSV, gzipped or not. Raises InvalidInput."""
    try:
        with path.open("rb") as file:
            return _keep(state, path.stem, str(path), _chunks(file))
    except OSError as error:
        raise _refused(f"{path}: {error.strerror}.", "name a price list file of AWS") from error


def read_from_aws(
    state: Path, regions: Iterable[str], told: Told, base: str = PRICE_LISTS
) -> tuple[PriceList, ...]:
    """Read the current price lists of regions. Raises InvalidInput where one cannot be had."""
    read: list[PriceList] = []
    for region in regions:
        for name, url in _addresses(region, base):
            told(f"Reading {name} of {region} ...")
            with _get(url) as answer:
                read.append(_keep(state, f"{name} {region}", url, _chunks(answer)))
    return tuple(read)


def _addresses(region: str, base: str) -> Iterator[tuple[str, str]]:
    """The current list of each service and of each kind of Savings Plans in a region."""
    for name in SERVICES:
        index = _index(f"{base}/offers/v1.0/aws/{name}/current/region_index.json")
        found = index["regions"].get(region)
        if found is None:
            action = f"regions there: {', '.join(sorted(index['regions']))}"
            raise _refused(f"AWS has no price list of {name} in {region!r}.", action)
        yield name, base + found["currentVersionUrl"]
    for name in PLANS:
        index = _index(f"{base}/savingsPlan/v1.0/aws/{name}/current/region_index.json")
        urls = {each["regionCode"]: each["versionUrl"] for each in index["regions"]}
        if region in urls:
            yield name, base + urls[region]


def _index(url: str) -> Any:
    with _get(url) as answer:
        try:
            return json.loads(answer.read())
        except ValueError as error:
            raise _refused(f"{url} is no index of price lists: {error}.", "") from error


def _get(url: str) -> AbstractContextManager[Any]:
    try:
        return urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310 - the scheme is ours
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise _refused(
            f"{url} cannot be read: {getattr(error, 'reason', error)}.",
            "try again with a connection, or give a file with --from",
        ) from error


def _chunks(file: Any) -> Iterator[bytes]:
    """The bytes of a file, decompressed where it is gzipped."""
    first = file.read(CHUNK)
    if first[:2] != b"\x1f\x8b":
        while first:
            yield first
            first = file.read(CHUNK)
        return
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while first:
        yield inflate.decompress(first)
        first = file.read(CHUNK)
    yield inflate.flush()


def _keep(state: Path, name: str, source: str, chunks: Iterator[bytes]) -> PriceList:
    try:
        with closing(StoredPrices(state / DATABASE)) as prices:
            read = prices.read(name, source, _entries(chunks), today())
    except (BrokenJsonError, ValueError, LookupError, TypeError, csv.Error, zlib.error) as error:
        raise _refused(
            f"{source} is not a price list of AWS: {error}.",
            "give an index.json or index.csv as AWS publishes it",
        ) from error
    if not read.offers:
        raise _refused(
            f"{source} has no price that Understudy knows what to do with.",
            f"it reads the lists of {', '.join((*SERVICES, *PLANS))}",
        )
    return read


def _entries(chunks: Iterator[bytes]) -> Iterator[Entry]:
    first = next(chunks, b"").lstrip(b"\xef\xbb\xbf \r\n\t")
    whole = _again(first, chunks)
    yield from read_json(whole) if first.startswith(b"{") else read_csv(_lines(whole))


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Lines of text. A line of a price list is short."""
    pending = b""
    for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield line.decode() + "\n"
    if pending:
        yield pending.decode()


def _refused(summary: str, action: str) -> InvalidInput:
    return InvalidInput((Diagnostic(summary, action=action),))


def lists_of(state: Path) -> tuple[PriceList, ...]:
    """The price lists that were read into a state folder."""
    if not (state / DATABASE).exists():
        return ()
    with closing(StoredPrices(state / DATABASE)) as prices:
        return prices.lists()


def built_in() -> tuple[str, ...]:
    """The sources of the prices that come with Understudy, each with its date and how many."""
    found: dict[tuple[str, str], int] = {}
    for offer in known_offers():
        key = (offer.as_of, offer.source)
        found[key] = found.get(key, 0) + 1
    return tuple(
        f"{count:,} prices of {day or 'no date'} from {source}"
        for (day, source), count in sorted(found.items(), reverse=True)
    )


def nothing_known(product: str, region: str, book: Book) -> str:
    """That no price is known, and where there is one."""
    elsewhere = [each for each in book.regions() if product in book.products(each)]
    if elsewhere:
        return f"No price of {product} is known in {region}; there is one in {elsewhere[0]}."
    return f"No price of {product} is known. Read AWS's lists with: understudy prices refresh"
