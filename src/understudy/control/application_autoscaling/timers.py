"""Timers of the service: scheduled actions and predictive scaling."""

from typing import TYPE_CHECKING

from understudy.control.application_autoscaling import forecasts, schedules
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling


def on_timer(service: "ApplicationAutoScaling", key: tuple[str, ...], turn: Turn) -> None:
    """Do what a timer was set for, unless its target is gone."""
    kind, target_key, name, due = key
    target = service.state.targets.get(target_key)
    if target is not None:
        run = {schedules.TIMER: schedules.run, forecasts.TIMER: forecasts.run}[kind]
        run(service, target, name, due, turn)
