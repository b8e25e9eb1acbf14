"""A store in a folder of its own, and a short way to call operations on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from understudy.storage import s3
from understudy.storage.objects.store import Store

AT = 1_700_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "s3")
    yield opened
    opened.close()


@pytest.fixture
def call(store: Store) -> Callable[..., Any]:
    def called(operation: str, at: float = AT, region: str = "us-east-1", **params: Any) -> Any:
        return s3.operations[operation](store, params, s3.Context(at, region))

    return called


@pytest.fixture
def bucket(call: Callable[..., Any]) -> str:
    call("CreateBucket", Bucket="models")
    return "models"
