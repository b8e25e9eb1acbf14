"""The kept services: what was acknowledged is there after a restart, with the same ids."""

import gc
import json
from contextlib import AbstractContextManager, nullcontext

import pytest

from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import Books
from understudy.bookkeeping.services import KEPT_SERVICES, host_of

REGION = "us-east-1"


class Notes:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.kept: list[BookRequest] = []

    def append(self, request: BookRequest) -> int:
        self.kept.append(request)
        return len(self.kept)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def requests(self) -> list[tuple[int, BookRequest]]:
        return list(enumerate(self.kept, 1))


@pytest.fixture
def notes() -> Notes:
    return Notes()


def vpcs(books: Books) -> list[str]:
    return [each["VpcId"] for each in books.call("ec2", "DescribeVpcs", {}, REGION)["Vpcs"]]


def test_ids_are_the_same_after_a_restart(notes: Notes) -> None:
    books = Books(notes)
    default = vpcs(books)
    made = [
        books.call("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, REGION)["Vpc"]["VpcId"]
        for _ in range(2)
    ]
    assert len({*default, *made}) == 3
    assert vpcs(Books(notes)) == [*default, *made]


def test_ids_do_not_depend_on_who_looked_first(notes: Notes) -> None:
    books = Books(notes)
    made = books.call("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, REGION)["Vpc"]["VpcId"]
    again = Books(notes)
    assert made in vpcs(again)
    assert vpcs(again) == vpcs(Books(notes))


def test_a_call_that_is_asked_again_is_performed_once_even_after_a_restart(notes: Notes) -> None:
    once = {"UserName": "someone"}
    first = Books(notes).call("iam", "CreateUser", once, REGION, "call-1")["User"]
    again = Books(notes).call("iam", "CreateUser", once, REGION, "call-1")["User"]
    assert again["UserId"] == first["UserId"]
    assert len(notes.kept) == 1
    with pytest.raises(Fault, match="already exists"):
        Books(notes).call("iam", "CreateUser", once, REGION, "call-2")


def test_only_what_changes_something_is_written_down(notes: Notes) -> None:
    books = Books(notes)
    url = books.call("sqs", "CreateQueue", {"QueueName": "q"}, REGION)["QueueUrl"]
    books.call("sqs", "GetQueueAttributes", {"QueueUrl": url}, REGION)
    with pytest.raises(Fault):
        books.call("sqs", "SendMessage", {"QueueUrl": f"{url}x", "MessageBody": "m"}, REGION)
    assert len(notes.kept) == 1


def test_what_a_key_has_encrypted_can_be_read_after_a_restart(notes: Notes) -> None:
    books = Books(notes)
    key = books.call("kms", "CreateKey", {}, REGION)["KeyMetadata"]["KeyId"]
    secret = books.call("kms", "Encrypt", {"KeyId": key, "Plaintext": b"word"}, REGION)
    blob = {"CiphertextBlob": secret["CiphertextBlob"]}
    assert Books(notes).call("kms", "Decrypt", blob, REGION)["Plaintext"] == b"word"


def test_an_operation_that_nobody_keeps_is_said_to_be_so(notes: Notes) -> None:
    with pytest.raises(Fault) as refused:
        Books(notes).call(
            "ec2", "ResetNetworkInterfaceAttribute", {"NetworkInterfaceId": "e"}, REGION
        )
    assert refused.value.status == 501


@pytest.mark.parametrize("service", KEPT_SERVICES)
def test_every_kept_service_has_a_host(service: str) -> None:
    assert host_of(service, "eu-west-1").endswith(".amazonaws.com")


def test_what_was_loaded_is_not_looked_through_for_garbage_again(notes: Notes) -> None:
    gc.unfreeze()
    before = gc.get_freeze_count()
    vpcs(Books(notes))
    assert gc.get_freeze_count() > before + 10_000


def test_a_rest_api_of_sam_is_imported_though_it_names_no_responses(notes: Notes) -> None:
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    method = {"x-amazon-apigateway-integration": integration, "responses": {}}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "shop", "description": "of SAM", "version": "1.0"},
        "paths": {"/items": {"get": method}},
    }
    books = Books(notes)
    params = {"body": json.dumps(document), "failOnWarnings": True}
    made = books.call("apigateway", "ImportRestApi", params, REGION)
    found = books.call("apigateway", "GetResources", {"restApiId": made["id"]}, REGION)
    assert {each["path"] for each in found["items"]} == {"/", "/items"}
