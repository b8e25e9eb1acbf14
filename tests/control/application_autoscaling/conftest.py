"""A story about one SageMaker variant, registered between one and eight instances."""

import pytest

from understudy.testing.scaling_story import ScalingStory


@pytest.fixture
def story() -> ScalingStory:
    told = ScalingStory()
    told.register(1, 8)
    return told
