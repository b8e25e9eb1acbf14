"""Exports that a plan would take away while another stack imports them, and the way out.

AWS: Get exported outputs from a deployed CloudFormation stack.
"""

from collections.abc import Sequence
from typing import Any

from understudy.app.stacks.deployed import DeployedStack, stack_named
from understudy.app.stacks.place import Place
from understudy.app.stacks.source import StackSource
from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.parse import parse
from understudy.cloudformation.value import is_map


def taken_away(place: Place, sources: Sequence[StackSource]) -> list[Diagnostic]:
    """One diagnostic for each export that goes though a deployed stack still imports it."""
    found: list[Diagnostic] = []
    for source in sources:
        stack = stack_named(place, source.stack_name)
        if stack is None:
            continue
        for name in _exported(stack):
            if name not in _exports_of(source):
                importers = [each for each in _importers(place, name) if each != stack.name]
                found += [_diagnostic(source, name, importers, sources)] if importers else []
    return found


def _exported(stack: DeployedStack) -> list[str]:
    described: Any = stack.described
    outputs: list[dict[str, str]] = described.get("Outputs", [])
    return [each["ExportName"] for each in outputs if "ExportName" in each]


def _exports_of(source: StackSource) -> set[str]:
    """The names that a template exports; one made by a function counts for any name."""
    data, _ = parse(source.text)
    outputs: Any = data.get("Outputs", {}) if is_map(data) else {}
    names = [each.get("Export", {}).get("Name") for each in outputs.values() if is_map(each)]
    if any(name is not None and not isinstance(name, str) for name in names):
        return _Any()
    return {name for name in names if name}


class _Any(set[str]):
    def __contains__(self, name: object) -> bool:
        return True


def _importers(place: Place, name: str) -> list[str]:
    from botocore.exceptions import ClientError

    try:
        return place.client.cloudformation.list_imports(ExportName=name)["Imports"]
    except ClientError:  # AWS: an export that is not imported is an error.
        return []


def _diagnostic(
    source: StackSource, name: str, importers: Sequence[str], sources: Sequence[StackSource]
) -> Diagnostic:
    users = ", ".join(importers)
    here = [each for each in importers if any(s.stack_name == each for s in sources)]
    keep = f'self.export_value(...) in {source.stack_name}, or its output with Export "{name}"'
    first = f"deploy {', '.join(here or importers)} without the import"
    return Diagnostic(
        f"Stack {source.stack_name} no longer exports {name}, which {users} still imports.",
        detail=(
            "CloudFormation refuses that. It takes two steps:\n"
            f"1. keep the export ({keep}), and {first}\n"
            f"2. then take the export out, and deploy {source.stack_name}"
        ),
        action=f"keep the export for one more deployment of {source.stack_name}",
    )
