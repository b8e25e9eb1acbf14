"""The Conditions section: named truths about parameters, decided before any resource exists."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from understudy.base.diagnostic import Path
from understudy.cloudformation.intrinsics import only_parameters
from understudy.cloudformation.resolve import EvaluationError, Scope, truth
from understudy.cloudformation.unknown import Unknown


class _Lazy(Mapping[str, Any]):
    """Decides a condition when it is first asked for, so that their order does not matter."""

    def __init__(self, declared: Mapping[str, Any], scope: Scope) -> None:
        self._declared = declared
        self._scope = replace(scope, conditions=self, ref=_no_resource, attribute=_no_resource)
        self._decided: dict[str, bool | Unknown] = {}
        self._asked: list[str] = []
        self.failed: Path = ()

    def __getitem__(self, name: str) -> bool | Unknown:
        if name not in self._decided:
            self._decided[name] = self._decide(name)
        return self._decided[name]

    def _decide(self, name: str) -> bool | Unknown:
        if name in self._asked:
            circle = ", ".join(sorted(self._asked[self._asked.index(name) :]))
            raise EvaluationError(f"Template error: Found circular condition dependency: {circle}")
        self._asked.append(name)
        try:
            return truth(self._declared[name], self._scope)
        except EvaluationError as error:
            self.failed = self.failed or ("Conditions", name, *error.path)
            raise
        finally:
            self._asked.pop()

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)


def _no_resource(name: str, attribute: str = "") -> Any:
    raise EvaluationError(only_parameters([name], "Conditions"))


def decide(declared: Mapping[str, Any], scope: Scope) -> dict[str, bool]:
    """Every condition's truth. The scope needs parameters, pseudo parameters and mappings only.

    Raises EvaluationError, with the path of what cannot be decided, if something cannot.
    """
    lazy = _Lazy(declared, scope)
    decided: dict[str, bool] = {}
    for name in declared:
        try:
            decided[name] = lazy[name] is True
        except EvaluationError as error:
            raise EvaluationError(error.message, lazy.failed) from None
    return decided
