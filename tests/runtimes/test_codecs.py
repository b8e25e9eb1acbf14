import io
import json
import sys

import numpy as np
import pytest
import scipy.sparse

from understudy.runtimes.codecs import CSV, JSON, NPY, NPZ, UnsupportedFormatError, decode, encode


def npy(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(matrix: scipy.sparse.csr_matrix) -> bytes:
    stream = io.BytesIO()
    scipy.sparse.save_npz(stream, matrix)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        pytest.param("[[1, 2], [3, 4]]", JSON, [[1, 2], [3, 4]], id="JSON"),
        pytest.param("1,2\n3,4\n", CSV, [[1, 2], [3, 4]], id="CSV"),
        pytest.param("1,2", CSV, [1, 2], id="one line of CSV is one-dimensional"),
        pytest.param(npy(np.eye(2)), NPY, [[1, 0], [0, 1]], id="npy"),
    ],
)
def test_bodies_become_arrays(body: str | bytes, content_type: str, expected: list[object]) -> None:
    np.testing.assert_array_equal(decode(body, content_type), np.array(expected))


def test_npz_becomes_a_sparse_matrix() -> None:
    matrix = scipy.sparse.csr_matrix([[0, 1], [2, 0]])
    np.testing.assert_array_equal(decode(npz(matrix), NPZ).toarray(), matrix.toarray())


@pytest.mark.parametrize(
    ("prediction", "accept", "expected"),
    [
        pytest.param(np.array([1, 2]), JSON, "[1, 2]", id="an array as JSON"),
        pytest.param({"a": np.float64(0.5)}, JSON, '{"a": 0.5}', id="a number inside JSON"),
        pytest.param(np.array([[1, 2], [3, 4]]), CSV, "1,2\n3,4\n", id="rows as CSV"),
        pytest.param([1, 2], CSV, "1\n2\n", id="a list as a column of CSV"),
    ],
)
def test_predictions_become_text(prediction: object, accept: str, expected: str) -> None:
    assert encode(prediction, accept) == expected


def test_npy_comes_back_as_it_went() -> None:
    array = np.array([[0.25, -1.0]])
    np.testing.assert_array_equal(decode(encode(array, NPY), NPY), array)


@pytest.mark.parametrize("content_type", ["text/html", "application/json; charset=utf-8", ""])
def test_other_types_are_not_supported(content_type: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="is not supported by this framework"):
        decode("1", content_type)
    with pytest.raises(UnsupportedFormatError, match="is not supported by this framework"):
        encode([1], content_type)


def test_npz_is_not_written() -> None:
    with pytest.raises(UnsupportedFormatError):
        encode([1], NPZ)


def test_a_body_is_never_unpickled() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        decode(npy(np.array([object()], dtype=object), allow_pickle=True), NPY)


def test_what_json_cannot_say_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        encode({"a": object()}, JSON)
    assert json.loads(encode([1], JSON)) == [1]


def test_npz_is_not_supported_where_scipy_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    body = npz(scipy.sparse.csr_matrix([[1]]))
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(UnsupportedFormatError):
        decode(body, NPZ)
