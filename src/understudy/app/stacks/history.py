"""Every template and parameter set that was deployed, numbered for each stack from 1."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from understudy.app.stacks.deployed import DeployedStack, template_of
from understudy.app.stacks.place import Place
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cloudformation.parameters import MASK


class Version(msgspec.Struct, frozen=True):
    """What was deployed. ``at`` is world time; secrets are not kept, the stack has them.

    ``by`` says whether it was deployed from here, or found in place.
    """

    number: int
    at: float
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    status: str
    stack_id: str
    by: str

    @property
    def digest(self) -> str:
        """A short name of the template's content."""
        return hashlib.sha256(self.template.encode()).hexdigest()[:12]


def versions(place: Place, name: str) -> list[Version]:
    """What has been deployed under a name, oldest first."""
    paths = sorted(_folder(place, name).glob("*.json"), key=lambda path: int(path.stem))
    return [msgspec.json.decode(path.read_bytes(), type=Version) for path in paths]


def version(place: Place, name: str, number: int) -> Version:
    """One of them. Raises InvalidInput where there is none of that number."""
    found = versions(place, name)
    for each in found:
        if each.number == number:
            return each
    known = f"there are 1 to {found[-1].number}" if found else "nothing was deployed from here"
    missing = f"Stack {name} has no version {number} in {place}."
    raise InvalidInput((Diagnostic(missing, action=f"see understudy history {name}; {known}"),))


def record(place: Place, stack: DeployedStack, by: str) -> Version:
    """Keep what is deployed now, unless it is what was kept last; the version that it is."""
    found = versions(place, stack.name)
    made = Version(
        number=found[-1].number + 1 if found else 1,
        at=place.client.clock.now(),
        template=template_of(place, stack.id),
        parameters={key: text for key, text in stack.parameters.items() if text != MASK},
        tags=stack.tags,
        status=stack.status,
        stack_id=stack.id,
        by=by,
    )
    if found and _same(found[-1], made):
        return found[-1]
    folder = _folder(place, stack.name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{made.number}.json"
    whole = path.with_suffix(".tmp")
    whole.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1))
    whole.replace(path)
    return made


def _same(one: Version, other: Version) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("template", "parameters", "tags", "stack_id")
    )


def _folder(place: Place, name: str) -> Path:
    return place.history / name
