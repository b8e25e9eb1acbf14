"""What is wrong with a user's input: where it is, what it is, what to do."""

from dataclasses import dataclass, replace
from enum import StrEnum

Path = tuple[str | int, ...]
"""Where a value stands in a document: ``("Resources", "Bucket", "Properties", 0)``."""


class Severity(StrEnum):
    """How bad a diagnostic is: an error stops the work, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file. Lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem with the user's input, as a value, so that all of them can be shown at once.

    ``summary`` is one sentence; for a template it is the sentence that AWS would answer with.
    ``action`` says what to do about it.
    """

    summary: str
    path: Path = ()
    mark: Mark | None = None
    detail: str = ""
    action: str = ""
    severity: Severity = Severity.ERROR

    def at(self, mark: Mark | None) -> "Diagnostic":
        """The same diagnostic at a place in a file."""
        return replace(self, mark=mark)

    def __str__(self) -> str:
        place = f"{self.mark}: " if self.mark else ""
        lines = [f"{place}{self.severity}: {self.summary}"]
        if self.path:
            lines.append(f"  at {'/'.join(map(str, self.path))}")
        lines.extend(f"  {line}" for line in self.detail.splitlines())
        if self.action:
            lines.append(f"  -> {self.action}")
        return "\n".join(lines)


class InvalidInput(Exception):  # noqa: N818 - it reports the user's mistakes, not an error of ours
    """Carries every diagnostic about one input to the edge, which prints them and exits with 2."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics
