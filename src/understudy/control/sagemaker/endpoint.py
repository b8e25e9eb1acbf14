"""The life of an endpoint: created, served, scaled, updated, deleted.

``settle`` is called after anything has changed. It brings every fleet to its desired number, moves
the endpoint on where that is done, and tells the data plane. Source: AWS, CreateEndpoint,
UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DeleteEndpoint; Deployment guardrails.
"""

import math

from msgspec import structs

from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.control.events import RemoveRoute, SetRoute, Target, VariantRoute
from understudy.control.sagemaker import fleet as fleets
from understudy.control.sagemaker.serverless import least, wanted
from understudy.control.sagemaker.state import (
    Endpoint,
    Fleet,
    Instance,
    SageMakerState,
    Update,
    Variant,
)
from understudy.control.signals import CapacityFailed, CapacityFulfilled, ScalableRemoved
from understudy.control.turn import Turn

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
ALARM_CHECK_SECONDS = 10.0
NOT_SERVING = ("Creating", "Failed", "Deleting")


def resource_id(endpoint: str, variant: str) -> str:
    """What Application Auto Scaling calls a variant."""
    return f"endpoint/{endpoint}/variant/{variant}"


def dimension(variant: Variant) -> str:
    """What Application Auto Scaling scales of a variant."""
    return PROVISIONED if variant.serverless else DIMENSION


