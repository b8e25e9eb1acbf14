"""What an engine that has started tells people."""

from understudy.app.state_folder import Ready
from understudy.base.arn import DEFAULT_REGION


def greeting(ready: Ready) -> str:
    """Where it answers, how fast its world runs, and the lines to paste next."""
    pace = "in real time" if ready.speed == 1 else f"{ready.speed:g} times as fast as real time"
    return f"""\
Understudy answers at {ready.endpoint}, {pace}.
State is kept in {ready.state}.
To use it, paste:

export AWS_ENDPOINT_URL={ready.endpoint}
export AWS_ACCESS_KEY_ID=understudy AWS_SECRET_ACCESS_KEY=understudy
export AWS_DEFAULT_REGION={DEFAULT_REGION}
aws cloudformation list-stacks
"""
