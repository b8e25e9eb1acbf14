"""The template with another policy: the user's own YAML with its comments and order, or JSON."""

import io
import json
from difflib import unified_diff
from typing import Any

from ruamel.yaml import YAML

from understudy.pricing.fargate import size_of
from understudy.recommend.document import Document, NotPatchable, indent_like, put
from understudy.recommend.patch_group import GROUP, LAUNCH, of_group
from understudy.recommend.patch_target import CONFIG, of_target
from understudy.sim.candidate import Candidate

TASK = "AWS::ECS::TaskDefinition"


def patched(text: str, candidate: Candidate, instance_type: str = "") -> str:
    """The template text with the candidate's bounds, policies, alarms and schedule.

    What need not change stays as it was written. An ``instance_type`` is set too, if one is given;
    of tasks it is their size, such as ``Fargate 0.5 vCPU 1 GB``.
    Raises NotPatchable.
    """
    if text.lstrip().startswith("{"):
        values = json.loads(text)
        _patch(Document(values["Resources"], is_json=True), candidate, instance_type)
        return json.dumps(values, indent=2) + "\n"
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    indent_like(yaml, text)
    document: Any = yaml.load(text)  # pyright: ignore[reportUnknownMemberType]
    _patch(Document(document["Resources"], is_json=False), candidate, instance_type)
    out = io.StringIO()
    yaml.dump(document, out)  # pyright: ignore[reportUnknownMemberType]
    return out.getvalue()


def difference(before: str, after: str, name: str) -> str:
    """What a patch changes, as a unified diff."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(unified_diff(old, new, name, f"{name} (new)", n=2))


def _patch(document: Document, candidate: Candidate, instance_type: str) -> None:
    if instance_type:
        _size(document, instance_type)
    if document.all(GROUP):
        of_group(document, candidate)
    else:
        of_target(document, candidate)


def _size(document: Document, instance_type: str) -> None:
    """Set the type of the variant, or of the group's launch template, or the size of tasks."""
    if size := size_of(instance_type):
        task = document.properties(document.only(TASK))
        put(task, "Cpu", str(size[0]))
        put(task, "Memory", str(size[1]))
    elif document.all(GROUP):
        launch = document.properties(document.only(LAUNCH))["LaunchTemplateData"]
        put(launch, "InstanceType", instance_type)
    else:
        config = document.properties(document.only(CONFIG))
        put(config["ProductionVariants"][0], "InstanceType", instance_type)


__all__ = ["NotPatchable", "difference", "patched"]
