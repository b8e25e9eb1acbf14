"""Reading templates, which is the dear part: each text is read once, while it is in use."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from understudy.base.diagnostic import Diagnostic, Severity
from understudy.base.fault import validation_error
from understudy.cloudformation.parse import parse
from understudy.cloudformation.template import Parameter, Template, read, read_parameters

_KEPT = 32


@lru_cache(maxsize=_KEPT)
def _parsed(body: str) -> tuple[Any, tuple[Diagnostic, ...]]:
    data, diagnostics = parse(body)
    return data, tuple(diagnostics)


@lru_cache(maxsize=_KEPT)
def _read(body: str) -> tuple[Template | None, tuple[Diagnostic, ...]]:
    data, problems = _parsed(body)
    template, more = read(data)
    return template, (*problems, *more)


def parsed(body: str) -> Any:
    """The plain data of a template's text. Raises ValidationError with the first thing wrong."""
    data, diagnostics = _parsed(body)
    refuse(diagnostics)
    return data


def template_in(body: str) -> Template:
    """The template in a text. Raises ValidationError with the first thing wrong."""
    parsed(body)
    template, problems = _read(body)
    refuse(problems)
    if template is None:
        raise AssertionError("a template without problems must be readable")
    return template


def parameters_in(data: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters that a template declares, before macros have made the rest of it.

    Raises ValidationError.
    """
    declared, problems = read_parameters(data)
    refuse(problems)
    return declared or {}


def refuse(diagnostics: Collection[Diagnostic]) -> None:
    """Raise the first error among diagnostics as AWS answers it."""
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.ERROR:
            raise validation_error(diagnostic.summary)
