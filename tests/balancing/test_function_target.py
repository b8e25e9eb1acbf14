"""Functions as targets: what their events say, and which of their answers are answers."""

import json
from typing import Any

import pytest

from understudy.balancing.function_target import LARGEST, Answer, answer_of, event_of

HEADERS = (("Cookie", "a=1"), ("Content-Type", "text/plain"), ("cookie", "b=2"))


def event(body: bytes = b"", *headers: tuple[str, str], many: bool = False) -> dict[str, Any]:
    return event_of("group", "POST", "/a%20b?k=1&k=%32&e", headers, body, multi_value=many)


def test_an_event_has_the_last_of_several_values_and_the_query_as_it_was_encoded() -> None:
    # AWS: Use Lambda functions as targets, Receive events from the load balancer.
    assert event(b"hi", *HEADERS) == {
        "requestContext": {"elb": {"targetGroupArn": "group"}},
        "httpMethod": "POST",
        "path": "/a%20b",
        "queryStringParameters": {"k": "%32", "e": ""},
        "headers": {"cookie": "b=2", "content-type": "text/plain"},
        "body": "hi",
        "isBase64Encoded": False,
    }


def test_with_multi_value_headers_an_event_has_all_values_and_no_others() -> None:
    said = event(b"hi", *HEADERS, many=True)
    assert said["multiValueHeaders"] == {"cookie": ["a=1", "b=2"], "content-type": ["text/plain"]}
    assert said["multiValueQueryStringParameters"] == {"k": ["1", "%32"], "e": [""]}
    assert not {"headers", "queryStringParameters"} & set(said)


@pytest.mark.parametrize(
    ("headers", "body", "encoded"),
    [
        pytest.param({"content-type": "text/html; charset=utf-8"}, b"x", False, id="text"),
        pytest.param({"content-type": "application/json"}, b"{}", False, id="json"),
        pytest.param({"content-type": "application/octet-stream"}, b"x", True, id="bytes"),
        pytest.param({}, b"x", True, id="a body of no type"),
        pytest.param({}, b"", False, id="no body"),
        pytest.param(
            {"content-type": "text/plain", "content-encoding": "gzip"}, b"x", True, id="compressed"
        ),
    ],
)
def test_what_is_no_text_is_encoded(headers: dict[str, str], body: bytes, encoded: bool) -> None:
    said = event(body, *headers.items())
    assert said["isBase64Encoded"] is encoded
    assert said["body"] == ("eA==" if encoded else body.decode())


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        pytest.param({"statusCode": 204}, Answer(204, "", (), b""), id="a status is enough"),
        pytest.param(
            {"statusCode": 200, "statusDescription": "200 Fine", "headers": {"A": 1}, "body": "é"},
            Answer(200, "200 Fine", (("A", "1"),), "é".encode()),
            id="description, headers and a text",
        ),
        pytest.param(
            {"statusCode": 200, "isBase64Encoded": True, "body": "AAE="},
            Answer(200, "", (), b"\0\1"),
            id="bytes in base64",
        ),
        pytest.param(
            {"statusCode": 200, "multiValueHeaders": {"A": ["1", "2"]}},
            Answer(200, "", (), b""),
            id="headers of many values where they are off",
        ),
        pytest.param({"body": "x"}, None, id="no status"),
        pytest.param({"statusCode": "200"}, None, id="a status that is text"),
        pytest.param({"statusCode": 20}, None, id="a status that is none"),
        pytest.param({"statusCode": 200, "body": {"a": 1}}, None, id="a body that is no text"),
        pytest.param(
            {"statusCode": 200, "isBase64Encoded": True, "body": "?"}, None, id="no base64"
        ),
        pytest.param({"statusCode": 200, "headers": {"A": "1\r\nB: 2"}}, None, id="a split header"),
        pytest.param({"statusCode": 200, "headers": ["A"]}, None, id="headers that are a list"),
        pytest.param({"statusCode": 200, "body": "x" * LARGEST}, None, id="more than a megabyte"),
        pytest.param("ok", None, id="a text"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_what_a_function_returns_is_an_answer_or_malformed(
    said: Any, answer: Answer | None
) -> None:
    assert answer_of(json.dumps(said).encode(), multi_value=False) == answer


def test_headers_of_many_values_are_all_answered_where_they_are_on() -> None:
    said = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}
    answer = answer_of(json.dumps(said).encode(), multi_value=True)
    assert answer is not None
    assert answer.headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
