"""Checksums against published check values and against each other."""

import hashlib
import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.storage.objects.digests import (
    ALGORITHMS,
    FULL_OBJECT_ALGORITHMS,
    combined,
    composite,
    encode,
    is_checksum,
)


@pytest.mark.parametrize(
    ("algorithm", "check"),
    [
        # The "check" column of the catalogue of parametrised CRC algorithms: of b"123456789".
        ("CRC32", "cbf43926"),
        ("CRC32C", "e3069283"),
        ("CRC64NVME", "ae8b14860a799888"),
        ("MD5", "25f9e794323b453885f5181f1b624d0b"),
        ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ("SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ],
)
def test_an_algorithm_gives_its_published_check_value(algorithm: str, check: str) -> None:
    digest = ALGORITHMS[algorithm]()
    digest.update(b"1234")
    digest.update(b"56789")
    assert digest.digest().hex() == check


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@given(pieces=st.lists(st.binary(max_size=50), max_size=5))
def test_pieces_give_the_checksum_of_the_whole(algorithm: str, pieces: list[bytes]) -> None:
    in_pieces, at_once = ALGORITHMS[algorithm](), ALGORITHMS[algorithm]()
    for piece in pieces:
        in_pieces.update(piece)
    at_once.update(b"".join(pieces))
    assert in_pieces.digest() == at_once.digest()


@pytest.mark.parametrize("algorithm", sorted(FULL_OBJECT_ALGORITHMS))
@given(pieces=st.lists(st.binary(max_size=50), max_size=5))
def test_checksums_of_parts_combine_to_that_of_the_whole(
    algorithm: str, pieces: list[bytes]
) -> None:
    parts = []
    for piece in pieces:
        digest = ALGORITHMS[algorithm]()
        digest.update(piece)
        parts.append((encode(digest.digest()), len(piece)))
    whole = ALGORITHMS[algorithm]()
    whole.update(b"".join(pieces))
    assert combined(algorithm, parts) == encode(whole.digest())


def test_a_composite_checksum_is_that_of_the_checksums_with_their_count() -> None:
    parts = [hashlib.sha256(text).digest() for text in (b"one", b"two")]
    expected = b64encode(hashlib.sha256(b"".join(parts)).digest()).decode() + "-2"
    assert composite("SHA256", map(encode, parts)) == expected


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (encode(zlib.crc32(b"x").to_bytes(4, "big")), True),
        ("", False),
        ("AAAA", False),
        ("not base64!", False),
    ],
)
def test_a_checksum_is_base64_of_the_right_length(text: str, *, fits: bool) -> None:
    assert is_checksum("CRC32", text) is fits
