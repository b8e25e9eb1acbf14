"""understudy.toml."""

from pathlib import Path

import pytest

from understudy.app.stacks.environments import environment
from understudy.base.diagnostic import InvalidInput

PROJECT = """
template = "infra/stack.yaml"
stack-name = "scoring"
tags = {team = "ml"}
parameters = {Size = 1, Subnets = ["a", "b"]}

[environments.test]
parameters = {Size = 2, Debug = true}

[environments.prod]
stack-name = "scoring-live"
tags = {stage = "prod"}
aws = true
account = "111122223333"
region = "eu-west-1"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "understudy.toml").write_text(PROJECT)
    return tmp_path


def test_an_environment_adds_to_what_is_set_for_all(project: Path):
    test = environment("test", project)
    assert test.parameters == {"Size": "2", "Subnets": "a,b", "Debug": "true"}
    assert (test.stack_name, test.template) == ("scoring-test", "infra/stack.yaml")
    assert (test.tags, test.aws) == ({"team": "ml"}, False)


def test_an_environment_may_have_its_own_name_place_and_tags(project: Path):
    prod = environment("prod", project)
    place = (prod.stack_name, prod.account, prod.region, prod.aws)
    assert place == ("scoring-live", "111122223333", "eu-west-1", True)
    assert prod.tags == {"team": "ml", "stage": "prod"}
    assert prod.parameters == {"Size": "1", "Subnets": "a,b"}


def test_without_a_name_it_is_what_is_set_for_all(project: Path):
    assert environment("", project).stack_name == "scoring"


def test_a_project_may_have_no_file(tmp_path: Path):
    assert environment("", tmp_path).parameters == {}


WRONG = {
    "an environment that is not there": (PROJECT, "prd", "has no environment prd; it has test, pr"),
    "a key that is not known": ("stackname = 'x'", "", "stackname at its top is not known."),
    "a key of an environment": ("[environments.a]\nparams = 1", "a", "params at [environments.a]"),
    "parameters that are no table": ("parameters = 3", "", "parameters at its top has to be a tab"),
    "no TOML": ("a = = b", "", "The file is no TOML"),
}


@pytest.mark.parametrize(("text", "name", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, name: str, said: str):
    (tmp_path / "understudy.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        environment(name, tmp_path)
    assert said in str(caught.value)


def test_an_environment_without_a_file_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match=r"There is no understudy\.toml"):
        environment("test", tmp_path)
