"""What the CloudFormation tests share: AWS's schemas, and stacks built from small templates."""

import pytest
from hypothesis import settings

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas(CfnLintSchemas())
