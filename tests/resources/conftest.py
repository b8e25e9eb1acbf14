"""What the tests of resource types share: an account of real services in virtual time."""

from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.resources.registry import BY_NAME
from understudy.sim.answers import Answers
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory


@pytest.fixture(scope="session")
def world() -> World:
    schemas = Schemas(CfnLintSchemas())
    return World(PlaneConfig(ZoneInfo), BY_NAME, lambda region: schemas)


@pytest.fixture
def account(world: World) -> Account:
    return Account(world, Answers())


@pytest.fixture
def stack(account: Account) -> StackStory:
    return StackStory(account)
