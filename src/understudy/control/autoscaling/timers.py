"""Timers of groups: what each kind is for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from understudy.control.autoscaling import (
    entering,
    forecasts,
    health,
    hooks,
    leaving,
    lifecycle_hooks,
    metrics,
    refreshing,
    schedules,
)
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.capacity import IN_SERVICE
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def on_timer(service: "AutoScaling", key: tuple[str, ...], turn: Turn) -> None:
    """Do what a timer was set for, unless its group is gone or another has its name."""
    kind, name, uuid, *rest = key
    group = service.state.groups.get(name)
    if group is None or group.uuid != uuid:
        return
    if kind in _OF_INSTANCES:
        instance = group.instances.get(rest[0])
        if instance is not None:
            _OF_INSTANCES[kind](service, group, instance, turn)
            machine.settle(service, group, turn)
            machine.remove_if_empty(service, group, turn)
    else:
        _OF_GROUPS[kind](service, group, rest, turn)


def _settle(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    del rest
    machine.settle(service, group, turn)


def _hook(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    lifecycle_hooks.expire(service, group, rest[0], rest[1], turn)


def _metrics(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    del rest
    metrics.publish(service, group, turn)


def _health(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    del rest
    if health.check(service, group, turn):
        machine.settle(service, group, turn)


def _scheduled(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    schedules.run(service, group, rest[0], rest[1], turn)


def _predictive(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    forecasts.run(service, group, rest[0], rest[1], turn)


def _refresh(service: "AutoScaling", group: Group, rest: list[str], turn: Turn) -> None:
    refresh = group.refresh
    if refresh is not None and refresh.id == rest[0]:
        if rest[1:]:
            refreshing.watch(service, group, refresh, turn)
        machine.settle(service, group, turn)


def _started(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    if instance.lifecycle in {"Pending", "Warmed:Pending", "ReplacingRootVolume"}:
        entering.started(service, group, instance, turn)


def _warm(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    if instance.lifecycle == IN_SERVICE and turn.at >= instance.warm_at:
        entering.succeeded(service, group, instance, turn)


def _drained(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    if instance.lifecycle == "Terminating" and not instance.stopping_at:
        leaving.drained(service, group, instance, turn)


_OF_GROUPS: Mapping[str, Callable[["AutoScaling", Group, list[str], Turn], None]] = {
    machine.SETTLE: _settle,
    hooks.TIMER: _hook,
    metrics.TIMER: _metrics,
    health.TIMER: _health,
    schedules.TIMER: _scheduled,
    forecasts.TIMER: _predictive,
    refreshing.TIMER: _refresh,
}

_OF_INSTANCES: Mapping[str, Callable[["AutoScaling", Group, Instance, Turn], None]] = {
    entering.START_TIMER: _started,
    entering.WARM_TIMER: _warm,
    leaving.DRAIN_TIMER: _drained,
    leaving.GONE_TIMER: leaving.gone,
}
