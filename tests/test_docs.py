"""Generated pages are those that the code would generate now."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["resource-types.md", "commands.md"])
def test_a_generated_page_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text() == generator().PAGES[page](), "run `make docs`"


def test_tests_of_cloudformation_are_where_its_page_says() -> None:
    _, _, table = (DOCS / "cloudformation.md").read_text().partition("## Where it is tested")
    named = set(re.findall(r"`(test_\w+)`", table))
    folders = [DOCS.parent / "tests" / name for name in ("cloudformation", "deploy")]
    there = {path.stem for folder in folders for path in folder.glob("test_*.py")}
    assert named
    assert named - there == set()
