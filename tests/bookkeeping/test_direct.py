"""Calls given to moto's models themselves come to what they come to as requests."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.bookkeeping.direct import METHOD, WORK
from understudy.bookkeeping.moto import Books
from understudy.control.eventbridge.rules import EMIT
from understudy.testing.outside import Pages

REGION = "eu-north-1"
TRUST = json.dumps({"Statement": []})
MADE: dict[tuple[str, str], dict[str, Any]] = {
    ("sns", "CreateTopic"): {
        "Name": "n",
        "Attributes": {"DisplayName": "d"},
        "Tags": [{"Key": "k", "Value": "v"}],
    },
    ("sqs", "CreateQueue"): {
        "QueueName": "n",
        "Attributes": {"DelaySeconds": "3"},
        "tags": {"k": "v"},
    },
    ("ssm", "PutParameter"): {
        "Name": "n",
        "Type": "String",
        "Value": "v",
        "Description": "d",
        "Tags": [{"Key": "k", "Value": "v"}],
    },
    ("iam", "CreateRole"): {
        "RoleName": "n",
        "AssumeRolePolicyDocument": TRUST,
        "Description": "d",
        "Tags": [{"Key": "k", "Value": "v"}],
    },
}
GONE: dict[tuple[str, str], str] = {
    ("sns", "CreateTopic"): "DeleteTopic",
    ("sqs", "CreateQueue"): "DeleteQueue",
    ("ssm", "PutParameter"): "DeleteParameter",
    ("iam", "CreateRole"): "DeleteRole",
}
IDS = [" ".join(each) for each in MADE]


def seen(books: Books) -> Any:
    """Everything that is kept, without the times at which it was made."""

    def ask(service: str, operation: str, **params: Any) -> Any:
        try:
            return books.call(service, operation, params, REGION)
        except Fault as fault:
            return fault.code

    topic = f"arn:aws:sns:{REGION}:000000000000:n"
    found = [
        ask("sns", "GetTopicAttributes", TopicArn=topic),
        ask("sns", "ListTagsForResource", ResourceArn=topic),
        ask("sqs", "ListQueues"),
        ask("ssm", "DescribeParameters"),
        ask("ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId="n"),
        ask("iam", "GetRole", RoleName="n"),
        ask("iam", "ListRoleTags", RoleName="n"),
    ]
    return without_times(found)


def without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [without_times(each) for each in value]
    if isinstance(value, dict):
        times = ("CreateDate", "LastModifiedDate")
        return {key: without_times(each) for key, each in value.items() if key not in times}
    return value


@pytest.mark.parametrize("call", list(MADE), ids=IDS)
def test_a_direct_call_keeps_what_a_request_keeps(call: tuple[str, str]) -> None:
    service, operation = call
    sent = Books(Pages())
    as_request = sent.call(service, operation, MADE[call], REGION)
    expected = seen(sent)
    pages = Pages()
    direct = Books(pages)
    given = direct.call(service, operation, MADE[call], REGION, "id-1")
    assert [each.method for each in pages.written] == [METHOD]
    assert seen(direct) == expected
    common = without_times({key: as_request[key] for key in given if key in as_request})
    if service == "iam":
        common["Role"] = {key: common["Role"][key] for key in without_times(given["Role"])}
    assert without_times(given) == common


@pytest.mark.parametrize("call", list(MADE), ids=IDS)
def test_a_direct_call_is_replayed_to_the_same(call: tuple[str, str]) -> None:
    pages = Pages()
    books = Books(pages)
    given = books.call(*call, MADE[call], REGION, "id-1")
    expected = seen(books)
    again = Books(pages)
    assert seen(again) == expected
    assert without_times(again.call(*call, MADE[call], REGION, "id-1")) == without_times(given)
    assert len(pages.written) == 1


@pytest.mark.parametrize("call", list(MADE), ids=IDS)
def test_a_direct_call_deletes(call: tuple[str, str]) -> None:
    pages = Pages()
    books = Books(pages)
    before = seen(books)
    made = books.call(*call, MADE[call], REGION, "id-1")
    names = {"n": "n", "RoleName": "n", "Name": "n"}
    params = {
        "DeleteTopic": {"TopicArn": made.get("TopicArn")},
        "DeleteQueue": {"QueueUrl": made.get("QueueUrl")},
        "DeleteParameter": {"Name": names["Name"]},
        "DeleteRole": {"RoleName": names["RoleName"]},
    }[GONE[call]]
    books.call(call[0], GONE[call], params, REGION, "id-2")
    assert seen(books) == before
    assert [each.method for each in pages.written] == [METHOD, METHOD]


def test_a_refusal_comes_in_the_words_of_the_service_and_is_not_kept() -> None:
    pages = Pages()
    books = Books(pages)
    role = MADE["iam", "CreateRole"]
    books.call("iam", "CreateRole", role, REGION, "id-1")
    with pytest.raises(Fault, match="Role with name n already exists"):
        books.call("iam", "CreateRole", role, REGION, "id-2")
    with pytest.raises(Fault) as refused:
        books.call("ssm", "DeleteParameter", {"Name": "none"}, REGION, "id-3")
    assert refused.value.code == "ParameterNotFound"
    assert len(pages.written) == 1


def test_every_direct_call_is_tried_here() -> None:
    tried = {*MADE, *((service, GONE[service, made]) for service, made in MADE)}
    elsewhere = {
        ("events", EMIT),  # bookkeeping/test_rules.py
        ("logs", "PutLogEvents"),  # live/test_log_streams.py
    }
    assert tried | elsewhere == set(WORK)
