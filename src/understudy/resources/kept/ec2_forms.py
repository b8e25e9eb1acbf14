"""The forms that types of EC2 have in common: tags by own calls, one noun with its verbs."""

from collections.abc import Callable
from typing import Any

from understudy.control.events import Params
from understudy.resources.kept.table import Call, Kept, Part
from understudy.resources.kept.values import Here, Value, all_tags, as_list, own, owns, stale

TAGS = (Call("CreateTags", when="", needs="Tags", Resources=owns, Tags=as_list(all_tags)),)


UNTAG = Call(
    "DeleteTags",
    needs="Tags",
    Resources=owns,
    Tags=lambda here: [{"Key": key} for key in stale(here) or ()] or None,
)


def regular(
    name: str,
    take: str,
    *,
    live: str = "",
    attributes: str = "",
    then: tuple[Part, ...] = (),
    update: tuple[Part, ...] = (),
    noun: str = "",
    plural: str = "",
    key: str = "",
    translate: Callable[[Params], Params] | None = None,
    identity: str = "",
    found: str = "",
    **params: Value,
) -> Kept:
    """A type of EC2 in its regular form: Create, Describe (by ids) and Delete of one noun."""
    noun = noun or name
    key = key or f"{noun}Id"
    plural = plural or f"{noun}s"
    return Kept(
        f"AWS::EC2::{name}",
        "ec2",
        create=Call(f"Create{noun}", take).having(params),
        id=f"{noun}.{key}",
        then=(*TAGS, *then),
        update=(UNTAG, *update),
        read=Call(f"Describe{plural}").having({f"{key}s": owns}),
        record=f"{plural}.0",
        translate=translate,
        identity=identity or key,
        found=found,
        attributes=attributes,
        live=f"{live} Tags",
        delete=(Call(f"Delete{noun}").having({key: own}),),
    )


def flags(operation: str, key: str, *names: str) -> tuple[Call, ...]:
    """Attributes that are set one by one after creation, each as ``{"Value": true}``."""

    def flag(name: str) -> Value:
        def value(here: Here) -> Any:
            found = here.properties.get(name)
            return None if found is None else {"Value": found}

        return value

    return tuple(
        Call(operation, when=name, needs=name).having({key: own, name: flag(name)})
        for name in names
    )
