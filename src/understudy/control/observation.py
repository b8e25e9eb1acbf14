"""What can be seen of an endpoint variant: its capacity, what scaled it, its alarms, its usage."""

from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.control.application_autoscaling.state import Activity, ScalableTarget, target_key
from understudy.control.capacity.usage import billed
from understudy.control.cloudwatch.state import AnyAlarm, HistoryItem
from understudy.control.outcome import ActivityRecord, AlarmTransition, CapacityPoint
from understudy.control.plane import Plane
from understudy.control.sagemaker import fleet as fleets
from understudy.control.sagemaker.endpoint import dimension, resource_id
from understudy.control.sagemaker.state import Endpoint, Variant
from understudy.control.views import AlarmState, Observation
from understudy.pricing.meter import Usage


def observe(
    plane: Plane, endpoint_name: str, variant_name: str, since: float, at: float
) -> Observation:
    """What can be seen of a variant. Raises KeyError where there is no such endpoint or variant."""
    endpoint = plane.sagemaker.state.endpoints[endpoint_name]
    variant = endpoint.fleets[endpoint.live].variants[variant_name]
    key = target_key(dimension(variant), resource_id(endpoint_name, variant_name))
    target = plane.scaling.state.targets.get(key)
    alarms = _alarms(plane, endpoint_name)
    least, most = _bounds(variant)
    return Observation(
        at=at,
        endpoint=endpoint_name,
        variant=variant_name,
        status=endpoint.status,
        instance_type=variant.instance_type,
        stand_in=_stand_in(plane, variant),
        minimum=target.minimum if target else least,
        maximum=target.maximum if target and not variant.serverless else most,
        policies=policies_of(target),
        capacity=_capacity(plane, endpoint, variant, since),
        activities=tuple(
            activity_record(each)
            for each in plane.scaling.state.activities.get(key, [])
            if each.start >= since and not each.not_scaled
        ),
        transitions=tuple(
            transition(item)
            for item in plane.cloudwatch.state.history
            if item.item_type == "StateUpdate" and item.at >= since and item.alarm in alarms
        ),
        alarms=tuple(
            AlarmState(alarm.name, alarm.state, alarm.state_updated_at) for alarm in alarms.values()
        ),
        usage=_usage(plane, endpoint_name, variant_name, since, at),
    )


def _bounds(variant: Variant) -> tuple[int, int]:
    """The least and most capacity that a variant has by itself."""
    if variant.serverless:
        return variant.serverless.provisioned, variant.serverless.maximum
    return variant.desired, variant.desired


def _stand_in(plane: Plane, variant: Variant) -> str:
    container = fleets.container(plane.sagemaker.state, variant)
    return container.environment.get(STAND_IN_VARIABLE, "")


def policies_of(target: ScalableTarget | None) -> tuple[str, ...]:
    """Each policy in one sentence."""
    if target is None:
        return ()
    return tuple(f"{policy.kind} {policy.name}" for policy in target.policies.values())


def _capacity(
    plane: Plane, endpoint: Endpoint, variant: Variant, since: float
) -> tuple[CapacityPoint, ...]:
    """The capacity at ``since`` and every change after it."""
    samples = [
        each
        for each in plane.sagemaker.state.history
        if each.endpoint == endpoint.name and each.variant == variant.name
    ]
    before = [each for each in samples if each.at <= since][-1:]
    after = [each for each in samples if each.at > since]
    return tuple(
        CapacityPoint(
            max(each.at, since), each.desired, each.in_service, each.pending, each.stopping
        )
        for each in before + after
    )


def activity_record(activity: Activity) -> ActivityRecord:
    """A scaling activity as runs tell of it."""
    return ActivityRecord(
        at=activity.start,
        ended=activity.end,
        from_count=activity.previous,
        to_count=activity.desired if activity.desired is not None else activity.previous,
        cause=activity.cause,
        status=activity.status,
        description=activity.description,
        message=activity.message,
    )


def _alarms(plane: Plane, endpoint: str) -> dict[str, AnyAlarm]:
    """The alarms on metrics of an endpoint, by name."""
    return {
        name: alarm
        for name, alarm in plane.cloudwatch.state.alarms.items()
        if endpoint in _endpoints(alarm)
    }


def _endpoints(alarm: AnyAlarm) -> list[str]:
    queries = [
        alarm.params,
        *(q["MetricStat"]["Metric"] for q in alarm.params.get("Metrics", ()) if "MetricStat" in q),
    ]
    return [
        dimension["Value"]
        for query in queries
        for dimension in query.get("Dimensions", ())
        if dimension["Name"] == "EndpointName"
    ]


def transition(item: HistoryItem) -> AlarmTransition:
    """A change of an alarm's state, from its history."""
    states = item.summary.removeprefix("Alarm updated from ").split(" to ")
    return AlarmTransition(item.at, item.alarm, states[0], states[-1], item.summary)


def _usage(plane: Plane, endpoint: str, variant: str, since: float, at: float) -> tuple[Usage, ...]:
    owner = f"{endpoint}/{variant}"
    state = plane.capacity.state
    found = (
        billed(life, at)
        for life in (*state.lives, *state.held.values())
        if life.place.owner == owner and (not life.ended_at or life.ended_at >= since)
    )
    return tuple(usage for usage in found if usage is not None)
