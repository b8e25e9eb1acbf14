"""``understudy.toml``: the environments of a project, each with its parameters, tags and place.

template = "template.yaml"
stack-name = "scoring"
tags = {team = "ml"}

[environments.test]
parameters = {InstanceType = "ml.m5.large", Subnets = ["subnet-1", "subnet-2"]}

[environments.prod]
stack-name = "scoring"
parameters = {InstanceType = "ml.m5.4xlarge"}
tags = {stage = "prod"}
aws = true
account = "111122223333"
region = "eu-west-1"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from understudy.base.diagnostic import Diagnostic, InvalidInput, Mark
from understudy.cloudformation.structure import closest

FILE = "understudy.toml"


@dataclass(frozen=True, slots=True)
class Environment:
    """What is set for a stack before the command line has its say. Empty is not set.

    ``name`` is that of the environment; ``folder`` is where relative paths start.
    """

    name: str = ""
    folder: Path = field(default_factory=Path)
    template: str = ""
    stack_name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    region: str = ""
    endpoint_url: str = ""
    aws: bool = False
    account: str = ""
    profile: str = ""
    capabilities: tuple[str, ...] = ()


_TEXTS = ("template", "stack-name", "region", "endpoint-url", "account", "profile")
_KEYS = (*_TEXTS, "parameters", "tags", "aws", "capabilities")


def environment(name: str, folder: Path) -> Environment:
    """An environment of the project in a folder, over what is set for all of them.

    Without a name, what is set for all. Raises InvalidInput: there is no such environment, or the
    file is not as it should be.
    """
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        if not name:
            return Environment(folder=folder)
        raise _invalid(f"There is no {FILE} in {folder}, so no environment {name}.") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput((_syntax(path, error),)) from error
    declared: dict[str, Any] = data.pop("environments", {})
    if name and name not in declared:
        listed = ", ".join(declared) or "none"
        hint = closest(name, list(declared))
        raise _invalid(f"{path} has no environment {name}; it has {listed}.", hint)
    for title, table in (("", data), *((each, declared[each]) for each in declared)):
        _check(path, title, table)
    base = _read(data, Environment(name, folder))
    return _for(base, declared[name]) if name else base


def _for(base: Environment, table: Mapping[str, Any]) -> Environment:
    """An environment of its own; its stack bears its name unless it was given one."""
    own = _read(table, base)
    if "stack-name" not in table and base.stack_name:
        return replace(own, stack_name=f"{base.stack_name}-{base.name}")
    return own


def _read(table: Mapping[str, Any], base: Environment) -> Environment:
    given: dict[str, Any] = {
        key.replace("-", "_"): str(table[key]) for key in _TEXTS if key in table
    }
    if "aws" in table:
        given["aws"] = table["aws"]
    if "capabilities" in table:
        given["capabilities"] = tuple(table["capabilities"])
    return replace(
        base,
        **given,
        parameters={**base.parameters, **_texts(table.get("parameters", {}))},
        tags={**base.tags, **_texts(table.get("tags", {}))},
    )


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {key: parameter_text(value) for key, value in table.items()}


def parameter_text(value: Any) -> str:
    """A value of the file as CloudFormation takes it.

    >>> parameter_text(["a", "b"]), parameter_text(True), parameter_text(3)
    ('a,b', 'true', '3')
    """
    if isinstance(value, list):
        return ",".join(map(parameter_text, value))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check(path: Path, title: str, table: Any) -> None:
    where = f"[environments.{title}]" if title else "its top"
    if not isinstance(table, dict):
        raise _invalid(f"{path}: {where} is not a table.")
    keys: list[str] = [str(key) for key in table]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    wrong = [
        Diagnostic(f"{path}: {key} at {where} is not known.", action=closest(key, _KEYS))
        for key in keys
        if key not in _KEYS
    ]
    wrong += [
        Diagnostic(f"{path}: {key} at {where} has to be a table.", action=f"{key} = {{Name = ...}}")
        for key in ("parameters", "tags")
        if not isinstance(table.get(key, {}), dict)  # pyright: ignore[reportUnknownMemberType]
    ]
    if wrong:
        raise InvalidInput(tuple(wrong))


def _syntax(path: Path, error: tomllib.TOMLDecodeError) -> Diagnostic:
    mark = Mark(str(path), getattr(error, "lineno", 1), getattr(error, "colno", 1))
    return Diagnostic(f"The file is no TOML: {error}.", mark=mark)


def _invalid(summary: str, action: str = "") -> InvalidInput:
    return InvalidInput((Diagnostic(summary, action=action),))
