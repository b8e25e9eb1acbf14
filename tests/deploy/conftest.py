"""What the tests of deployments share: an account whose resources do what they are told."""

from collections.abc import Generator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.resources.registry import BY_NAME
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory
from understudy.testing.things import THINGS, Things, WithThings


@pytest.fixture(scope="session")
def world() -> World:
    types = {**BY_NAME, THINGS.name: THINGS}
    schemas = Schemas(WithThings(CfnLintSchemas()))
    return World(PlaneConfig(ZoneInfo), types, lambda region: schemas)


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def account(world: World, things: Things) -> Account:
    return Account(world, things)


@pytest.fixture
def stack(account: Account) -> StackStory:
    return StackStory(account)


@pytest.fixture
def services(tmp_path: Path) -> Generator[Services]:
    """S3 and the kept services, real ones."""
    outside = Services(tmp_path)
    yield outside
    outside.objects.store.close()


@pytest.fixture
def real(world: World, services: Services) -> StackStory:
    """A stack of an account with real services around it."""
    return StackStory(Account(world, services))
