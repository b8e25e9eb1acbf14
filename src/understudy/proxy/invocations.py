"""InvokeEndpoint: a request to a model server and its answer, with what is measured on the way.

AWS: InvokeEndpoint (Amazon SageMaker Runtime); How Amazon SageMaker AI interacts with your
inference code. A request waits in memory until it is complete, so that it can be sent again.
"""

from random import Random
from time import gmtime, monotonic, strftime
from typing import ClassVar

from understudy.balancing.health import Probe
from understudy.base.fault import Fault, validation_error
from understudy.proxy import faults
from understudy.proxy.connection import Client, Head, Headers, ending
from understudy.proxy.deadlines import Deadlines
from understudy.proxy.environments import Environments
from understudy.proxy.outbox import Outbox
from understudy.proxy.record import Recorder
from understudy.proxy.routes import Routes, Variant
from understudy.proxy.targets import PAYLOAD_LIMIT, Backend
from understudy.proxy.upstream import Upstream

MODEL_TIMEOUT = 60.0
"""Seconds that a model may take, in the time in which its latency counts."""
QUEUED_TIMEOUT = 3600.0
"""The same of an asynchronous inference."""
START_TIMEOUT = 180.0
"""Real seconds that a request waits for an environment of a serverless variant at the most."""


TARGET_VARIANT = b"x-amzn-sagemaker-target-variant"
SESSION_ID = b"x-amzn-sagemaker-session-id"
LOAD = b"x-understudy-load"
QUEUED = b"x-understudy-asynchronous"
SIGNATURE = b"AWS4-HMAC-SHA256 Credential="
LOADS = (b"sampled", b"dilated")

FORWARDED, NOTED, BOTH, SIGNED = 1, 2, 3, 4

REQUEST_HEADERS = {
    b"accept": FORWARDED,
    b"authorization": SIGNED,
    b"content-type": FORWARDED,
    b"expect": NOTED,
    LOAD: NOTED,
    QUEUED: NOTED,
    SESSION_ID: BOTH,
    TARGET_VARIANT: BOTH,
    b"x-amzn-sagemaker-custom-attributes": FORWARDED,
    b"x-amzn-sagemaker-enable-explanations": FORWARDED,
    b"x-amzn-sagemaker-inference-component": FORWARDED,
    b"x-amzn-sagemaker-inference-id": FORWARDED,
    b"x-amzn-sagemaker-prefix-aware-id": FORWARDED,
    b"x-amzn-sagemaker-target-container-hostname": FORWARDED,
    b"x-amzn-sagemaker-target-model": FORWARDED,
}
"""The headers that matter. InvokeEndpoint's own are forwarded, and the model sees no others; some
say how the request is to be handled."""

ANSWER_HEADERS = frozenset(
    (
        b"content-type",
        b"x-amzn-sagemaker-closed-session-id",
        b"x-amzn-sagemaker-custom-attributes",
        b"x-amzn-sagemaker-new-session-id",
    )
)
"""What the client sees of the model's headers."""


class Invoker:
    """What all invocations share: routes, records, time limits, the only randomness."""

    __slots__ = (
        "_count", "_date", "_series", "limits", "outbox", "queued", "recorder", "routes",
        "starting", "uniform",
    )  # fmt: skip

    def __init__(self, routes: Routes, recorder: Recorder, outbox: Outbox, seed: int) -> None:
        random = Random(seed)  # noqa: S311 - it spreads load, it guards nothing
        self.routes = routes
        self.recorder = recorder
        self.outbox = outbox
        self.uniform = random.random
        self._series = b"x-amzn-RequestId: %08x-%04x-4%03x-8%03x-" % tuple(
            random.getrandbits(bits) for bits in (32, 16, 12, 12)
        )
        self._count = 0
        self.starting = Deadlines(START_TIMEOUT, Invocation.expired)
        self.date(monotonic())
        self.set_pace(1.0)

    def date(self, now: float) -> None:
        """Date the answers from now on by the world's clock."""
        world = self.recorder.clock.world(now)
        date = strftime("%a, %d %b %Y %H:%M:%S GMT", gmtime(world))
        self._date = f"Date: {date}\r\n".encode()

    def set_pace(self, speed: float) -> None:
        """Let dilated time pass at a speed: ``limits`` are the time limits, sampled and dilated.

        Asynchronous inferences have those of ``queued``.
        """
        self.limits, self.queued = (
            tuple(Deadlines(seconds / pace, Invocation.expired) for pace in (1.0, speed))
            for seconds in (MODEL_TIMEOUT, QUEUED_TIMEOUT)
        )

    def identity(self) -> bytes:
        """The answer's lines on itself: a fresh request id, and the date."""
        self._count += 1
        return b"%b%012x\r\n%b" % (self._series, self._count, self._date)


