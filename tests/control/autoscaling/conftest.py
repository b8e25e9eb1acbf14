import pytest

from understudy.testing.group_story import GroupStory


@pytest.fixture
def story() -> GroupStory:
    return GroupStory()
