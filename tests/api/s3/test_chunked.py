"""The aws-chunked decoder and the form decoder, whatever pieces their bytes come in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.api.s3.chunked import ChunkedDecoder
from understudy.api.s3.multipart_form import FormDecoder
from understudy.base.fault import Fault


def encoded(chunks: list[bytes], trailers: dict[str, str]) -> bytes:
    body = b"".join(b"%x;chunk-signature=0a\r\n%b\r\n" % (len(c), c) for c in chunks)
    tail = "".join(f"{name}:{value}\r\n" for name, value in trailers.items())
    return body + b"0\r\n" + tail.encode() + b"\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


CUTS = st.lists(st.integers(0, 10_000), max_size=6)


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    trailers=st.dictionaries(st.sampled_from(["x-amz-checksum-crc32", "b"]), st.just("v")),
    cuts=CUTS,
)
def test_a_body_is_decoded_however_it_is_cut(
    chunks: list[bytes], trailers: dict[str, str], cuts: list[int]
) -> None:
    decoder = ChunkedDecoder()
    found = [piece for data in cut(encoded(chunks, trailers), cuts) for piece in decoder.feed(data)]
    decoder.finish()
    assert b"".join(found) == b"".join(chunks)
    assert decoder.trailers == trailers


@given(chunks=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3), data=st.data())
def test_a_body_that_is_cut_off_is_incomplete(chunks: list[bytes], data: st.DataObject) -> None:
    whole = encoded(chunks, {})
    end = data.draw(st.integers(0, len(whole) - len(b"0\r\n\r\n") - 1))
    decoder = ChunkedDecoder()
    decoder.feed(whole[:end])
    with pytest.raises(Fault, match="IncompleteBody"):
        decoder.finish()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"zz\r\n", "IncompleteBody"),
        (b"1\r\nab\r\n", "IncompleteBody"),
        (b"x" * 9000, "IncompleteBody"),
        (b"0\r\nno colon\r\n", "MalformedTrailerError"),
    ],
)
def test_what_is_not_encoded_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Fault, match=code):
        ChunkedDecoder().feed(data)


FORM = (
    b"preamble\r\n--B\r\n"
    b'Content-Disposition: form-data; name="key"\r\n\r\nup/${filename}\r\n--B\r\n'
    b'Content-Disposition: form-data; name="Content-Type"\r\n\r\n\xc3\xa9\r\n--B\r\n'
    b'Content-Disposition: form-data; name="file"; filename="C:\\\\dir\\\\x.bin"\r\n'
    b"Content-Type: a/b\r\n\r\n"
)
END = b"\r\n--B--\r\n"


@given(
    content=st.binary(max_size=80), near=st.sampled_from([b"", b"\r\n--", b"\r\n--A"]), cuts=CUTS
)
def test_a_form_is_taken_apart_however_it_is_cut(
    content: bytes, near: bytes, cuts: list[int]
) -> None:
    content = (content + near).replace(b"\r\n--B", b"")
    decoder = FormDecoder("multipart/form-data; boundary=B")
    found = [piece for data in cut(FORM + content + END, cuts) for piece in decoder.feed(data)]
    decoder.finish()
    assert b"".join(found) == content
    assert decoder.fields == {"key": "up/${filename}", "content-type": "é"}
    assert decoder.filename == "x.bin"


def test_a_form_that_breaks_off_is_malformed() -> None:
    decoder = FormDecoder("multipart/form-data; boundary=B")
    decoder.feed(FORM + b"content")
    with pytest.raises(Fault, match="MalformedPOSTRequest"):
        decoder.finish()


def test_fields_before_the_file_have_a_limit() -> None:
    decoder = FormDecoder('multipart/form-data; boundary="B"')
    with pytest.raises(Fault, match="MaxPostPreDataLengthExceeded"):
        decoder.feed(FORM[: FORM.index(b"up/")] + b"x" * 30_000)
