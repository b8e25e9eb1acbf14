"""A rehearsal: deploy, drive traffic, watch it scale, simulate the same, report, clean up."""

import http.client
import time
import urllib.error
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from understudy.app.audience import Audience
from understudy.app.capacity import Call, setting_calls
from understudy.app.client import Client, refuse_foreign
from understudy.app.deployment import StackDeployment, message_of
from understudy.app.driving import Driven, Driver, mean_start, unloaded
from understudy.app.estimate import estimate
from understudy.app.failures import Failed
from understudy.app.instance_logs import keep_logs, tail
from understudy.app.interrupts import Interrupted, Interrupts
from understudy.app.outcomes import RunFacts, outcome_of
from understudy.app.packaging import Uploads
from understudy.app.preflight import ENDPOINT, Options, Prepared
from understudy.app.prices import own_book, today
from understudy.app.recipient import Recipient, recipient_of
from understudy.app.scenarios import event_calls, events_said
from understudy.app.simulation import Scenario, Update, simulate
from understudy.app.site import Site
from understudy.app.update import RunningUpdate, operations_of
from understudy.app.views import ChangeSetView
from understudy.base.arn import last_name
from understudy.base.service_time import ServiceTime, parse_service_time
from understudy.control.comparison import CapacityDifference, capacity_difference
from understudy.control.outcome import LoadMode, Outcome
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.control.views import Observation
from understudy.live.load import LoadFailed
from understudy.sim.service_time import Empirical
from understudy.sim.serving import serving_of
from understudy.sim.start_up import at_once
from understudy.sim.world import WorldModel

NO_ANSWER = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
INSTANCE_START_SECONDS = 0.3
"""Real seconds from the launch of a further process to its first healthy answer, about."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal came to. Where no request succeeded there is nothing to simulate from."""

    live: Outcome
    simulated: Outcome | None
    difference: CapacityDifference | None


