"""SageMaker hosting in one region: its events, timers and metrics."""

from collections.abc import Callable
from dataclasses import dataclass

from understudy.base.fault import validation_exception
from understudy.control.events import (
    Concurrency,
    EnvironmentsWanted,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    RequestsCompleted,
    Served,
)
from understudy.control.ports import Publisher, ScalableCapacity
from understudy.control.sagemaker import endpoint as endpoints
from understudy.control.sagemaker import fleet as fleets
from understudy.control.sagemaker.metrics import (
    idle_second,
    publish_concurrency,
    publish_environments,
    publish_idle,
    publish_served,
    publish_setup,
)
from understudy.control.sagemaker.serverless import at_work, check_provisioned, wanted
from understudy.control.sagemaker.state import Endpoint, Instance, SageMakerState, Variant
from understudy.control.turn import Turn


@dataclass(frozen=True, slots=True)
class HostingConfig:
    """Parameters of the world. ``startup_delay`` is the least time from launch to service, in s.

    On AWS an instance takes minutes; here a process takes a fraction of a second. A rehearsal
    that is to tell what AWS would do sets the delay; the default is as fast as it goes.
    """

    startup_delay: float = 0.0


MINUTE = 60
IDLE_AFTER = 15.0
"""How long after a minute's end it is known that nothing was served in it."""


def _nobody(resource_id: str) -> bool:
    return False


def _unlimited(instance_type: str, more: int) -> None:
    """There is no quota."""


