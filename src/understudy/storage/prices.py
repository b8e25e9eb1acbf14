"""Prices that were read from AWS's price lists, on disk: a shelf of the price book."""

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct

from understudy.pricing.offer import Offer, Terms
from understudy.pricing.price_list import Entry, Price, Published, Rate, Sku

SCHEMA = """
CREATE TABLE IF NOT EXISTS list (
    name TEXT PRIMARY KEY, published TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL,
    read_on TEXT NOT NULL, offers INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offer (
    product TEXT NOT NULL, region TEXT NOT NULL, platform TEXT NOT NULL, purchase TEXT NOT NULL,
    kind TEXT NOT NULL, years INTEGER NOT NULL, payment TEXT NOT NULL, hourly TEXT NOT NULL,
    upfront TEXT NOT NULL, list TEXT NOT NULL,
    PRIMARY KEY (product, region, platform, purchase, kind, years, payment, list)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS offer_list ON offer (list);
"""
STAGING = """
CREATE TEMP TABLE sku (
    sku TEXT PRIMARY KEY, product TEXT, region TEXT, platform TEXT
) WITHOUT ROWID;
CREATE TEMP TABLE price (
    sku TEXT, purchase TEXT, kind TEXT, years INTEGER, payment TEXT, upfront INTEGER, amount TEXT,
    PRIMARY KEY (sku, purchase, kind, years, payment, upfront)
) WITHOUT ROWID;
"""
UNSTAGING = "DROP TABLE sku; DROP TABLE price;"
JOIN = """
INSERT OR REPLACE INTO offer
SELECT product, region, platform, purchase, kind, years, payment,
    COALESCE(MAX(CASE WHEN upfront = 0 THEN amount END), '0'),
    COALESCE(MAX(CASE WHEN upfront = 1 THEN amount END), '0'), ?
FROM price JOIN sku USING (sku)
GROUP BY product, region, platform, purchase, kind, years, payment
HAVING MAX(CAST(amount AS REAL)) > 0
"""


class PriceList(Struct, frozen=True):
    """A list that was read: its name, when AWS published it, where it came from, what was in it."""

    name: str
    published: str
    version: str
    source: str
    read_on: str
    offers: int


class StoredPrices:
    """A database of prices. Reading a list replaces what the list of that name had before."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def read(self, name: str, source: str, entries: Iterable[Entry], today: str) -> PriceList:
        """Keep the entries of a list, all or, where reading fails, none. ``today`` is an ISO date.

        A list is read in one pass and in bounded memory, whatever its size.
        """
        self._database.executescript(STAGING)
        try:
            with self._transaction() as database:
                database.execute("DELETE FROM offer WHERE list = ?", (name,))
                published = self._stage(name, entries)
                database.execute(JOIN, (name,))
                (count,) = database.execute(
                    "SELECT count(*) FROM offer WHERE list = ?", (name,)
                ).fetchone()
                read = PriceList(name, published.date, published.version, source, today, count)
                database.execute(
                    "INSERT OR REPLACE INTO list VALUES (?, ?, ?, ?, ?, ?)",
                    (name, read.published, read.version, source, today, count),
                )
        finally:
            self._database.executescript(UNSTAGING)
        return read

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _stage(self, name: str, entries: Iterable[Entry]) -> Published:
        published = Published("", "")
        run = self._database.execute
        for entry in entries:
            match entry:
                case Published():
                    published = entry
                case Sku():
                    row = (entry.sku, entry.product, entry.region, entry.platform)
                    run("INSERT OR REPLACE INTO sku VALUES (?, ?, ?, ?)", row)
                case Price():
                    row = (entry.sku, *_terms(entry.terms), entry.upfront, str(entry.amount))
                    run("INSERT OR REPLACE INTO price VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                case Rate():
                    row = (entry.product, entry.region, entry.platform, *_terms(entry.terms))
                    amount = str(entry.amount)
                    run(
                        "INSERT OR REPLACE INTO offer VALUES (?, ?, ?, ?, ?, ?, ?, ?, '0', ?)",
                        (*row, amount, name),
                    )
        return published

    def lists(self) -> tuple[PriceList, ...]:
        """The lists that were read, by name."""
        rows = self._database.execute("SELECT * FROM list ORDER BY name").fetchall()
        return tuple(PriceList(*row) for row in rows)

    def offers(self, product: str, region: str) -> Sequence[Offer]:
        """Every price of a product in a region."""
        rows = self._database.execute(
            "SELECT offer.*, published, source FROM offer JOIN list ON list.name = offer.list "
            "WHERE product = ? AND region = ?",
            (product, region),
        ).fetchall()
        return [_offer(row) for row in rows]

    def products(self) -> Iterable[tuple[str, str]]:
        """The products and regions that it has prices of."""
        return self._database.execute("SELECT DISTINCT product, region FROM offer").fetchall()


def _terms(terms: Terms) -> tuple[str, str, int, str]:
    return terms.purchase, terms.kind, terms.years, terms.payment


def _offer(row: Sequence[Any]) -> Offer:
    product, region, platform, purchase, kind, years, payment, hourly, upfront, _, day, source = row
    return Offer(
        instance_type=product,
        region=region,
        purchase=purchase,
        hourly=Decimal(hourly),
        as_of=day,
        source=source,
        kind=kind,
        years=years,
        payment=payment,
        upfront=Decimal(upfront),
        platform=platform,
    )
