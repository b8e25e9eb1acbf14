"""What the CloudFormation tests share: AWS's schemas, and stacks built from small templates."""

import pytest

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas(CfnLintSchemas())
