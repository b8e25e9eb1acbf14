"""Pages of what Elastic Load Balancing describes."""

from collections.abc import Sequence
from typing import TypeVar

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.paging import page

Item = TypeVar("Item")
PAGE_SIZE = 400


def marked(items: Sequence[Item], params: Params) -> tuple[list[Item], Params]:
    """The page that a request asks for, and the member NextMarker if more follow. Raises Fault."""
    size: int = params.get("PageSize", PAGE_SIZE)
    shown, marker = page(items, params.get("Marker"), size, validation_error("Invalid marker"))
    return shown, {} if marker is None else {"NextMarker": marker}
