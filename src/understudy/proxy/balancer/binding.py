"""How a client is bound to a target group, and to a target in it, by cookies.

AWS: Sticky sessions for your Application Load Balancer.
"""

from collections.abc import Callable

from understudy.balancing.actions import Forward
from understudy.balancing.stickiness import (
    APPLICATION_COOKIE,
    APPLICATION_LIFETIME,
    GROUP_COOKIE,
    TARGET_COOKIE,
    holder,
    set_cookies,
    token,
)
from understudy.proxy.balancer.group import Group
from understudy.proxy.balancer.headers import cookie
from understudy.proxy.balancer.member import Member
from understudy.proxy.connection import Headers

WEEK = 7 * 86400.0


class Binding:
    """What the cookies of one request say, and the cookies of its answer."""

    __slots__ = ("_action", "_group", "_headers", "_key", "_now")

    def __init__(self, headers: Headers, now: Callable[[], float], key: bytes) -> None:
        self._headers = headers
        self._now = now
        self._key = key
        self._action: Forward | None = None
        self._group: Group | None = None

    def group(self, action: Forward) -> str:
        """The target group that the client stays with, empty where it is free to choose."""
        if not action.sticky:
            return ""
        held = holder(cookie(self._headers, GROUP_COOKIE), self._now(), self._key)
        return held if held and any(arn == held for arn, _ in action.groups) else ""

    def choose(self, action: Forward, group: Group) -> None:
        """The group that the request goes to."""
        self._action = action
        self._group = group

    def member(self, zone: str) -> Member | None:
        """The target that the client stays with, None where it has none, or that is away."""
        group = self._group
        if group is None or not group.told.stickiness.seconds:
            return None
        ours = APPLICATION_COOKIE if group.told.stickiness.cookie else TARGET_COOKIE
        held = holder(cookie(self._headers, ours), self._now(), self._key)
        arn, _, where = (held or "").rpartition("|")
        target, _, port = where.rpartition("@")
        return group.named(target, int(port), zone) if arn == group.arn else None

    def lines(self, member: Member | None, head: bytes) -> bytes:
        """The Set-Cookie lines that go with the head of an answer that came from a target.

        With a cookie of the application's, ours is set where the application sets its own.
        """
        now, lines = self._now(), b""
        if self._action is not None and self._action.sticky and self._group is not None:
            value = token(self._group.arn, now + self._action.sticky, self._key)
            lines += _written(set_cookies(GROUP_COOKIE, value, now + WEEK))
        stickiness = self._group.told.stickiness if self._group else None
        if stickiness is None or not stickiness.seconds or member is None:
            return lines
        own = f"set-cookie: {stickiness.cookie}=".lower().encode()
        if self._group is not None and (not stickiness.cookie or own in head.lower()):
            held = f"{self._group.arn}|{member.told.id}@{member.told.port}"
            value = token(held, now + stickiness.seconds, self._key)
            name = APPLICATION_COOKIE if stickiness.cookie else TARGET_COOKIE
            life = APPLICATION_LIFETIME if stickiness.cookie else WEEK
            lines += _written(set_cookies(name, value, now + life))
        return lines


def _written(cookies: tuple[str, str]) -> bytes:
    return b"".join(b"Set-Cookie: %b\r\n" % each.encode() for each in cookies)
