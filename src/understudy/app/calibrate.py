"""Measuring a running endpoint: how long it serves, how many at once, and what it holds."""

import http.client
import math
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from understudy.app.calibrations import Calibration, Level
from understudy.app.client import Client
from understudy.app.failures import Failed
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.service_time import Constant, Distribution, Lognormal, lognormal
from understudy.control.slo import LatencySlo, Slo
from understudy.live.clock import real_now
from understudy.live.load import LoadFailed, LoadRun, Plan
from understudy.sim.arrivals import arrivals
from understudy.sim.queueing import Floats
from understudy.sim.traffic import Traffic, whole
from understudy.sim.waiting import objective

QUANTILES = 201
"""Of the service time with one request in flight; evenly spaced, both ends in."""
SAFETY_FACTOR = 0.5
"""AWS: Load testing your autoscaling configuration, "SAFETY_FACTOR"."""
PATIENCE = 30.0
ROUNDS = 7
"""Bisections of the rate: to within 1 % of the first span."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is measured. ``levels`` are requests in flight; ``seconds`` real seconds of each."""

    endpoint: str
    endpoint_url: str
    levels: tuple[int, ...] = (1, 2, 4, 8)
    seconds: float = 10.0
    payload: bytes = b"{}"
    content_type: str = "application/json"
    slos: tuple[Slo, ...] = ()
    seed: int = 1


def target_value(max_rps: float, safety: float = SAFETY_FACTOR) -> float:
    """SageMakerVariantInvocationsPerInstance as AWS derives it: MAX_RPS x SAFETY_FACTOR x 60.

    AWS: Load testing your autoscaling configuration, Determine the target value.

    >>> target_value(20.0)
    600.0
    """
    return max_rps * safety * 60


