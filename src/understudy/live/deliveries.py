"""Posting messages to HTTP endpoints, again if they do not answer.

AWS: Amazon SNS message delivery retries. AWS goes on for hours; here it is given up after some
attempts, and the log says so.
"""

import asyncio
import http.client
import logging
import urllib.request

from understudy.bookkeeping.outbox import Delivery

log = logging.getLogger(__name__)

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
TIMEOUT_SECONDS = 15.0
"""How long an endpoint may take to answer. AWS: Amazon SNS message delivery to HTTP/S endpoints."""


async def deliver(delivery: Delivery) -> None:
    """Post a message until it is accepted, or given up."""
    for left in reversed(range(ATTEMPTS)):
        try:
            await asyncio.to_thread(_post, delivery)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not left:
                log.warning("a message was not delivered to %s: %s", delivery.url, error)
                return
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


def _post(delivery: Delivery) -> None:
    """Post once. Raises OSError where nobody answers, or not with success."""
    request = urllib.request.Request(  # noqa: S310 - SNS takes http and https only
        delivery.url, delivery.body, delivery.headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass
