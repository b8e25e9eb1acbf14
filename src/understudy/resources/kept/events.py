"""EventBridge: buses, rules and archives."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.deploy.history import json_text
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, as_list, document, own, prop

_RULE = "Description ScheduleExpression State EventBusName RoleArn"


def _rule_name(here: Here) -> str:
    return here.properties.get("Name") or here.request.name(64)


def _put_targets(here: Here) -> Steps[None]:
    """The targets of a rule; those that the template no longer has go."""
    rule = _rule_key(here)
    targets = here.properties.get("Targets", [])
    ids = {each["Id"] for each in targets}
    gone = [e["Id"] for e in here.before.get("Targets", []) if e["Id"] not in ids]
    if gone:
        yield Invoke("events", "RemoveTargets", {**rule, "Ids": gone})
    if targets:
        yield Invoke("events", "PutTargets", {**rule, "Targets": targets})


def _rule_key(here: Here) -> Params:
    bus, _, name = here.id.rpartition("|")
    return {"Rule": name, **({"EventBusName": bus} if bus else {})}


def _drop_targets(here: Here) -> Steps[None]:
    ids = [each["Id"] for each in here.properties.get("Targets", [])]
    if ids:
        yield Invoke("events", "RemoveTargets", {**_rule_key(here), "Ids": ids})


def _rule_id(here: Here) -> str:
    """Ref of a rule is its name, with the bus before it where that is not the default one."""
    bus = here.properties.get("EventBusName", "default")
    name = _rule_name(here)
    return name if bus == "default" else f"{bus}|{name}"


def _bus(here: Here) -> Any:
    return _rule_key(here).get("EventBusName")


_PUT_RULE = Call("PutRule", _RULE, Name=_rule_name, EventPattern=document("EventPattern"))

RULE = Kept(
    "AWS::Events::Rule",
    "events",
    create=_PUT_RULE,
    id=_rule_id,
    then=(_put_targets,),
    update=(
        Call(
            "PutRule",
            _RULE,
            Name=lambda here: _rule_key(here)["Rule"],
            EventPattern=document("EventPattern"),
        ),
    ),
    read=Call("DescribeRule", Name=lambda here: _rule_key(here)["Rule"], EventBusName=_bus),
    attributes="Arn",
    live="Description ScheduleExpression State Name",
    delete=(
        _drop_targets,
        Call("DeleteRule", Name=lambda here: _rule_key(here)["Rule"], EventBusName=_bus),
    ),
)

EVENT_BUS = Kept(
    "AWS::Events::EventBus",
    "events",
    create=Call("CreateEventBus", "Name EventSourceName Description", Tags=as_list()),
    id=lambda here: here.properties["Name"],
    identity="Name",
    read=Call("DescribeEventBus", Name=own),
    attributes="Arn",
    live="Name",
    delete=(Call("DeleteEventBus", Name=own),),
)


def _statement(here: Here) -> Any:
    statement = here.properties.get("Statement")
    if statement is None:
        return None
    return json_text({"Version": "2012-10-17", "Statement": [statement]})


EVENT_BUS_POLICY = Kept(
    "AWS::Events::EventBusPolicy",
    "events",
    create=Call(
        "PutPermission",
        "EventBusName Action Principal StatementId Condition",
        Policy=_statement,
    ),
    id=lambda here: "|".join(
        (here.properties.get("EventBusName", "default"), here.properties["StatementId"])
    ),
    delete=(Call("RemovePermission", "StatementId", EventBusName=prop("EventBusName", "default")),),
)


ARCHIVE = Kept(
    "AWS::Events::Archive",
    "events",
    create=Call(
        "CreateArchive",
        "SourceArn>EventSourceArn Description RetentionDays",
        ArchiveName=lambda here: here.properties.get("ArchiveName") or here.request.name(48),
        EventPattern=document("EventPattern"),
    ),
    id=lambda here: here.found["ArchiveName"],
    identity="ArchiveName",
    update=(
        Call(
            "UpdateArchive",
            "Description RetentionDays",
            ArchiveName=own,
            EventPattern=document("EventPattern"),
        ),
    ),
    read=Call("DescribeArchive", ArchiveName=own),
    attributes="Arn>ArchiveArn",
    live="Description RetentionDays",
    delete=(Call("DeleteArchive", ArchiveName=own),),
)

TYPES = (RULE, EVENT_BUS, EVENT_BUS_POLICY, ARCHIVE)
