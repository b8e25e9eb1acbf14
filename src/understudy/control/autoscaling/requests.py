"""Reading requests: pages of lists."""

from collections.abc import Sequence

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.paging import page

LARGEST_PAGE = 100


def paged(member: str, items: Sequence[Params], params: Params, usual: int = 50) -> Params:
    """A page of items under a member's name, with NextToken if more follow. Raises Fault.

    Without MaxRecords a page has the ``usual`` number of items.
    """
    refused = Fault("InvalidNextToken", "The token is not valid.")
    wanted: int = params.get("MaxRecords") or usual
    found, token = page(items, params.get("NextToken"), min(wanted, LARGEST_PAGE), refused)
    return {member: found} | ({"NextToken": token} if token else {})
