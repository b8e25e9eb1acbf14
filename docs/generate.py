"""Write the pages that are generated from the code: ``make docs``."""

from pathlib import Path

from understudy.app.schemas import resource_types
from understudy.cli.main import app
from understudy.resources.registry import TYPES

HERE = Path(__file__).parent

FIDELITY = """
**runs**: does what it does on AWS; **kept**: its API answers and its state is kept, by moto;
**recorded**: validated against AWS's schema and stored, with attributes made up: it does nothing.
What the levels mean is in [breadth.md](breadth.md).
"""


def types_page() -> str:
    """The resource types with their fidelity: our own in a table, the others by service."""
    own = sorted(TYPES, key=lambda each: each.name)
    rows = "\n".join(f"| {each.name} | {each.fidelity} |" for each in own)
    known = resource_types()
    recorded = [name for name in sorted(known) if known[name].fidelity == "recorded"]
    return (
        f"# Resource types\n{FIDELITY}\n| type | fidelity |\n|---|---|\n{rows}\n\n"
        f"## Recorded\n\nThe other {len(recorded)} types of AWS, by service:\n\n"
        f"{_by_service(recorded)}"
    )


def _by_service(names: list[str]) -> str:
    services: dict[str, list[str]] = {}
    for name in names:
        vendor, service, kind = name.split("::", 2)
        services.setdefault(f"{vendor}::{service}", []).append(kind)
    return "".join(f"* **{each}**: {', '.join(kinds)}\n" for each, kinds in services.items())


def commands() -> str:
    """Every command with its options, as its help has them."""
    return app.generate_docs()


PAGES = {"resource-types.md": types_page, "commands.md": commands}


def main() -> None:
    """Write all pages."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make())


if __name__ == "__main__":
    main()
