"""The exit codes of every command, and the one place where errors become them."""

import sys
from collections.abc import Callable, Iterable

from rich.console import Console

from understudy.app.failures import StackFailed
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity

DONE, FAILED, BAD_INPUT, MISSED, INTERRUPTED = 0, 1, 2, 3, 130
"""Done; the stack failed; bad input; an objective was missed; interrupted by Ctrl-C."""


def guarded(work: Callable[[], int]) -> int:
    """Do the work of a command and give its exit code. What is wrong is printed, all of it."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return work()
    except InvalidInput as invalid:
        complain(errors, invalid.diagnostics)
        return BAD_INPUT
    except StackFailed as failure:
        errors.print(f"[bold red]{failure.status}[/]")
        for cause in failure.causes:
            errors.print(cause, markup=False)
        return FAILED
    except KeyboardInterrupt:
        errors.print("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED


def complain(console: Console, diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics: where, what, and what to do, the worst in red."""
    for each in diagnostics:
        style = "red" if each.severity is Severity.ERROR else "yellow"
        first, _, rest = str(each).partition("\n")
        console.print(first, style=style, markup=False)
        if rest:
            console.print(rest, markup=False)