class Invocation:
    """One call of InvokeEndpoint."""

    __slots__ = (
        "_avoid", "_backend", "_client", "_deadline", "_dilated", "_endpoint", "_environments",
        "_expects", "_head", "_invoker", "_lines", "_name", "_parts", "_queued", "_repeatable",
        "_sent", "_sent_at", "_size", "_target", "_upstream", "_variant",
    )  # fmt: skip
    tunnels: ClassVar[bool] = False

    def __init__(self, invoker: Invoker, name: bytes, head: Head, client: Client) -> None:
        self._invoker = invoker
        self._name = name
        self._head = head
        self._client: Client | None = client
        self._lines: list[bytes] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._target = b""
        self._dilated: bool | None = None
        self._repeatable = True
        self._expects = self._sent = self._queued = False
        self._avoid: Backend | None = None
        self._environments: Environments | None = None
        self._backend: Backend | None = None
        self._upstream: Upstream | None = None

    # What the client's connection calls

    def begin(self) -> None:
        """Sort the headers, and refuse what is refused without a look at the body."""
        lines, region = self._lines, b""
        noted: dict[bytes, bytes] = {}
        for name, value in self._head.headers:
            treatment = REQUEST_HEADERS.get(name.lower())
            if treatment is None:
                continue
            if treatment & FORWARDED:
                lines += (name, b": ", value, b"\r\n")
            if treatment & NOTED:
                noted[name.lower()] = value
            elif treatment & SIGNED:
                region = region_of(value)
        self._expects = b"expect" in noted
        endpoint = self._invoker.routes.find(self._name, region)
        if endpoint is None:
            self._refuse(faults.endpoint_not_found(self._name.decode("latin-1")))
            return
        self._endpoint = endpoint
        if noted:
            self._heed(noted)

    def body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        self._size += len(data)
        self._parts.append(data)
        if self._size > PAYLOAD_LIMIT:
            self._refuse_size()

    def end(self, trailers: Headers) -> None:
        """The request is complete: send it to a model server."""
        variant = self._endpoint.choose(self._target, self._invoker.uniform)
        if variant is None:
            self._refuse(faults.not_in_service(""))
            return
        environments = variant.environments
        if environments is not None and not environments.enter():
            self._refuse(faults.throttled())
            return
        self._environments = environments
        if self._dilated is None:
            self._dilated = variant.stand_in
        self._sent_at = monotonic()
        self._deadline = self._limits()[self._dilated]
        self._deadline.add(self, self._sent_at)
        self._dispatch(variant)

    def _limits(self) -> tuple[Deadlines["Invocation"], ...]:
        return self._invoker.queued if self._queued else self._invoker.limits

    def resume(self) -> None:
        """An environment of a serverless variant may be free: its time begins with it."""
        self._deadline.remove(self)
        self._sent_at = monotonic()
        self._deadline = self._limits()[bool(self._dilated)]
        self._deadline.add(self, self._sent_at)
        self._dispatch(self._endpoint.choose(self._target, self._invoker.uniform))

    def writable(self, *, yes: bool) -> None:
        """The answer goes out in one piece, whether or not there is room."""

    def lost(self) -> None:
        """The model goes on without its client, as it does on AWS; its answer still counts."""
        self._client = None

    def raw(self, data: bytes) -> None:
        """No other protocol was offered."""

    # What the model server's connection calls

    def connected(self, upstream: Upstream) -> None:
        """Send the request, unless its time ran out meanwhile."""
        backend = self._backend
        if backend is None:
            upstream.pool.give(upstream)
            return
        self._upstream = upstream
        self._sent = True
        upstream.begin(self)
        upstream.sent = True
        self._invoker.outbox.write(
            upstream.transport,
            b"".join(
                (
                    b"POST /invocations HTTP/1.1\r\nHost: ",
                    backend.address,
                    b"\r\n",
                    *self._lines,
                    b"Content-Length: %d\r\n\r\n" % self._size,
                    *self._parts,
                )
            ),
        )

    def unreachable(self, error: OSError) -> None:
        """Nothing was sent, so any other target will do."""
        backend = self._leave()
        if backend is None:
            return
        if isinstance(error, ConnectionRefusedError):
            reason = "The instance refused a connection for an invocation."
            self._invoker.routes.targets.probed(backend, Probe.REFUSED, reason)
        elif self._avoid is not None:
            self._unserved()
            return
        self._send_elsewhere(backend)

    def received(self, data: bytes) -> None:
        """The connection collects the answer."""

    def complete(self, upstream: Upstream) -> None:
        """Hand the answer on: an inference, or what became of it."""
        now = monotonic()
        self._leave()
        if upstream.status < 400:
            self._answer(self._inference(upstream), upstream.status, now, upstream.size)
        else:
            said = b"".join(upstream.parts).decode("utf-8", "replace")
            self._fail(upstream.status, said, now)

    def broken(self, upstream: Upstream) -> None:
        """Send it again where that can do no harm.

        A connection that was used before may just have been closed for being idle; the same target
        gets another. On a new connection the target itself gave up, so another one gets the
        request, once, unless it belongs to a session that its target alone knows.
        """
        now = monotonic()
        backend = self._leave()
        unused = upstream.used and not upstream.started
        if unused and backend is not None and backend.health.routable:
            self._sent_at = now
            self._send_to(backend, None)
        elif unused or (not upstream.started and self._repeatable and self._avoid is None):
            self._send_elsewhere(backend)
        elif upstream.status >= 400 or upstream.oversize:
            self._fail(upstream.status, None, now)
        else:
            self._fail(0, faults.no_response(self._endpoint.name), now)

    def accepting(self, *, yes: bool) -> None:
        """The whole request is in memory anyway."""

    def expired(self) -> None:
        """The model took too long, or did not start."""
        if self._environments is not None:
            self._environments.give_up(self)
        if self._upstream is not None:
            self._upstream.close()
        self._leave()
        self._fail(0, faults.TIMED_OUT, monotonic())

    # On the way

    def _heed(self, noted: dict[bytes, bytes]) -> None:
        """Do what headers say about how to handle the request."""
        self._repeatable = SESSION_ID not in noted
        self._queued = QUEUED in noted
        self._target = noted.get(TARGET_VARIANT, b"")
        load = noted.get(LOAD)
        if self._target and self._endpoint.choose(self._target, self._invoker.uniform) is None:
            variant = self._target.decode("latin-1")
            self._refuse(faults.variant_not_found(variant, self._endpoint.name))
        elif load is not None and load not in LOADS:
            self._refuse(validation_error("X-Understudy-Load must be sampled or dilated."))
        else:
            self._dilated = None if load is None else load == b"dilated"
            self._go_on()

    def _go_on(self) -> None:
        """Ask for the body, where the client waits to be asked, and it is not too large."""
        if not self._expects or self._client is None:
            return
        if int(self._head.value(b"content-length") or 0) > PAYLOAD_LIMIT:
            self._refuse_size()
            return
        self._expects = False
        self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _dispatch(self, variant: Variant | None) -> None:
        if variant is None:
            self._unserved()
            return
        self._variant = variant
        self._target = variant.name
        backend = variant.pick(self._invoker.uniform, self._avoid)
        if backend is None and self._environments is not None:
            self._deadline.remove(self)
            self._deadline = self._invoker.starting
            self._deadline.add(self, monotonic())
            self._environments.wait(self)
        elif backend is None:
            self._unserved()
        else:
            self._send_to(backend, backend.pool.take())

    def _send_to(self, backend: Backend, upstream: Upstream | None) -> None:
        backend.outstanding += 1
        self._backend = backend
        if upstream is None:
            backend.pool.open(self)
        else:
            self.connected(upstream)

    def _send_elsewhere(self, lost: Backend | None) -> None:
        self._avoid = lost
        self._sent_at = monotonic()
        self._dispatch(self._endpoint.choose(self._target, self._invoker.uniform))

    def _leave(self) -> Backend | None:
        """The target is done with the request, in whatever way."""
        backend, self._backend = self._backend, None
        self._upstream = None
        if backend is not None:
            self._invoker.routes.targets.finished(backend)
        return backend

    # Answers

    def _inference(self, upstream: Upstream) -> bytes:
        lines = [b"HTTP/1.1 200 OK\r\n", self._invoker.identity(), self._variant.line]
        for name, value in upstream.headers:
            if name.lower() in ANSWER_HEADERS:
                lines += (name, b": ", value, b"\r\n")
        lines += (b"Content-Length: %d\r\n" % upstream.size, ending(self._head), *upstream.parts)
        return b"".join(lines)

    def _fail(self, status: int, said: str | None, now: float) -> None:
        """The model, or its instance, gave no inference."""
        endpoint = self._endpoint
        fault = faults.model_error(endpoint.region, endpoint.name, status, said)
        self._answer(self._wire(fault), status, now)

    def _answer(self, answer: bytes, status: int, model_done: float, size: int = 0) -> None:
        """Send the answer first, then write down how long it took."""
        self._deadline.remove(self)
        client, self._client = self._client, None
        if client is not None:
            client.write(answer)
        now = monotonic()
        model = model_done - self._sent_at
        overhead = now - self._head.began - model
        ledger = self._variant.ledger
        sample: tuple[float, ...] = (now, ledger.instances, status, model, overhead)
        environments = self._environments
        if environments is not None:
            sample = (*sample, self._size, size, environments.at_hand)
        self._invoker.recorder.add(ledger, sample, dilated=bool(self._dilated))
        if client is not None:
            client.answered(keep_alive=self._head.keep_alive)
        self._release()

    def _release(self) -> None:
        """Let the next request of a serverless variant have the environment."""
        environments, self._environments = self._environments, None
        if environments is not None:
            environments.leave()

    def _unserved(self) -> None:
        """No target is left, or there was none in the first place."""
        if self._sent:
            self._fail(0, faults.no_response(self._endpoint.name), monotonic())
            return
        self._deadline.remove(self)
        self._refuse(faults.not_in_service(self._target.decode()))

    def _refuse(self, fault: Fault) -> None:
        """Answer without a model: this is not measured."""
        self._decline(self._wire(fault))
        self._release()

    def _refuse_size(self) -> None:
        self._parts.clear()
        identity = self._invoker.identity()
        keep_alive = self._head.keep_alive
        self._decline(faults.too_large(PAYLOAD_LIMIT, identity, keep_alive=keep_alive))

    def _decline(self, answer: bytes) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        client.write(answer)
        if self._expects:
            # Nobody can tell whether the body will still come.
            client.close()
        else:
            client.answered(keep_alive=self._head.keep_alive)

    def _wire(self, fault: Fault) -> bytes:
        identity = self._invoker.identity()
        return faults.wire(fault, identity, keep_alive=self._head.keep_alive)


def region_of(authorization: bytes) -> bytes:
    """The region in the credential scope of a signature, empty where there is none.

    >>> region_of(b"AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/sagemaker/aws4_request,")
    b'eu-west-1'
    """
    scope = authorization.split(b"/", 3)
    return scope[2] if len(scope) == 4 and authorization.startswith(SIGNATURE) else b""
