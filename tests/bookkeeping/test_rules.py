"""Rules of EventBridge and subscriptions of SNS: what reaches queues and functions, and is kept."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import Books
from understudy.bookkeeping.outbox import Invocation
from understudy.control.eventbridge.rules import EMIT

REGION = "us-east-1"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:work"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:inbox"
EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "Change",
    "source": "aws.thing",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": REGION,
    "resources": [],
    "detail": {"state": "on"},
}


class Notes:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.kept: list[BookRequest] = []

    def append(self, request: BookRequest) -> int:
        self.kept.append(request)
        return len(self.kept)

    def requests(self) -> list[tuple[int, BookRequest]]:
        return list(enumerate(self.kept, 1))


class Account:
    """The kept services of an account, called by name."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.books = Books(self.notes)

    def __call__(self, service: str, operation: str, call_id: str = "", /, **params: Any) -> Any:
        return self.books.call(service, operation, params, REGION, call_id)

    def rule(self, name: str, *targets: str, **more: Any) -> None:
        self("events", "PutRule", Name=name, **more)
        given = [{"Id": str(n), "Arn": each} for n, each in enumerate(targets)]
        self("events", "PutTargets", Rule=name, Targets=given)

    def inbox(self) -> list[Any]:
        found = self("sqs", "ReceiveMessage", QueueUrl=self.url, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in found.get("Messages", [])]

    @property
    def url(self) -> str:
        return self("sqs", "GetQueueUrl", QueueName="inbox")["QueueUrl"]


@pytest.fixture
def account() -> Account:
    made = Account()
    made("sqs", "CreateQueue", QueueName="inbox")
    return made


def test_an_event_goes_to_the_targets_of_the_enabled_rules_that_it_matches(
    account: Account,
) -> None:
    pattern = {"source": ["aws.thing"], "detail": {"state": ["on"]}}
    account.rule("on", QUEUE, FUNCTION, EventPattern=json.dumps(pattern))
    account.rule("off", QUEUE, EventPattern=json.dumps({"detail": {"state": ["off"]}}))
    account.rule("not", QUEUE, EventPattern=json.dumps(pattern), State="DISABLED")
    account.rule("timed", QUEUE, ScheduleExpression="rate(1 day)")
    account("events", EMIT, "c1", Event=EVENT)
    assert account.inbox() == [EVENT]
    rule = "arn:aws:events:us-east-1:000000000000:rule/on"
    assert account.books.leaving() == [Invocation(FUNCTION, EVENT, "events.amazonaws.com", rule)]


def test_what_a_client_puts_is_told_with_its_time_in_words(account: Account) -> None:
    account.rule("orders", QUEUE, FUNCTION, EventPattern='{"source": ["shop"]}')
    entry = {"Source": "shop", "DetailType": "Order", "Detail": '{"n": 1}', "Time": 1767225600}
    put = account("events", "PutEvents", Entries=[entry])
    assert put["FailedEntryCount"] == 0
    (told,) = account.inbox()
    assert (told["detail"], told["time"], "ingestion-time" in told) == (
        {"n": 1},
        "2026-01-01T00:00:00Z",
        False,
    )
    (called,) = account.books.leaving()
    assert isinstance(called, Invocation)
    assert called.event == told


def test_a_schedule_gives_its_own_targets_their_input(account: Account) -> None:
    account.rule("tick", ScheduleExpression="rate(1 day)")
    target = {"Id": "f", "Arn": FUNCTION, "Input": '{"go": true}'}
    account("events", "PutTargets", Rule="tick", Targets=[target])
    account("events", EMIT, "c1", Rule="tick", Event=EVENT)
    (called,) = account.books.leaving()
    assert isinstance(called, Invocation)
    assert called.event == {"go": True}
    account("events", EMIT, "c2", Rule="gone", Event=EVENT)
    assert account.books.leaving() == []


def test_a_target_that_is_gone_keeps_nothing_from_the_others(account: Account) -> None:
    gone = QUEUE.replace("inbox", "gone")
    account.rule("on", gone, QUEUE, EventPattern='{"source": ["aws.thing"]}')
    account("events", EMIT, "c1", Event=EVENT)
    assert account.inbox() == [EVENT]


def test_what_reached_a_queue_survives_and_calls_of_functions_are_not_kept(
    account: Account,
) -> None:
    account.rule("f", FUNCTION, EventPattern='{"source": ["aws.thing"]}')
    before = len(account.notes.kept)
    account("events", EMIT, "c1", Event=EVENT)
    assert len(account.notes.kept) == before
    account.rule("q", QUEUE, EventPattern='{"source": ["aws.thing"]}')
    account("events", EMIT, "c2", Event=EVENT)
    account.books = Books(account.notes)
    assert account.inbox() == [EVENT]
    assert account.books.leaving() == []


def test_it_is_told_which_rules_there_are_whenever_they_change(account: Account) -> None:
    assert account.books.changed_rules() == {}
    account.rule("tick", ScheduleExpression="rate(1 day)")
    assert account.books.changed_rules() == {REGION: ((("tick", "rate(1 day)"),), False)}
    account("events", "DisableRule", Name="tick")
    account.rule("on", QUEUE, EventPattern='{"source": ["aws.thing"]}')
    assert account.books.changed_rules() == {REGION: ((), True)}
    account("events", EMIT, "c1", Event=EVENT)
    assert account.books.changed_rules() == {}


@pytest.mark.parametrize("expression", ["rate(1 days)", "cron(nonsense)", "at(2026-01-01T00:00)"])
def test_what_is_no_schedule_is_refused(account: Account, expression: str) -> None:
    with pytest.raises(Fault, match="Parameter ScheduleExpression is not valid"):
        account("events", "PutRule", Name="tick", ScheduleExpression=expression)


def test_an_archive_keeps_what_happens_and_replays_it(account: Account) -> None:
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
    account("events", "CreateArchive", ArchiveName="all", EventSourceArn=bus)
    account("events", EMIT, "c1", Event=EVENT)
    assert account("events", "DescribeArchive", ArchiveName="all")["EventCount"] == 1
    account.rule("on", QUEUE, EventPattern='{"source": ["aws.thing"]}')
    account(
        "events", "StartReplay", ReplayName="again", EventSourceArn=f"{bus[:-17]}archive/all",
        EventStartTime=0, EventEndTime=1, Destination={"Arn": bus},
    )  # fmt: skip
    (again,) = account.inbox()
    assert (again["replay-name"], again["detail"]) == ("again", EVENT["detail"])


def test_a_topic_calls_functions_with_what_passes_their_filters(account: Account) -> None:
    topic = account("sns", "CreateTopic", Name="ops")["TopicArn"]
    account("sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    account(
        "sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=f"{FUNCTION}-2",
        Attributes={"FilterPolicy": '{"kind": ["big"]}'},
    )  # fmt: skip
    kind = {"kind": {"DataType": "String", "StringValue": "small"}}
    account(
        "sns", "Publish", TopicArn=topic, Subject="Hello", Message="all", MessageAttributes=kind
    )
    (called,) = account.books.leaving()
    assert isinstance(called, Invocation)
    assert (called.function, called.principal, called.source) == (
        FUNCTION,
        "sns.amazonaws.com",
        topic,
    )
    (record,) = called.event["Records"]
    assert record["EventSource"] == "aws:sns"
    said = record["Sns"]
    assert (said["Subject"], said["Message"], said["TopicArn"]) == ("Hello", "all", topic)
    assert said["MessageAttributes"] == {"kind": {"Type": "String", "Value": "small"}}