class SageMaker:
    """The hosting service of one region. Also the ``Scalable`` of its endpoint variants.

    ``is_registered`` tells whether a variant is a scalable target, ``require`` raises a Fault where
    so many more instances of a type exceed the account's quota.
    """

    label = "sagemaker"
    quantity = "desired instance count"

    def __init__(self, state: SageMakerState, publisher: Publisher, config: HostingConfig) -> None:
        self.state = state
        self.publisher = publisher
        self.is_registered: Callable[[str], bool] = _nobody
        self.require: Callable[[str, int], None] = _unlimited
        self.config = config

    def on_healthy(self, event: InstanceHealthy, turn: Turn) -> None:
        """An instance answers: it serves once its start-up delay is over."""
        instance = self.state.instances.get(event.instance_id)
        if instance is None or instance.state != "Pending":
            return
        instance.host, instance.port = event.host, event.port
        due = instance.launched_at + self.config.startup_delay
        if due > turn.at:
            turn.schedule(due, fleets.OWNER, "in-service", instance.id)
        else:
            self._enter_service(instance, turn)

    def _enter_service(self, instance: Instance, turn: Turn) -> None:
        instance.state = "InService"
        instance.in_service_at = turn.at
        endpoint = self.state.endpoints[instance.endpoint]
        if not instance.instance_type:
            seconds = turn.at - instance.launched_at
            publish_setup(self.publisher, endpoint.name, instance.variant, seconds, turn)
        if not self._watched(instance):
            minute = int(turn.at) // MINUTE * MINUTE
            self._watch(instance.endpoint, instance.variant, minute, turn)
        endpoints.settle(self.state, endpoint, turn)

    def on_failed(self, event: InstanceFailed, turn: Turn) -> None:
        """An instance is lost."""
        instance = self.state.instances.get(event.instance_id)
        if instance is not None:
            endpoints.lost(self.state, instance, event.reason, turn)

    def on_stopped(self, event: InstanceStopped, turn: Turn) -> None:
        """An instance that was told to stop is gone."""
        instance = self.state.instances.get(event.instance_id)
        if instance is not None:
            fleets.ended(self.state, instance)
            endpoints.settle(self.state, self.state.endpoints[instance.endpoint], turn)

    def on_restart(self, turn: Turn) -> None:
        """The processes of all instances are gone: start those again that shall run."""
        for instance in list(self.state.instances.values()):
            if instance.state == "Stopping":
                fleets.ended(self.state, instance)
        for instance in self.state.instances.values():
            instance.state = "Pending"
            fleet = self.state.endpoints[instance.endpoint].fleets[instance.fleet]
            variant = fleet.variants[instance.variant]
            turn.emit(fleets.launch_command(self.state, instance, variant, turn))
        for endpoint in list(self.state.endpoints.values()):
            endpoint.route = ()
            endpoints.settle(self.state, endpoint, turn)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A time that was wished for has come."""
        kind, *rest = key
        if kind == "in-service":
            instance = self.state.instances.get(rest[0])
            if instance is not None and instance.state == "Pending":
                self._enter_service(instance, turn)
        elif kind == "settle":
            if endpoint := self.state.endpoints.get(rest[0]):
                endpoints.settle(self.state, endpoint, turn)
        elif kind == "idle":
            self._check_idle(rest[0], rest[1], int(rest[2]), turn)
        else:
            self._on_update_timer(kind, tuple(rest), turn)

    def _on_update_timer(self, kind: str, key: tuple[str, ...], turn: Turn) -> None:
        current = endpoints.current_update(self.state, key)
        if current is None:
            return
        if kind == "baked":
            endpoints.baked(self.state, *current, turn)
        elif kind == "finish":
            endpoints.finish(self.state, *current, turn)
        else:
            self._guard(key, *current, turn)

    def _guard(
        self, key: tuple[str, ...], endpoint: Endpoint, update: endpoints.Update, turn: Turn
    ) -> None:
        """Roll back while baking if one of the deployment's alarms is in ALARM."""
        if update.phase != "Baking":
            return
        for name in endpoints.guards(update):
            if self.publisher.alarm_state(name) == "ALARM":
                reason = f"One or more configured alarms went into ALARM state: [{name}]."
                endpoints.roll_back(self.state, endpoint, reason, turn)
                return
        turn.schedule(turn.at + endpoints.ALARM_CHECK_SECONDS, fleets.OWNER, "guard", *key)

    def on_requests(self, event: RequestsCompleted, turn: Turn) -> None:
        """Publish what the data plane served."""
        for served in event.served:
            if served.endpoint in self.state.endpoints:
                minute = served.second // MINUTE * MINUTE
                if served.invocations:
                    name = f"{served.endpoint}/{served.variant}"
                    self.state.published[name] = max(self.state.published.get(name, 0), minute)
                deployed = self.state.endpoints[served.endpoint]
                queued = bool(deployed.fleets[deployed.live].asynchronous)
                publish_served(self.publisher, served, turn, queued=queued)
                self._note_environments(served, turn)

    def _note_environments(self, served: Served, turn: Turn) -> None:
        """A serverless variant had so many environments at work in a second."""
        for variant in self._environments(served.endpoint, served.variant):
            if variant.serverless is not None:
                at_work(variant, served.peak, float(served.second))
                publish_environments(self.publisher, served, variant.serverless, turn)

    def _environments(self, endpoint_name: str, name: str) -> list[Variant]:
        """The serverless variant of that name, that of a new fleet too once it has traffic."""
        endpoint = self.state.endpoints.get(endpoint_name)
        if endpoint is None or endpoint.status in endpoints.NOT_SERVING:
            return []
        numbers = [endpoint.live]
        if endpoint.update is not None and endpoint.update.phase != "Creating":
            numbers.append(endpoint.update.green)
        found = (endpoint.fleets[number].variants.get(name) for number in numbers)
        return [each for each in found if each is not None and each.serverless]

    def on_wanted(self, event: EnvironmentsWanted, turn: Turn) -> None:
        """Requests wait for environments of a serverless variant."""
        for variant in self._environments(event.endpoint, event.variant):
            at_work(variant, event.count, turn.at)
        self._resize(event.endpoint, event.variant, turn)

    def _resize(self, endpoint: str, name: str, turn: Turn) -> None:
        """Let a serverless variant have the environments that it shall have by now."""
        found = self._environments(endpoint, name)
        for variant in found:
            variant.desired = wanted(variant, turn.at)
        if found:
            endpoints.settle(self.state, self.state.endpoints[endpoint], turn)

    def on_concurrency(self, event: Concurrency, turn: Turn) -> None:
        """Publish how many requests each instance has."""
        if event.endpoint in self.state.endpoints:
            publish_concurrency(self.publisher, event, turn)

    def _watched(self, instance: Instance) -> bool:
        return f"{instance.endpoint}/{instance.variant}" in self.state.published

    def _watch(self, endpoint: str, variant: str, minute: int, turn: Turn) -> None:
        self.state.published.setdefault(f"{endpoint}/{variant}", 0)
        due = minute + MINUTE + IDLE_AFTER
        turn.schedule(due, fleets.OWNER, "idle", endpoint, variant, str(minute))

    def _check_idle(self, endpoint: str, variant: str, minute: int, turn: Turn) -> None:
        """A variant in service publishes zeros where it had no request; a serverless one shrinks.

        Source: AWS, Prerequisites for auto scaling of SageMaker models: metrics are emitted as
        zero while there is no traffic.
        """
        name = f"{endpoint}/{variant}"
        if endpoint not in self.state.endpoints:
            self.state.published.pop(name, None)
            return
        found = self.state.endpoints[endpoint]
        queued = found.fleets[found.live].asynchronous
        if self.state.published.get(name, 0) < minute and not queued:
            publish_idle(self.publisher, endpoint, variant, minute, turn)
            for each in self._environments(endpoint, variant):
                if each.serverless is not None:
                    idle = idle_second(endpoint, variant, minute)
                    publish_environments(self.publisher, idle, each.serverless, turn)
        self._resize(endpoint, variant, turn)
        self._watch(endpoint, variant, minute + MINUTE, turn)

    def variant(self, resource_id: str) -> tuple[Endpoint, Variant] | None:
        """The endpoint and variant that Application Auto Scaling calls ``resource_id``."""
        parts = resource_id.split("/")
        if len(parts) != 4 or parts[0] != "endpoint" or parts[2] != "variant":
            return None
        endpoint = self.state.endpoints.get(parts[1])
        if endpoint is None:
            return None
        variant = endpoint.fleets[endpoint.live].variants.get(parts[3])
        return None if variant is None else (endpoint, variant)

    def capacity(self, resource_id: str) -> ScalableCapacity | None:
        """The instances of a variant. Scaling is refused while an update is deployed."""
        found = self.variant(resource_id)
        if found is None or found[0].status in ("Failed", "Deleting"):
            return None
        endpoint, variant = found
        if variant.serverless:
            return None
        present = fleets.members(self.state, endpoint.name, endpoint.live, variant.name)
        deploying = endpoint.status == "Creating" or endpoint.update is not None
        return ScalableCapacity(
            variant.desired,
            len(fleets.in_service(present)),
            "TargetServicePutResourceAsUnscalable" if deploying else "",
        )

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the desired instance count of a variant, as UpdateEndpointWeightsAndCapacities."""
        endpoint, variant = self.scaled(resource_id)
        self.require(variant.instance_type, desired - variant.desired)
        endpoints.set_capacity(endpoint, variant, desired, turn)
        endpoints.settle(self.state, endpoint, turn)

    def scaled(self, resource_id: str) -> tuple[Endpoint, Variant]:
        """A variant whose capacity may be set now. Raises Fault."""
        found = self.variant(resource_id)
        if found is None:
            raise validation_exception(f"Could not find variant {resource_id}.")
        endpoint, _ = found
        if endpoint.update is not None or endpoint.status not in ("InService", "Updating"):
            raise validation_exception(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        return found


class ProvisionedConcurrency:
    """The ``Scalable`` of serverless variants."""

    label = "sagemaker"
    quantity = "desired provisioned concurrency"

    def __init__(self, hosting: SageMaker) -> None:
        self._hosting = hosting

    def capacity(self, resource_id: str) -> ScalableCapacity | None:
        """The provisioned concurrency of a serverless variant, and how much of it is there."""
        found = self._hosting.variant(resource_id)
        if (
            found is None
            or found[1].serverless is None
            or found[0].status in ("Failed", "Deleting")
        ):
            return None
        endpoint, variant = found
        present = fleets.members(self._hosting.state, endpoint.name, endpoint.live, variant.name)
        wished = found[1].serverless.provisioned
        deploying = endpoint.status == "Creating" or endpoint.update is not None
        return ScalableCapacity(
            wished,
            min(wished, len(fleets.in_service(present))),
            "TargetServicePutResourceAsUnscalable" if deploying else "",
        )

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the provisioned concurrency, as UpdateEndpointWeightsAndCapacities. Raises Fault."""
        endpoint, variant = self._hosting.scaled(resource_id)
        if variant.serverless is None:
            raise validation_exception(f"Could not find variant {resource_id}.")
        check_provisioned(variant.serverless, desired)
        endpoints.set_provisioned(endpoint, variant, desired, turn)
        endpoints.settle(self._hosting.state, endpoint, turn)
