"""A change set as data: what will happen to each resource, and why.

AWS: ResourceChange; ResourceTargetDefinition. `describe` writes it as AWS does.
"""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from understudy.cloudformation.schema import Recreation

Action = Literal["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"]
Replacement = Literal["True", "False", "Conditional"]
Evaluation = Literal["Static", "Dynamic"]
Source = Literal[
    "DirectModification",
    "ParameterReference",
    "ResourceReference",
    "ResourceAttribute",
    "Automatic",
]
Kind = Literal["Add", "Remove", "Modify"]

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
"""The status reason of a change set without changes. Recorded; clients look for it."""

NO_UPDATES = "No updates are to be performed."
"""The same where macros ran, and what UpdateStack answers. Recorded; clients look for it."""


class Detail(Struct, frozen=True, omit_defaults=True):
    """One reason for which a resource changes.

    ``attribute`` is Properties, Tags, Metadata or a policy attribute; ``name`` the top-level
    property; ``path`` where in it, such as ``/Properties/Rules/0/Id``. ``evaluation`` is Static if
    the target will change for certain, Dynamic if it may. ``before`` and ``after`` are text, or
    JSON text of what is no scalar; None where there is nothing.
    """

    attribute: str
    name: str = ""
    path: str = ""
    requires_recreation: Recreation = "Never"
    evaluation: Evaluation = "Static"
    change_source: Source = "DirectModification"
    causing_entity: str = ""
    kind: Kind = "Modify"
    before: str | None = None
    after: str | None = None


class Change(Struct, frozen=True, omit_defaults=True):
    """What a change set does to one resource.

    ``before`` and ``after`` are its attributes as written text, for instance
    ``{"Properties": {"TopicName": "a"}}``; what is not known yet is ``KNOWN_AFTER_APPLY``.
    ``warning`` says why some values could not be worked out. ``problems`` are the properties that
    break AWS's schema: where, such as ``/Resources/A/Properties/Type``, and in what words.
    """

    action: Action
    logical_id: str
    resource_type: str
    physical_id: str = ""
    replacement: Replacement | None = None
    scope: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    policy_action: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    deletes_first: bool = False
    warning: str = ""
    problems: tuple[tuple[str, str], ...] = ()


def replacement_of(details: Iterable[Detail]) -> Replacement:
    """Whether the details replace a resource: for certain, perhaps, or not.

    AWS: ResourceChange, Replacement. Static and Always is True; a Dynamic one of Always, or any of
    Conditionally, is Conditional.
    """
    found: Replacement = "False"
    for detail in details:
        if detail.requires_recreation == "Always" and detail.evaluation == "Static":
            return "True"
        if detail.requires_recreation != "Never":
            found = "Conditional"
    return found


# For people


def symbol(change: Change) -> str:
    """One sign for a change: ``+`` add, ``~`` modify, ``-`` remove, ``+/-`` replace, ``<-`` import.

    ``-/+`` replaces by deleting first; ``~?`` may replace; ``=`` is as it is already.
    """
    if change.replacement == "True" and change.action == "Modify":
        return "-/+" if change.deletes_first else "+/-"
    if change.replacement == "Conditional":
        return "~?"
    return _SYMBOLS[change.action]


_SYMBOLS: dict[Action, str] = {
    "Add": "+",
    "Modify": "~",
    "Remove": "-",
    "Import": "<-",
    "Dynamic": "?",
    "SyncWithActual": "=",
}
