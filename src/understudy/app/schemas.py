"""AWS's resource schemas and ARN formats from the data files of cfn-lint, which is not imported."""

import importlib.util
import json
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from understudy.base.arn import DEFAULT_REGION
from understudy.cloudformation.schema import Schemas
from understudy.resources.arn_formats import Formats
from understudy.resources.registry import ResourceTypes


class CfnLintSchemas:
    """The registry schemas of a region: an index of types, and one file for each schema."""

    def __init__(self, region: str = "us-east-1") -> None:
        self._folder = _folder() / "schemas"
        self._region = region

    def names(self) -> Collection[str]:
        """The names of all resource types of the region."""
        return self._index.keys()

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a type, or None if the region has no such type."""
        if name not in self._index:
            return None
        path = self._folder / "resources" / f"{self._index[name]}.json"
        return json.loads(path.read_bytes())

    @cached_property
    def _index(self) -> dict[str, str]:
        providers = self._folder / "providers"
        path = providers / f"{self._region}.json"
        if not path.exists():  # a region newer than the data: the first one has every type
            path = providers / "us-east-1.json"
        return json.loads(path.read_bytes())


def _folder() -> Path:
    found = importlib.util.find_spec("cfnlint")
    if found is None or found.origin is None:
        raise RuntimeError("the cfn-lint package, which carries AWS's schemas, is not installed")
    return Path(found.origin).parent / "data"


@cache
def schemas_of(region: str) -> Schemas:
    """AWS's resource schemas of a region."""
    return Schemas(CfnLintSchemas(region))


@cache
def resource_types(*, strict: bool = False) -> ResourceTypes:
    """All resource types; with ``strict`` without those that are only recorded."""
    return ResourceTypes(schemas_of(DEFAULT_REGION), arn_formats, strict=strict)


def arn_formats(service: str) -> Formats:
    """The ARN formats of a service's resources, by its prefix; empty for an unknown one."""
    return _arn_formats().get(service, {})


@cache
def _arn_formats() -> dict[str, Formats]:
    """Of two megabytes of the Service Authorization Reference, only the formats are kept."""
    path = _folder() / "AdditionalSpecs" / "Policies.json"
    services: dict[str, Any] = json.loads(path.read_bytes())
    return {
        service: {kind: of["ARNFormats"] for kind, of in each["Resources"].items()}
        for service, each in services.items()
        if each.get("Resources")
    }