class _Probe:
    """One endpoint of an engine, or of AWS behind a proxy that signs."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.client = Client(choices.endpoint_url)
        where = urlsplit(self.client.endpoint)
        self.host, self.port = where.hostname or "", where.port or 80
        self.path = f"/endpoints/{choices.endpoint}/invocations"
        self.speed = self.client.clock.speed
        self.stand_in, self.instances, self.instance_type, self.variant = self._seen()

    def _seen(self) -> tuple[bool, int, str, str]:
        from botocore.exceptions import ClientError

        api = self.client.service("sagemaker")
        try:
            found = api.describe_endpoint(EndpointName=self.choices.endpoint)
        except ClientError as error:
            action = f"deploy it to {self.choices.endpoint_url} first"
            raise InvalidInput(
                (Diagnostic(f"There is no endpoint {self.choices.endpoint}.", action=action),)
            ) from error
        variant = found["ProductionVariants"][0]["VariantName"]
        resource = f"endpoint/{self.choices.endpoint}/variant/{variant}"
        seen = self.client.observe(resource, 0.0)
        return bool(seen.stand_in), self.count(), seen.instance_type, variant

    def count(self) -> int:
        """The instances of the first variant that serve now."""
        api = self.client.service("sagemaker")
        found = api.describe_endpoint(EndpointName=self.choices.endpoint)
        return int(found["ProductionVariants"][0]["CurrentInstanceCount"])

    @property
    def dilation(self) -> float:
        """World seconds for each real second of an answer: a stand-in answers in world time."""
        return self.speed if self.stand_in else 1.0

    def closed(self, in_flight: int) -> tuple[Floats, int, float]:
        """Latencies in world seconds, failures and real seconds, so many always in flight."""
        latencies: list[float] = []
        failed = [0]
        lock = threading.Lock()
        begin = time.monotonic()
        end = begin + self.choices.seconds

        def one() -> None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
            headers = {"content-type": self.choices.content_type}
            while (sent := time.monotonic()) < end:
                connection.request("POST", self.path, self.choices.payload, headers)
                answer = connection.getresponse()
                answer.read()
                took = time.monotonic() - sent
                with lock:
                    if answer.status == 200:
                        latencies.append(took)
                    else:
                        failed[0] += 1
            connection.close()

        threads = [threading.Thread(target=one) for _ in range(in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return np.array(latencies) * self.dilation, failed[0], time.monotonic() - begin

    def holds(self, rate: float) -> bool:
        """Whether the objectives are met under so many requests per world second, at random."""
        seconds = self.choices.seconds * self.dilation
        counts = whole(np.full(math.ceil(seconds), rate))
        traffic = Traffic("steady", 0.0, 1.0, counts)
        times = arrivals(traffic, self.choices.seed) / self.dilation
        if not times.size:
            return True
        headers = {"content-type": self.choices.content_type}
        plan = Plan(self.host, self.port, self.path, headers, self.choices.payload, PATIENCE)
        with tempfile.TemporaryDirectory() as folder:
            run = LoadRun(Path(folder), plan, times)
            _wait(run)
            ok = np.array(run.results.status) == 200
            latencies = np.array(run.results.latency) * 1000 * self.dilation
        return all(_met(slo, latencies, ok) for slo in self.choices.slos)


def _wait(run: LoadRun) -> None:
    """Send a load, all of it. Raises Failed."""
    try:
        run.begin(0.05)
        while run.is_running():
            time.sleep(0.05)
    except LoadFailed as error:
        raise Failed("The load could not be sent", [str(error)]) from error
    finally:
        run.stop()


def _met(slo: Slo, latency_ms: Floats, ok: np.ndarray) -> bool:
    limit = slo.limit_ms if isinstance(slo, LatencySlo) else math.inf
    return float((ok & (latency_ms < limit)).mean()) >= objective(slo)


def calibrate(choices: Choices, say: Callable[[str], None]) -> Calibration:
    """Measure an endpoint. Raises InvalidInput where there is none, or it never succeeds."""
    probe = _Probe(choices)
    levels, alone = _levels(probe, say)
    rate = max(level.rate for level in levels)
    mean = float(alone.mean())
    slots = max(round(rate * mean / max(probe.instances, 1)), 1)
    notes = [_note(probe)]
    highest = None
    if choices.slos:
        highest = _highest(probe, rate / max(probe.instances, 1), say)
    if probe.count() != probe.instances:
        notes.append("the number of instances changed meanwhile: measure with scaling suspended")
    return Calibration(
        endpoint=choices.endpoint,
        instance_type=probe.instance_type,
        measured_at=datetime.fromtimestamp(real_now(), UTC).isoformat(timespec="seconds"),
        fit=written(fitted(alone)),
        concurrency=slots,
        seconds=tuple(np.quantile(alone, np.linspace(0, 1, QUANTILES)).tolist()),
        levels=tuple(levels),
        slo=", ".join(map(str, choices.slos)),
        max_rps=highest,
        notes=tuple(notes),
    )


def _note(probe: _Probe) -> str:
    if probe.stand_in:
        return "a stand-in answered: its times are given, not a model's"
    if probe.speed != 1:
        return f"measured in real time; the world ran {probe.speed:g} times faster"
    return "measured on this machine; an instance of AWS may be faster or slower"


def _levels(probe: _Probe, say: Callable[[str], None]) -> tuple[list[Level], Floats]:
    """What was measured at each number of requests in flight, and the latencies at the first."""
    levels: list[Level] = []
    alone = np.empty(0)
    for in_flight in probe.choices.levels:
        say(f"{in_flight} in flight")
        latencies, failed, seconds = probe.closed(in_flight)
        if not latencies.size:
            summary = f"No request of {failed} succeeded at {probe.choices.endpoint}."
            raise InvalidInput((Diagnostic(summary, action="look at its logs"),))
        alone = alone if alone.size else latencies
        p50, p90, p99 = np.quantile(latencies, [0.5, 0.9, 0.99]).tolist()
        rate = latencies.size / (seconds * probe.dilation)
        levels.append(Level(in_flight, latencies.size + failed, failed, rate, p50, p90, p99))
    return levels, alone


def _highest(probe: _Probe, most: float, say: Callable[[str], None]) -> float:
    """The highest steady rate of one instance within the objectives, by bisection."""
    share = max(probe.instances, 1)
    low, high = 0.0, most * 1.05
    for _ in range(ROUNDS):
        rate = (low + high) / 2
        held = probe.holds(rate * share)
        say(f"{rate:.4g} requests/s for each instance: {'held' if held else 'not held'}")
        low, high = (rate, high) if held else (low, rate)
    return low


def fitted(seconds: Floats) -> Distribution:
    """A distribution with the median and the 99th percentile of what was measured."""
    p50, p99 = np.quantile(seconds, [0.5, 0.99]).tolist()
    return Constant(p50) if p99 < 1.02 * p50 else lognormal(p50, p99)


def written(distribution: Distribution) -> str:
    """A distribution as a line says it, in microseconds.

    >>> written(Constant(0.25)), written(lognormal(0.1, 0.4))
    ('250000us', 'lognormal(p50=100000us, p99=400000us)')
    """
    if isinstance(distribution, Lognormal):
        p50 = math.exp(distribution.mu)
        p99 = math.exp(distribution.mu + 2.3263478740408408 * distribution.sigma)
        return f"lognormal(p50={p50 * 1e6:.0f}us, p99={p99 * 1e6:.0f}us)"
    assert isinstance(distribution, Constant)
    return f"{distribution.seconds * 1e6:.0f}us"
