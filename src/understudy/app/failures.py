"""What can go wrong with what the user deploys, and with the engine that runs it."""


class Failed(Exception):  # noqa: N818 - it reports what happened to the user's stack
    """A command cannot go on. ``causes`` are the first failures, oldest first, for people."""

    def __init__(self, headline: str, causes: list[str]) -> None:
        super().__init__(f"{headline}: " + "; ".join(causes))
        self.headline = headline
        self.causes = causes
