"""A kept resource type as a table: which calls make, change, read and remove it.

    Kept(
        "AWS::EC2::Subnet",
        "ec2",
        create=Call("CreateSubnet", "VpcId CidrBlock AvailabilityZone"),
        id="Subnet.SubnetId",
        read=Call("DescribeSubnets", SubnetIds=owns),
        record="Subnets.0",
        live="VpcId CidrBlock AvailabilityZone MapPublicIpOnLaunch",
        delete=(Call("DeleteSubnet", SubnetId=own),),
    )

``take`` and ``live`` are names, apart by blanks: ``Name`` stands under the same name on both sides,
``Name>other.path`` under another one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.explain import code_of
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Start,
    Steps,
)
from understudy.resources.kept.values import Here, Value, at

Parameter = Value | str | bool | list[str]


class Call:
    """An operation with its parameters. ``take`` are properties that it takes as they are.

    ``when`` are properties: the call is only made where the template gives one of them, or, in an
    update, where one of them has changed. ``needs`` are parameters without which it is not made.
    """

    __slots__ = ("needs", "operation", "params", "take", "when")

    def __init__(
        self,
        operation: str,
        take: str = "",
        /,
        *,
        when: str = "",
        needs: str = "",
        **params: Parameter,
    ) -> None:
        self.operation = operation
        self.take = pairs(take)
        self.when = tuple(when.split())
        self.needs = tuple(needs.split())
        self.params = params

    def having(self, params: Mapping[str, Parameter]) -> "Call":
        """The same call with more parameters, whose names are worked out."""
        self.params |= params
        return self

    def made(self, here: Here) -> Params:
        """The parameters of the call."""
        taken = {to: at(here.properties, path) for path, to in self.take}
        worked_out = {key: v(here) if callable(v) else v for key, v in self.params.items()}
        return {k: v for k, v in {**taken, **worked_out}.items() if v is not None}


def pairs(names: str) -> tuple[tuple[str, str], ...]:
    """Names of both sides: ``A B>c.d`` gives ``(("A", "A"), ("B", "c.d"))``."""
    split = (each.partition(">") for each in names.split())
    return tuple((left, right or left) for left, _, right in split)


Part = Call | Callable[[Here], Steps[None]]
"""A call, or steps where it takes more than a call."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource type.

    ``id`` is the path of the physical id in what ``create`` gives, or a value. ``then`` comes after
    creation and in every update that concerns it, ``update`` only in updates. ``record`` is the
    path of the resource in what ``read`` gives, ``attributes`` and ``live`` paths in that record.
    """

    name: str
    service: str
    create: Part
    id: str | Value
    delete: tuple[Part, ...]
    then: tuple[Part, ...] = ()
    update: tuple[Part, ...] = ()
    snapshot: Call | None = None
    """What keeps its content where its DeletionPolicy asks for that."""
    read: Call | None = None
    record: str = ""
    made: str | None = None
    """Where ``create`` gives the record, if it does: then it need not be read as well."""
    identity: str = ""
    """Attributes that are the physical id itself."""
    found: str = ""
    """Attributes that ``then`` has found."""
    attributes: str = ""
    live: str = ""
    translate: Callable[[Params], Params] | None = None
    """Turns a record into one whose members can be paths of ``attributes`` and ``live``."""


def resource_type(kept: Kept) -> ResourceType:
    """The resource type of a table."""
    read = _bound(_read, kept) if kept.read else None
    return ResourceType(
        kept.name,
        "kept",
        _bound(_create, kept),
        _bound(_delete, kept),
        _bound(_update, kept),
        read,
        snapshot=_bound(_snapshot, kept) if kept.snapshot else None,
    )


def _bound(handler: Callable[[Kept, Request], Handler], kept: Kept) -> Start:
    return lambda request: handler(kept, request)


def _create(kept: Kept, request: Request) -> Handler:
    here = Here(request)
    answer: Any = {}
    if isinstance(kept.create, Call):
        params = kept.create.made(here)
        answer = yield Invoke(kept.service, kept.create.operation, params)
        here = Here(request, found={**params, **answer})
    else:
        yield from kept.create(here)
    identifier = at(answer, kept.id) if isinstance(kept.id, str) else kept.id(here)
    if not identifier:
        raise HandlerFailure(f"{kept.service} gave no {kept.id}", "InternalFailure")
    here = Here(request, str(identifier), here.found)
    yield Identify(here.id)
    for each in kept.then:
        if not isinstance(each, Call) or not each.when or _given(each, request):
            yield from _do(kept, each, here)
    known: Params = dict.fromkeys(kept.identity.split(), here.id)
    known |= {n: v for n in kept.found.split() if (v := here.found.get(n)) is not None}
    if kept.made is not None:
        return Done(here.id, known | _shown(kept, at(answer, kept.made)))
    return Done(here.id, known | (yield from _attributes(kept, here)))


def _given(call: Call, request: Request) -> bool:
    return any(request.properties.get(name) is not None for name in call.when)


def _do(kept: Kept, each: Part, here: Here) -> Steps[None]:
    if isinstance(each, Call):
        params = each.made(here)
        if all(name in params for name in each.needs):
            yield Invoke(kept.service, each.operation, params)
    else:
        yield from each(here)


def _attributes(kept: Kept, here: Here) -> Steps[Params]:
    if kept.read is None:
        return {}
    return _shown(kept, (yield from _record(kept, kept.read, here)))


def _shown(kept: Kept, record: Any) -> Params:
    """The attributes that a record has."""
    found = {name: at(record, path) for name, path in pairs(kept.attributes)}
    return {name: value for name, value in found.items() if value is not None}


def _record(kept: Kept, read: Call, here: Here) -> Steps[Any]:
    """The resource as its service describes it. Raises HandlerFailure where it is gone."""
    answer = yield Invoke(kept.service, read.operation, read.made(here))
    record = at(answer, kept.record)
    if record is None:
        raise HandlerFailure(f"Resource of type '{kept.name}' was not found", "NotFound")
    return kept.translate(record) if kept.translate else record


def _update(kept: Kept, request: Request) -> Handler:
    here = Here(request, request.physical_id)
    for each in (*kept.then, *kept.update):
        if not isinstance(each, Call) or not each.when or _changed(each, request):
            yield from _do(kept, each, here)
    found = yield from _attributes(kept, here)
    return Done(here.id, {**request.attributes, **found})


def _changed(call: Call, request: Request) -> bool:
    before, after = request.previous, request.properties
    retagged = "Tags" in call.when and request.tags != request.old_tags
    return retagged or any(before.get(name) != after.get(name) for name in call.when)


def _read(kept: Kept, request: Request) -> Handler:
    """The live properties: those that the service tells, the others as the template has them."""
    here = Here(request, request.physical_id)
    if kept.read is None:
        raise AssertionError(f"{kept.name} cannot be read")
    record = yield from _record(kept, kept.read, here)
    found = {name: at(record, path) for name, path in pairs(kept.live)}
    live = {**request.properties, **{k: v for k, v in found.items() if v is not None}}
    gone = [name for name, value in found.items() if value is None and name in live]
    known = {name: value for name, value in live.items() if name not in gone}
    return Done(here.id, {**request.attributes, **_shown(kept, record)}, known)


def _snapshot(kept: Kept, request: Request) -> Handler:
    here = Here(request, request.physical_id)
    if kept.snapshot is not None:
        yield from _do(kept, kept.snapshot, here)
    return Done(here.id)


def _delete(kept: Kept, request: Request) -> Handler:
    """Remove it. What is gone already need not be removed."""
    here = Here(request, request.physical_id)
    for each in kept.delete:
        try:
            yield from _do(kept, each, here)
        except Fault as fault:
            if code_of(fault) != "NotFound":
                raise
    return Done(here.id)
