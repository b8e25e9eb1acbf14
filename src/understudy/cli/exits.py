"""The exit codes of every command, and the one place where errors become them."""

import sys
from collections.abc import Callable, Iterable

from understudy.app.failures import Failed
from understudy.app.interrupts import Interrupted
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity

DONE, FAILED, BAD_INPUT, MISSED, DIFFERENT, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Done; the stack failed; bad input; an objective was missed; differences; Ctrl-C."""
SIGNALLED = 128
"""Added to the number of the signal that ended a command."""

_RED, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"


def say(text: str) -> None:
    """Print a text for people."""
    print(text, flush=True)


def guarded(work: Callable[[], int]) -> int:
    """Do the work of a command and give its exit code. What is wrong is printed, all of it."""
    try:
        return work()
    except InvalidInput as invalid:
        complain(invalid.diagnostics)
        return BAD_INPUT
    except Failed as failure:
        _print(_coloured(failure.headline, _RED))
        for cause in failure.causes:
            _print(cause)
        return FAILED
    except Interrupted as interrupted:
        return SIGNALLED + interrupted.number
    except KeyboardInterrupt:
        _print("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED


def complain(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on standard error: where, what, and what to do."""
    for each in diagnostics:
        first, _, rest = str(each).partition("\n")
        _print(_coloured(first, _RED if each.severity is Severity.ERROR else _YELLOW))
        if rest:
            _print(rest)


def _coloured(text: str, colour: str) -> str:
    return f"{colour}{text}{_PLAIN}" if sys.stderr.isatty() else text


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
