"""Calls about a resource that may be gone."""

from collections.abc import Callable

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import HandlerFailure, Invoke, Steps

IsMissing = Callable[[Fault], bool]


def remove(service: str, operation: str, params: Params, is_missing: IsMissing) -> Steps[None]:
    """Delete something; what is gone already counts as deleted."""
    try:
        yield Invoke(service, operation, params)
    except Fault as fault:
        if not is_missing(fault):
            raise


def gone(kind: str, name: str) -> HandlerFailure:
    """The failure of whoever looks for what is not there."""
    return HandlerFailure(
        f"Resource of type '{kind}' with identifier '{name}' was not found.", "NotFound"
    )