class Rehearsal:
    """One rehearsal. Use it as a context manager: leaving it cleans up, whatever has happened.

    ``endpoint`` is that of an engine that runs already; without it one is started, with a state
    folder of its own. The logs of the instances are kept in ``report``.
    """

    def __init__(
        self,
        options: Options,
        prepared: Prepared,
        audience: Audience,
        interrupts: Interrupts,
        report: Path,
        *,
        endpoint: str = "",
        allowed_host: str | None = None,
        keep: bool = False,
        running: bool = False,
    ) -> None:
        if endpoint:
            refuse_foreign(endpoint, allowed_host)
        self._options = options
        self._prepared = prepared
        self._audience = audience
        self._interrupts = interrupts
        self._report = report
        self._keep = keep
        self._running = running
        self._given = endpoint
        self._since = time.time()  # noqa: TID251 - real time: files are dated in it
        self._cleanup = ExitStack()
        self._site = Site(audience, interrupts, keep=keep)
        self._parameters: dict[str, str] = {}
        self._executed: ChangeSetView | None = None

    def __enter__(self) -> "Rehearsal":
        self._cleanup.enter_context(self._site)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        interrupted = kind is not None and issubclass(kind, Interrupted)
        with self._interrupts.last():
            if interrupted:
                self._audience.say("Interrupted: cleaning up.")
            try:
                self._cleanup.close()
            except Exception as error:  # What went wrong first is what the user has to know.
                self._audience.say(f"Cleaning up: {error}")

    def run(self) -> Rehearsed:
        """Do it all. Raises InvalidInput and Failed."""
        site = self._site
        client = site.given(self._given) if self._given else site.own(self._options)
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._rehearse(client)
        except (BotoCoreError, *NO_ANSWER) as error:
            raise self._site.lost(client.endpoint, error) from error
        except LoadFailed as error:
            raise Failed("The traffic could not be sent", [str(error)]) from error
        except ClientError as error:
            raise Failed(f"{error.operation_name} was refused", [message_of(error)]) from error

    def _rehearse(self, client: Client) -> Rehearsed:
        stack = StackDeployment(client, self._prepared.stack_name, self._prepared.template.template)
        if self._running:
            status, deploy_at = stack.adopt(self._prepared.template.text)
        else:
            stack.refuse_existing()
            perform(client, setting_calls(self._prepared.settings))
            deploy_at = client.clock.now()
            status = self._deploy(client, stack)
        recipient = recipient_of(client, stack)
        seen = client.observe(recipient.resource, 0.0)
        driver = self._drive(client, stack, recipient, seen)
        driven = driver.driven()
        live = outcome_of(
            driver.observe(),
            self._facts(client, stack, status, driven, driver.ends_at),
            driven.arrivals,
            driven.latency_ms,
            driven.ok,
        )
        if not driven.ok.any():
            self._audience.say("No request succeeded, so there is nothing to simulate from.")
            return Rehearsed(live, None, None)
        with self._audience.working("Simulating the same template and traffic in virtual time"):
            simulated = self._simulate(client, live, driver, driven, seen, deploy_at)
        return Rehearsed(live, simulated, capacity_difference(live, simulated))

    def _deploy(self, client: Client, stack: StackDeployment) -> str:
        uploads = Uploads(client.s3, client.region)
        if not self._keep:
            self._cleanup.callback(self._remove, uploads)
        for model in self._prepared.models:
            with self._audience.working(f"Uploading {model.path}"):
                url = uploads.add(model, self._site.folder)
            self._audience.say(f"Uploaded {model.path} as {url}.")
        parameters = self._parameters = {**self._prepared.parameters, **uploads.urls}
        self._cleanup.callback(self._leave, stack)
        self._audience.change_set(stack.plan(self._prepared.template.text, parameters))
        for line in self._estimated(client):
            self._audience.say(line)
        try:
            return stack.execute(self._audience.deployment)
        except Failed as failure:
            raise Failed(failure.headline, failure.causes + self._log_of(stack)) from None

    def _estimated(self, client: Client) -> list[str]:
        """Three costs a month, and the quotas that the stack needs."""
        prepared = self._prepared
        book = own_book()
        limits = prepared.settings.quotas
        told = estimate(prepared.template, book, today(), prepared.traffic, limits, client.region)
        return told.lines()

    def _leave(self, stack: StackDeployment) -> None:
        """Keep the logs, and delete the stack unless it is kept or goes with our own engine."""
        if not self._site.is_running() or not stack.stack_id:
            return
        self._keep_logs(stack)
        if self._keep:
            self._audience.say(f"Kept: stack {stack.name}.")
        elif self._site.is_own and self._interrupts.count:
            self._audience.say(f"Stack {stack.name} goes with its engine.")
        else:
            before = self._interrupts.count
            status = stack.delete(
                self._audience.deployment, patient=lambda: self._interrupts.count == before
            )
            self._audience.say(f"Stack {stack.name}: {status}.")

    def _keep_logs(self, stack: StackDeployment) -> list[Path]:
        endpoints = {last_name(each) for each in stack.physical_ids(ENDPOINT) if each}
        return keep_logs(Path(stack.client.status["state"]), endpoints, self._report, self._since)

    def _log_of(self, stack: StackDeployment) -> list[str]:
        """The end of the log of the instance that was heard of last."""
        logs = self._keep_logs(stack)
        return [f"The log of its instance, {logs[-1]}, ends:\n{tail(logs[-1])}"] if logs else []

    def _remove(self, uploads: Uploads) -> None:
        if not self._site.is_own:
            uploads.remove()

    def _drive(
        self, client: Client, stack: StackDeployment, recipient: Recipient, seen: Observation
    ) -> Driver:
        mode: LoadMode = "dilated" if seen.stand_in else "sampled"
        if self._options.load == "sampled" or self._options.load == "dilated":
            mode = self._options.load
        with self._interrupts.held():
            folder = self._site.folder / "load"
            driver = Driver(client, recipient, self._prepared, mode, self._options.seed, folder)
            self._cleanup.callback(driver.run.stop)
        driver.begin()
        perform(client, event_calls(self._prepared.events, driver.started_at))
        self._audience.say(
            f"Sending {len(driver.arrivals):,} requests to {recipient.name}, {mode}"
            + (f", each standing for {client.clock.speed:g}." if mode == "sampled" else ".")
        )
        driver.follow(self._audience.rehearsal, time.sleep, self._updating(stack))
        return driver

    def _updating(self, stack: StackDeployment) -> Callable[[float], bool]:
        """What updates the stack when its time has come, and says when that is over."""
        planned = self._prepared.update
        if planned is None:
            return lambda elapsed: True
        update = RunningUpdate(stack, planned, self._parameters)

        def step(elapsed: float) -> bool:
            if said := update.step(elapsed, time.monotonic()):
                self._audience.say(said)
                if update.view and self._executed is None:
                    self._executed = update.view
                    self._audience.change_set(update.view)
            return update.is_over

        return step

    def _facts(
        self, client: Client, stack: StackDeployment, status: str, driven: Driven, ends_at: float
    ) -> RunFacts:
        found = operations_of(stack, driven.started_at, self._executed)
        return RunFacts(
            world="live",
            stack_name=self._prepared.stack_name,
            stack_status=found[-1].status if found else status,
            region=client.region,
            traffic=self._prepared.traffic.name,
            started_at=driven.started_at,
            ended_at=ends_at,
            speed=client.clock.speed,
            load_mode=driven.mode,
            seed=self._options.seed,
            slos=self._prepared.slos,
            operations=found,
            scenario=events_said(self._prepared.events),
            book=own_book(),
            today=today(),
        )

    def _simulate(
        self,
        client: Client,
        live: Outcome,
        driver: Driver,
        driven: Driven,
        seen: Observation,
        deploy_at: float,
    ) -> Outcome:
        models = {m.parameter: "s3://simulated/model.tar.gz" for m in self._prepared.models}
        parameters = {**self._prepared.parameters, **models}
        return simulate(
            Scenario(
                stack_name=self._prepared.stack_name,
                body=self._prepared.template.text,
                parameters=parameters,
                traffic=self._prepared.traffic,
                serving=serving_of(_service_time(seen, driver, driven)),
                world=_world(live, INSTANCE_START_SECONDS * driver.clock.speed),
                slos=self._prepared.slos,
                deploy_at=deploy_at,
                start_at=live.started_at,
                seed=self._options.seed,
                updates=self._updates(parameters),
                startup_delay=client.status["startup_delay"],
                settings=self._prepared.settings,
                events=self._prepared.events,
            )
        )

    def _updates(self, parameters: Mapping[str, str]) -> tuple[Update, ...]:
        planned = self._prepared.update
        if planned is None:
            return ()
        given = planned.parameters(parameters)
        return (Update(planned.seconds, planned.template.text, given, planned.fail),)


def perform(client: Client, calls: Iterable[Call]) -> None:
    """Tell an engine of capacity. Raises InvalidInput where it refuses."""
    for operation, params in calls:
        client.capacity(operation, **params)


def _world(live: Outcome, usual: float) -> WorldModel:
    """A world in which an instance starts in so many seconds, and a task as it did live."""
    tasks = TaskModel(start=mean_start(live.capacity, usual))
    return WorldModel(at_once(usual), stand_ins=StandInModel(tasks=tasks))


def _service_time(seen: Observation, driver: Driver, driven: Driven) -> ServiceTime | Empirical:
    """The stand-in's own service time, or what was measured of a real model."""
    if seen.stand_in:
        return parse_service_time(seen.stand_in)
    results = driver.run.results
    return Empirical(unloaded(driven, np.array(results.sent), np.array(results.latency)))
