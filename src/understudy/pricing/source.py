"""Where a figure was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A page or a file at a commit, the ISO date of its figures if it has one, a remark."""

    title: str
    date: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.note})" if self.note else self.title
