"""Write the pages that are generated from the code: ``make docs``."""

from pathlib import Path

from understudy.cli.main import app
from understudy.resources.registry import TYPES

HERE = Path(__file__).parent

FIDELITY = """
**runs**: does what it does on AWS; **kept**: its API answers and its state is kept, by moto;
**recorded**: validated against AWS's schema and stored, with attributes made up.
"""


def resource_types() -> str:
    """The table of resource types with their fidelity."""
    rows = "\n".join(f"| {each.name} | {each.fidelity} |" for each in sorted(TYPES, key=_name))
    return f"# Resource types\n{FIDELITY}\n| type | fidelity |\n|---|---|\n{rows}\n"


def _name(resource_type: object) -> str:
    return str(getattr(resource_type, "name", ""))


def commands() -> str:
    """Every command with its options, as its help has them."""
    return app.generate_docs()


PAGES = {"resource-types.md": resource_types, "commands.md": commands}


def main() -> None:
    """Write all pages."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make())


if __name__ == "__main__":
    main()
