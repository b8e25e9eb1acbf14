"""AWS's resource schemas from the data files of the cfn-lint package, which is not imported."""

import importlib.util
import json
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from understudy.cloudformation.schema import Schemas


class CfnLintSchemas:
    """The registry schemas of a region: an index of types, and one file for each schema."""

    def __init__(self, region: str = "us-east-1") -> None:
        self._folder = _folder()
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
    return Path(found.origin).parent / "data" / "schemas"


@cache
def schemas_of(region: str) -> Schemas:
    """AWS's resource schemas of a region."""
    return Schemas(CfnLintSchemas(region))
