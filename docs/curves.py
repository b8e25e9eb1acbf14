"""Draw the capacity curves of docs/validation.md: the picture of a rehearsal's report, by itself.

Run: python docs/curves.py REHEARSAL/report.html docs/pictures/capacity-NAME.svg
"""

import re
import sys
from pathlib import Path

KEPT = re.compile(
    r"^(:root|@media \(prefers|  |}|\.(picture|in-service|desired|simulated|more|hatch-fail))"
)
"""The lines of the style sheet that the picture needs."""


def alone(page: str) -> str:
    """The picture of live and simulated capacity in a report, with its own styles."""
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    both = re.search(r'<svg[^>]*aria-labelledby="both-1040-title.*?</svg>', page, re.DOTALL)
    hatched = re.search(r'<pattern id="twin".*?</pattern>', page, re.DOTALL)
    assert style, "the report has a style sheet"
    assert both, "the report has a picture of both runs"
    assert hatched, "the report has a pattern of differences"
    rules = "\n".join(line for line in style[1].splitlines() if KEPT.match(line))
    rules = re.sub(r"@media \(max-width.*?\n}", "", rules, flags=re.DOTALL)
    inner = f"<style>{rules}</style><defs>{hatched[0]}</defs>"
    inner += '<rect width="100%" height="100%" style="fill: var(--card)"/>'
    picture = both[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return picture.replace(">", f">{inner}", 1) + "\n"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(alone(source.read_text()))
