"""What was measured of a running endpoint: how it serves and how its instances start."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct, field

from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.quantity import format_duration
from understudy.base.service_time import Constant, Distribution, ServiceTime, parse_service_time
from understudy.sim.service_time import Empirical

FORMAT = "understudy.calibration/1"


class Level(Struct, frozen=True):
    """What was measured with so many requests in flight at once. Latencies are seconds."""

    in_flight: int
    requests: int
    failed: int
    rate: float
    p50: float
    p90: float
    p99: float


class Calibration(Struct, frozen=True, kw_only=True):
    """A fit, with what it was made from.

    ``fit`` is a service time as a line says it; ``seconds`` are quantiles of the service time with
    one request in flight, evenly spaced. ``load`` and ``healthy`` are seconds of the last two
    phases of a start, where they were measured. ``max_rps`` is the highest steady rate of one
    instance within the objectives, where it was searched.
    """

    schema: str = FORMAT
    endpoint: str
    instance_type: str = ""
    measured_at: str = ""
    fit: str
    concurrency: int = 1
    seconds: tuple[float, ...] = ()
    levels: tuple[Level, ...] = ()
    load: float | None = None
    healthy: float | None = None
    slo: str = ""
    max_rps: float | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def service_time(self) -> ServiceTime | Empirical:
        """How the model serves: as measured, request by request, else as fitted."""
        if self.seconds and self.concurrency == 1:
            return Empirical(np.array(self.seconds))
        return parse_service_time(f"{self.fit}; concurrency={self.concurrency}")

    @property
    def phases(self) -> Mapping[str, Distribution]:
        """The phases of a start that were measured."""
        known = {"load": self.load, "healthy": self.healthy}
        return {name: Constant(each) for name, each in known.items() if each is not None}

    @property
    def words(self) -> str:
        """The fit in one line."""
        middle = format_duration(float(np.median(self.seconds))) if self.seconds else self.fit
        return f"{self.endpoint}, median {middle}, {self.concurrency} at once"


def load(path: Path) -> Calibration:
    """What was measured, from its file. Raises InvalidInput."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Calibration)
        if found.schema != FORMAT:
            raise _refused(path, f"it is of {found.schema}, not {FORMAT}")
        parse_service_time(found.fit)
    except OSError as error:
        raise _refused(path, str(error.strerror)) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise _refused(path, str(error)) from error
    return found


def save(path: Path, calibration: Calibration) -> None:
    """Write what was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(calibration), indent=1) + b"\n")


def _refused(path: Path, why: str) -> InvalidInput:
    action = "name a file that `understudy calibrate` wrote"
    return InvalidInput((Diagnostic(f"{path} is no calibration: {why}", action=action),))
