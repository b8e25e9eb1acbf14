"""TCP pass-through: a client's connection joined to a target's, as a Network Load Balancer does.

AWS: What is a Network Load Balancer: a connection goes to one target for its whole life.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from understudy.proxy.balancer.group import Group
from understudy.proxy.balancer.member import Member, connected

if TYPE_CHECKING:
    from understudy.proxy.balancer.serving import Listener

TRIES = 2


class Caller(asyncio.Protocol):
    """The client's end. What it sends before the target is there waits."""

    def __init__(self, listener: "Listener | None") -> None:
        self._listener = listener
        self._callee: Callee | None = None
        self._member: Member | None = None
        self._group: Group | None = None
        self._zone = ""
        self._early = bytearray()
        self._ended = False
        self._opening: asyncio.Task[None] | None = None
        self._transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find a target for the connection."""
        self._transport = cast("asyncio.Transport", transport)
        listener = self._listener
        self._group = listener.network_group() if listener else None
        if listener is None or self._group is None:
            self._transport.abort()
            return
        listener.balancer.visits += 1
        self._zone = listener.balancer.next_zone()
        listener.balancer.happened(self._zone, "NewFlowCount", f"NewFlowCount_{listener.protocol}")
        self._opening = asyncio.get_running_loop().create_task(self._open(self._group))

    async def _open(self, group: Group) -> None:
        member: Member | None = None
        for _ in range(TRIES):
            member = group.pick(self._zone, member)
            if member is None:
                break
            try:
                _, callee = await connected(
                    member.told.host, member.told.host_port, lambda: Callee(self)
                )
            except OSError:
                continue
            self._join(member, callee)
            return
        if self._listener is not None:
            self._listener.balancer.happened(self._zone, "TCP_ELB_Reset_Count")
        self._transport.abort()

    def _join(self, member: Member, callee: "Callee") -> None:
        self._member, self._callee = member, callee
        member.flights.add(self)
        if self._early:
            callee.transport.write(bytes(self._early))
            self._early.clear()
        if self._ended:
            callee.transport.write_eof()
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self.moved(len(data))
        if self._callee is not None:
            self._callee.transport.write(data)
        else:
            self._early += data
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client has said all; it may still be answered."""
        self._ended = True
        if self._callee is not None and self._callee.transport.can_write_eof():
            self._callee.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        """The client reads more slowly than the target answers."""
        if self._callee is not None:
            self._callee.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._callee is not None:
            self._callee.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hang up on the target, too."""
        if self._opening is not None:
            self._opening.cancel()
        if self._listener is not None and self._group is not None:
            self._listener.balancer.visits -= 1
        if self._member is not None:
            self._member.flights.discard(self)
        if self._callee is not None:
            self._callee.hang_up(exc)

    def cut(self) -> None:
        """The target is registered no more."""
        self._transport.abort()

    def moved(self, size: int) -> None:
        """Count bytes."""
        if self._listener is not None:
            self._listener.balancer.happened(self._zone, size=size)

    def answer(self, data: bytes) -> None:
        """Pass on what the target says."""
        self.moved(len(data))
        self._transport.write(data)

    def answered(self) -> None:
        """The target has said all."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        if self._ended:
            self._transport.close()

    def hung_up(self, exc: Exception | None) -> None:
        """The target is gone."""
        if exc is None:
            self._transport.close()
        else:
            self._transport.abort()

    def hold(self, *, yes: bool) -> None:
        """Read from the client only as fast as the target reads."""
        if self._transport.is_closing():
            return
        if yes:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


class Callee(asyncio.Protocol):
    """The target's end."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self._caller.answer(data)

    def eof_received(self) -> bool:
        """The target has said all."""
        self._caller.answered()
        return True

    def pause_writing(self) -> None:
        """The target reads more slowly than the client sends."""
        self._caller.hold(yes=True)

    def resume_writing(self) -> None:
        """The target has caught up."""
        self._caller.hold(yes=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hang up on the client, too."""
        self._caller.hung_up(exc)

    def hang_up(self, exc: Exception | None) -> None:
        """The client is gone."""
        if exc is None:
            self.transport.close()
        else:
            self.transport.abort()
