"""The pictures of a report as SVG."""

from understudy.control.comparison import DESIRED, IN_SERVICE
from understudy.control.outcome import Outcome
from understudy.report.capacity import capacity_panel, compared_panel, difference_panel
from understudy.report.panels import alarm_panel, latency_panel, load_panel
from understudy.report.picture import Frame, picture


def what_happened(run: Outcome, width: int) -> str:
    """Load, capacity, latency and alarms of a run over one time axis, so many pixels wide."""
    return picture(
        f"run-{width}",
        "What happened",
        "Requests per second, instances, latency and alarm states over time. "
        "The tables of the report have the same activities and numbers.",
        Frame(width, run.duration),
        [load_panel(run), capacity_panel(run), latency_panel(run), alarm_panel(run)],
    )


def live_and_simulated(live: Outcome, simulated: Outcome, width: int) -> str:
    """Desired and in-service instances of both runs, and their difference, over one time axis."""
    return picture(
        f"both-{width}",
        "Live and simulated",
        "Instances of the live and the simulated run over time, and their difference.",
        Frame(width, max(live.duration, simulated.duration)),
        [
            compared_panel(live, simulated, "Desired", DESIRED),
            compared_panel(live, simulated, "In service", IN_SERVICE),
            difference_panel(live, simulated),
        ],
    )
