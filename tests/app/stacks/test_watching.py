"""Noticing that files were saved."""

import os
from pathlib import Path

from understudy.app.stacks.environments import Environment
from understudy.app.stacks.project import Asked
from understudy.app.stacks.watching import watched


def asked(target: Path) -> Asked:
    return Asked(target, Environment(folder=target.parent))


def test_a_template_that_is_saved_while_nobody_looks_is_told_later(tmp_path: Path):
    template = tmp_path / "template.yaml"
    template.write_text("a")
    (tmp_path / "other.txt").write_text("x")
    changes = watched(asked(template))
    assert next(changes) == template
    (tmp_path / "other.txt").write_text("y")
    template.write_text("b")
    assert next(changes) == template
    (tmp_path / "understudy.toml").write_text("")
    assert next(changes) == tmp_path / "understudy.toml"


def test_of_an_app_its_whole_folder_counts_but_not_what_it_writes_again(tmp_path: Path):
    app, build = tmp_path / "app.py", tmp_path / "build.txt"
    app.write_text("a")
    build.write_text("same")
    changes = watched(asked(app))
    assert next(changes) == app
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out" / "manifest.json").write_text("{}")
    build.write_text("same")
    os.utime(build, (1, 1))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "stack.py").write_text("b")
    assert next(changes) == tmp_path / "lib" / "stack.py"
