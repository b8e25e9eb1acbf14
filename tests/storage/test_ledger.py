"""The ledger: what is kept in it, one by one or together."""

from pathlib import Path

from understudy.base.ledger import BookRequest
from understudy.storage.ledger import Ledger


def request(name: str) -> BookRequest:
    return BookRequest("sqs", "sqs.us-east-1.amazonaws.com", "POST", "/", "", {}, name.encode(), "")


def kept(path: Path) -> list[tuple[int, bytes]]:
    """What another connection finds: what is durable."""
    return [(number, each.body) for number, each in Ledger(path).requests()]


def test_what_is_appended_one_by_one_is_durable_at_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert [ledger.append(request(name)) for name in "ab"] == [1, 2]
    assert kept(tmp_path / "ledger") == [(1, b"a"), (2, b"b")]


def test_what_is_appended_together_is_durable_when_all_of_it_is_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with ledger.together():
        assert [ledger.append(request(name)) for name in "ab"] == [1, 2]
        assert kept(tmp_path / "ledger") == []
    assert kept(tmp_path / "ledger") == [(1, b"a"), (2, b"b")]
