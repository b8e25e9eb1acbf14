import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from understudy.control.comparison import capacity_difference
from understudy.control.outcome import AlarmTransition, Outcome
from understudy.report.files import write
from understudy.report.page import render
from understudy.testing.outcomes import NOON, small


def body(page: str) -> str:
    """The page without pictures, style and script, whose own tests are elsewhere."""
    bare = re.sub(r"(?s)<(svg|style|script)\b.*?</\1>\n?", "", page)
    return re.sub(r"\n\s*\n+", "\n", bare)


def test_a_small_run_beside_itself(snapshot: SnapshotAssertion):
    run = small()
    assert body(render(run, run, capacity_difference(run, run))) == snapshot


def test_a_run_of_which_nothing_is_known(blank: Outcome, snapshot: SnapshotAssertion):
    assert body(render(blank, None, None)) == snapshot


class References(HTMLParser):
    """Everything that a browser would fetch, and every id."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag != "a":
            self.fetched += [found[key] or "" for key in ("src", "href") if key in found]


def test_the_page_fetches_nothing(live: Outcome, simulated: Outcome):
    page = render(live, simulated, capacity_difference(live, simulated))
    found = References()
    found.feed(page)
    assert found.fetched == ["data:,"]
    assert len(found.ids) == len(set(found.ids))
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_names_and_reasons_cannot_become_markup():
    evil = "</script><script>alert(1)</script>"
    run = replace(
        small(),
        stack_name=evil,
        alarms=(AlarmTransition(NOON, evil, "OK", "ALARM", evil),),
        activities=tuple(replace(each, cause=evil) for each in small().activities),
    )
    assert "<script>alert" not in render(run, None, None)


def test_both_files_are_written(tmp_path: Path):
    values, page = write(tmp_path / "new" / "folder", small())
    assert values.name == "report.json"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


HOVER = """<script>
addEventListener("error", (event) => document.body.dataset.failed = event.message);
const picture = document.querySelector(".picture.wide"), box = picture.getBoundingClientRect();
const clientX = box.left + box.width * (54 + 0.5 * 972) / 1040;
const here = { bubbles: true, clientX, clientY: box.top + 60 };
picture.dispatchEvent(new PointerEvent("pointermove", here));
picture.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, key: "ArrowRight" }));
</script></body>"""

CHROMIUM = shutil.which("chromium")


@pytest.mark.processes
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_cursor_reads_values_in_a_browser(tmp_path: Path):
    _, page = write(tmp_path, small(), small(), capacity_difference(small(), small()))
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", HOVER), encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    options += "--disable-background-networking --disable-component-update --disable-sync"
    shown = subprocess.run(
        [
            CHROMIUM or "",
            *options.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1200,1600",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "data-failed" not in shown
    readout = re.search(r'class="readout">(.*?)</div>', shown)
    assert readout
    # Half of ten minutes, and one of 160 steps of the arrow key further.
    text = re.sub(r"<[^>]+>", " ", readout[1])
    assert "0:05:04" in text
    assert "1 in service of 2 desired, 1 pending" in text
    assert "AlarmHigh  ALARM" in text
    assert "p99  900ms" in text
