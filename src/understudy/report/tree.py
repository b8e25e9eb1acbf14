"""The dependencies of a template's resources as a tree in the terminal."""

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from understudy.report.terminal import MUTED, STRONG, status_style

Needs = Mapping[str, Sequence[str]]


def dependency_tree(
    title: str, types: Mapping[str, str], needs: Needs, statuses: Mapping[str, str]
) -> RenderableType:
    """A tree: at its top what nothing else needs, under each resource what it needs.

    What stands in several places is written out at the first; ``statuses`` may be empty.
    """
    tree = Tree(Text(title, STRONG), guide_style=MUTED)
    drawn: set[str] = set()
    used = {need for wanted in needs.values() for need in wanted}
    tops = [name for name in types if name not in used] or list(types)
    for name in tops:
        _branch(tree, name, types, needs, statuses, drawn)
    return tree


def _branch(
    tree: Tree,
    name: str,
    types: Mapping[str, str],
    needs: Needs,
    statuses: Mapping[str, str],
    drawn: set[str],
) -> None:
    again = name in drawn and bool(needs.get(name))
    label = Text.assemble(name, "  ", (types[name], MUTED))
    if name in statuses:
        label.append(f"  {statuses[name]}", status_style(statuses[name]))
    if again:
        label.append("  (above)", MUTED)
    branch = tree.add(label)
    if again:
        return
    drawn.add(name)
    for need in needs.get(name, ()):
        _branch(branch, need, types, needs, statuses, drawn)
