"""What can go wrong with what the user deploys."""


class StackFailed(Exception):  # noqa: N818 - it reports what happened to the user's stack
    """A stack did not get where it should. ``causes`` are the first failures, oldest first."""

    def __init__(self, status: str, causes: list[str]) -> None:
        super().__init__(f"{status}: " + "; ".join(causes))
        self.status = status
        self.causes = causes