def settle(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    """Bring the endpoint's instances, status and route to where they should be."""
    for fleet in endpoint.fleets.values():
        for variant in fleet.variants.values():
            fleets.match(state, endpoint, fleet, variant, turn)
    _advance(state, endpoint, turn)
    _prune(state, endpoint)
    if endpoint.name in state.endpoints:
        _reroute(state, endpoint, turn)
    _note(state, endpoint, turn)


def _advance(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    live = endpoint.fleets[endpoint.live]
    if endpoint.status == "Deleting":
        _advance_deletion(state, endpoint, turn)
    elif endpoint.update is not None:
        _advance_update(state, endpoint, endpoint.update, turn)
    elif endpoint.status in ("Creating", "RollingBack", "Updating") and complete(
        state, endpoint, live
    ):
        if endpoint.status == "Updating":
            _fulfilled(endpoint, live, turn)
        _become(endpoint, "InService", turn)


def _advance_deletion(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    if any(instance.endpoint == endpoint.name for instance in state.instances.values()):
        return
    del state.endpoints[endpoint.name]
    for name, variant in endpoint.fleets[endpoint.live].variants.items():
        turn.signal(ScalableRemoved(dimension(variant), resource_id(endpoint.name, name)))


def _advance_update(state: SageMakerState, endpoint: Endpoint, update: Update, turn: Turn) -> None:
    green = endpoint.fleets[update.green]
    if update.phase != "Creating" or not complete(state, endpoint, green):
        return
    wait = update.steps[update.index].wait
    update.phase = "Baking"
    turn.schedule(turn.at + wait, fleets.OWNER, "baked", *_key(endpoint, update))
    if wait and guards(update):
        turn.schedule(turn.at, fleets.OWNER, "guard", *_key(endpoint, update))


def _key(endpoint: Endpoint, update: Update) -> tuple[str, str, str]:
    return endpoint.name, str(update.number), str(update.index)


def guards(update: Update) -> list[str]:
    """The alarms that roll an update back while it bakes."""
    guard = update.params.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    return [alarm["AlarmName"] for alarm in guard.get("Alarms", [])]


def current_update(state: SageMakerState, key: tuple[str, ...]) -> tuple[Endpoint, Update] | None:
    """The update step that a timer was set for, or None where that step is over."""
    endpoint = state.endpoints.get(key[0])
    if endpoint is None or endpoint.update is None or _key(endpoint, endpoint.update) != key:
        return None
    return endpoint, endpoint.update


def baked(state: SageMakerState, endpoint: Endpoint, update: Update, turn: Turn) -> None:
    """A step has baked: shrink the old fleet and go to the next step, or to the end."""
    step = update.steps[update.index]
    old = endpoint.fleets[endpoint.live]
    for variant in old.variants.values():
        before = update.counts.get(variant.name, variant.desired)
        variant.desired = min(variant.desired, math.ceil(before * step.blue))
    if update.index + 1 < len(update.steps):
        update.index += 1
        update.phase = "Creating"
        _grow(endpoint, update)
    else:
        update.phase = "Terminating"
        policy = update.params.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy", {})
        wait = float(policy.get("TerminationWaitInSeconds", 0))
        turn.schedule(turn.at + wait, fleets.OWNER, "finish", *_key(endpoint, update))
    settle(state, endpoint, turn)


def finish(state: SageMakerState, endpoint: Endpoint, update: Update, turn: Turn) -> None:
    """The new fleet has taken over: the old one goes."""
    for variant in endpoint.fleets[endpoint.live].variants.values():
        variant.desired = 0
    endpoint.live = update.green
    endpoint.update = None
    endpoint.failure_reason = ""
    endpoint.last_deployment = update.params.get("DeploymentConfig", {})
    _become(endpoint, "InService", turn)
    settle(state, endpoint, turn)


def roll_back(state: SageMakerState, endpoint: Endpoint, reason: str, turn: Turn) -> None:
    """Give up an update: all traffic and capacity back to the old fleet."""
    update = endpoint.update
    if update is None:
        return
    for variant in endpoint.fleets[update.green].variants.values():
        variant.desired = 0
    for variant in endpoint.fleets[endpoint.live].variants.values():
        variant.desired = update.counts.get(variant.name, variant.desired)
    endpoint.update = None
    endpoint.failure_reason = reason
    _become(endpoint, "RollingBack", turn)
    settle(state, endpoint, turn)


def begin_update(endpoint: Endpoint, update: Update, green: Fleet, turn: Turn) -> None:
    """Start to deploy a new fleet beside the one that serves."""
    endpoint.fleets[green.number] = green
    endpoint.update = update
    _grow(endpoint, update)
    _become(endpoint, "Updating", turn)


def _grow(endpoint: Endpoint, update: Update) -> None:
    share = update.steps[update.index].green
    for variant in endpoint.fleets[update.green].variants.values():
        first = least(variant) if variant.serverless else variant.config["InitialInstanceCount"]
        variant.desired = math.ceil(first * share)


def set_provisioned(endpoint: Endpoint, variant: Variant, count: int, turn: Turn) -> None:
    """Set the provisioned concurrency of a serverless variant of the fleet that serves."""
    assert variant.serverless is not None
    variant.serverless = structs.replace(variant.serverless, provisioned=count)
    set_capacity(endpoint, variant, wanted(variant, turn.at), turn)


def set_capacity(endpoint: Endpoint, variant: Variant, desired: int, turn: Turn) -> None:
    """Set the desired count of a variant of the fleet that serves."""
    variant.desired = desired
    variant.retry_at = 0.0
    _become(endpoint, "Updating", turn)


def lost(state: SageMakerState, instance: Instance, reason: str, turn: Turn) -> None:
    """An instance did not start or has died: fail, roll back, take back or replace."""
    endpoint = state.endpoints[instance.endpoint]
    served = instance.state == "InService"
    fleets.ended(state, instance)
    fleet = endpoint.fleets.get(instance.fleet)
    variant = fleet.variants[instance.variant] if fleet else None
    if instance.state == "Stopping" or variant is None:
        settle(state, endpoint, turn)
    elif endpoint.status == "Creating":
        _fail(endpoint, reason, turn)
        settle(state, endpoint, turn)
    elif endpoint.update is not None and instance.fleet == endpoint.update.green and not served:
        roll_back(state, endpoint, reason, turn)
    elif endpoint.status == "Updating" and endpoint.update is None and not served:
        _take_back(state, endpoint, variant, reason, turn)
    else:
        if not served:
            fleets.hold_back(variant, endpoint, turn)
        settle(state, endpoint, turn)


def _fail(endpoint: Endpoint, reason: str, turn: Turn) -> None:
    endpoint.failure_reason = reason
    for variant in endpoint.fleets[endpoint.live].variants.values():
        variant.desired = 0
    _become(endpoint, "Failed", turn)


def _take_back(
    state: SageMakerState, endpoint: Endpoint, variant: Variant, reason: str, turn: Turn
) -> None:
    """A scale-out that cannot start its instances goes back to what serves."""
    present = fleets.members(state, endpoint.name, endpoint.live, variant.name)
    serving = len(fleets.in_service(present))
    variant.desired = max(1, serving)
    if variant.serverless:
        variant.desired = serving
        variant.serverless = structs.replace(variant.serverless, provisioned=serving)
    endpoint.failure_reason = reason
    failed = CapacityFailed(dimension(variant), resource_id(endpoint.name, variant.name), reason)
    turn.signal(failed)
    settle(state, endpoint, turn)


def delete(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    """Take the endpoint out of service and end its instances."""
    for fleet in endpoint.fleets.values():
        for variant in fleet.variants.values():
            variant.desired = 0
    endpoint.update = None
    turn.emit(RemoveRoute(turn.region, endpoint.name))
    _become(endpoint, "Deleting", turn)
    settle(state, endpoint, turn)


def complete(state: SageMakerState, endpoint: Endpoint, fleet: Fleet) -> bool:
    """Whether every variant of a fleet has exactly its desired instances, all in service."""
    for variant in fleet.variants.values():
        present = fleets.members(state, endpoint.name, fleet.number, variant.name)
        if len(present) != variant.desired or len(fleets.in_service(present)) != len(present):
            return False
    return True


def _fulfilled(endpoint: Endpoint, fleet: Fleet, turn: Turn) -> None:
    for variant in fleet.variants.values():
        variant.failures = 0
        resource = resource_id(endpoint.name, variant.name)
        turn.signal(CapacityFulfilled(dimension(variant), resource))


def _become(endpoint: Endpoint, status: str, turn: Turn) -> None:
    endpoint.status = status
    endpoint.modified_at = turn.at


def _prune(state: SageMakerState, endpoint: Endpoint) -> None:
    """Forget fleets that have been replaced and have no instance left."""
    kept = {endpoint.live, endpoint.update.green if endpoint.update else endpoint.live}
    kept |= {
        instance.fleet
        for instance in state.instances.values()
        if instance.endpoint == endpoint.name
    }
    endpoint.fleets = {number: fleet for number, fleet in endpoint.fleets.items() if number in kept}


def _reroute(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    if endpoint.status in NOT_SERVING:
        return
    route = tuple(_routes(state, endpoint))
    if route != endpoint.route:
        endpoint.route = route
        turn.emit(SetRoute(turn.region, endpoint.name, route))


def _routes(state: SageMakerState, endpoint: Endpoint) -> list[VariantRoute]:
    update = endpoint.update
    if update is None:
        return _fleet_routes(state, endpoint, endpoint.live, 1.0)
    begun = update.index if update.phase != "Creating" else update.index - 1
    green = update.steps[begun].traffic if begun >= 0 else 0.0
    return [
        *_fleet_routes(state, endpoint, endpoint.live, 1 - green),
        *_fleet_routes(state, endpoint, update.green, green),
    ]


def _fleet_routes(
    state: SageMakerState, endpoint: Endpoint, number: int, share: float
) -> list[VariantRoute]:
    if share <= 0:
        return []
    routes: list[VariantRoute] = []
    for variant in endpoint.fleets[number].variants.values():
        present = fleets.members(state, endpoint.name, number, variant.name)
        targets = tuple(
            Target(instance.id, instance.host, instance.port)
            for instance in fleets.in_service(present)
        )
        stand_in = STAND_IN_VARIABLE in fleets.container(state, variant).environment
        weight, serverless = variant.weight * share, variant.serverless
        routes.append(VariantRoute(variant.name, weight, targets, stand_in, serverless))
    return routes


def _note(state: SageMakerState, endpoint: Endpoint, turn: Turn) -> None:
    """Write down each variant's capacity where it has changed."""
    for variant in endpoint.fleets[endpoint.live].variants.values():
        sample = fleets.sample(state, endpoint, variant, turn.at)
        last = next(
            (
                each
                for each in reversed(state.history)
                if each.endpoint == endpoint.name and each.variant == variant.name
            ),
            None,
        )
        if last is None or (
            (last.desired, last.in_service, last.pending, last.stopping)
            != (sample.desired, sample.in_service, sample.pending, sample.stopping)
        ):
            state.history.append(sample)
