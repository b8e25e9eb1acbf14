"""AWS itself is worked on only where the user has said so, by name or by hand."""

import io
from pathlib import Path

import pytest

from understudy.app.client import Client
from understudy.app.stacks.environments import Environment
from understudy.app.stacks.place import Place, Where
from understudy.base.diagnostic import InvalidInput
from understudy.cli.exits import BAD_INPUT
from understudy.cli.place import PlaceOptions, command, confirmed

AWS = Place("aws", Client("", "eu-west-1"), "111122223333", Path("history"))


def test_yes_with_the_account_named_is_enough():
    where = Where(Path("state"), aws=True, account="111122223333")
    assert confirmed(AWS, where, PlaceOptions(yes=True))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(PlaceOptions(yes=True), id="yes without the account"),
        pytest.param(PlaceOptions(), id="nothing said"),
        pytest.param(PlaceOptions(yes=True, json=True), id="a machine"),
    ],
)
def test_otherwise_somebody_has_to_be_asked(
    options: PlaceOptions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(InvalidInput, match="--yes"):
        confirmed(AWS, Where(Path("state"), aws=True), options)
    assert "AWS account 111122223333, region eu-west-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:abc", id="a port that is no number"),
        pytest.param("http://127.0.0.1:99999", id="a port that no machine has"),
        pytest.param("localhost:4566", id="no scheme"),
        pytest.param("ftp://localhost", id="another scheme"),
        pytest.param("http://", id="no host"),
        pytest.param("http://[::1", id="half an address"),
    ],
)
def test_what_is_no_url_of_an_endpoint_is_named(url: str, capsys: pytest.CaptureFixture[str]):
    def work(place: Place, audience: object) -> int:
        raise AssertionError((place, audience))

    assert command(PlaceOptions(endpoint_url=url), work) == BAD_INPUT
    assert f"{url} is no URL of an endpoint." in "".join(capsys.readouterr())


def test_the_command_line_goes_before_the_environment():
    prod = Environment(aws=True, account="111122223333", region="eu-west-1")
    assert PlaceOptions().where(prod).aws
    here = PlaceOptions(endpoint_url="http://127.0.0.1:4566", region="us-east-1").where(prod)
    assert (here.aws, here.region) == (False, "us-east-1")
    assert PlaceOptions(aws=True).where(Environment(endpoint_url="http://x")).endpoint_url == ""
