"""What is billed beside instances: Fargate tasks, load balancers and serverless inference."""

from collections.abc import Callable

from understudy.control.capacity import serverless
from understudy.control.capacity.state import BalancerLife, CapacityState, TaskLife
from understudy.control.events import (
    BalancersServed,
    LaunchTask,
    RemoveBalancer,
    RequestsCompleted,
    SetBalancer,
    TaskEnded,
    TaskStarted,
)
from understudy.control.turn import Turn
from understudy.pricing.meter import SECONDS_PER_HOUR

COUNTS = (
    "NewConnectionCount",
    "NewFlowCount",
    "ActiveConnectionCount",
    "ActiveFlowCount",
    "ProcessedBytes",
    "RequestCount",
    "RuleEvaluations",
)
"""What load balancer capacity units are made of."""


class Meter:
    """Reads what a region commands and hears. ``on_spot`` tells whether a task is Fargate Spot."""

    def __init__(self, state: CapacityState, on_spot: Callable[[str], bool]) -> None:
        self.state = state
        self._on_spot = on_spot

    def watch(self, turn: Turn) -> None:
        """Note the tasks and load balancers that a turn begins and ends."""
        for command in turn.commands:
            serverless.on_command(self.state, command, turn.at)
            if isinstance(command, LaunchTask) and command.launch_type == "FARGATE":
                life = TaskLife(
                    id=command.task,
                    owner=f"{command.cluster}/{command.group.removeprefix('service:')}",
                    cpu=command.cpu,
                    memory=command.memory,
                    launched_at=turn.at,
                    spot=self._on_spot(command.task),
                )
                self.state.tasks.setdefault(command.task, life)
            elif isinstance(command, SetBalancer):
                arn = command.balancer.arn
                self.state.balancers.setdefault(arn, BalancerLife(arn, turn.at))
            elif isinstance(command, RemoveBalancer) and command.arn in self.state.balancers:
                self.state.balancers[command.arn].ended_at = turn.at

    def on_started(self, event: TaskStarted, turn: Turn) -> None:
        """A task runs: it is billed from the pull of its image."""
        life = self.state.tasks.get(event.task)
        if life is not None and not life.pulled_at:
            life.pulled_at = event.pull_started or turn.at

    def on_ended(self, event: TaskEnded, turn: Turn) -> None:
        """A task has ended."""
        life = self.state.tasks.get(event.task)
        if life is not None:
            life.ended_at = turn.at

    def on_requests(self, event: RequestsCompleted, turn: Turn) -> None:
        """Add up what serverless variants did."""
        del turn
        serverless.on_served(self.state, event)

    def on_served(self, event: BalancersServed, turn: Turn) -> None:
        """Add up what load balancers did, by clock-hour."""
        del turn
        for served in event.served:
            life = self.state.balancers.get(served.balancer)
            if life is None:
                continue
            hour = life.hours.setdefault(served.second // SECONDS_PER_HOUR, {})
            for name in COUNTS:
                if amount := served.counts.get(name, 0.0):
                    hour[name] = hour.get(name, 0.0) + amount
