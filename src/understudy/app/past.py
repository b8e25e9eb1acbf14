"""What a load balancer has counted before a simulation begins, for forecasts to be made from it."""

from understudy.control.plane import Plane
from understudy.metrics.datapoint import Datapoint, Dimensions, of_value
from understudy.recommend.forecasts import hourly
from understudy.scaling.forecast import HISTORY_HOURS, HOUR
from understudy.sim.traffic import Traffic
from understudy.sim.world import SimulatedWorld

NAMESPACE = "AWS/ApplicationELB"


def remember(world: SimulatedWorld, past: Traffic, start: float, until: float) -> None:
    """Keep the hours of traffic that ended at ``start``, as far as they are before ``until``.

    One target has served it all, which is how much of it one target would get.
    """
    plane = world.engine.region(world.region).plane
    since = start - HISTORY_HOURS * HOUR
    load = hourly([(start - past.duration, past)])
    known = {hour: each for hour, each in load.items() if since <= hour * HOUR < until - HOUR}
    for dimensions in _dimensions(plane):
        for hour, requests in known.items():
            at = float(hour * HOUR)
            counted = Datapoint(at, requests, requests, 1.0, 1.0)
            for name, point, unit in (
                ("RequestCount", counted, "Count"),
                ("RequestCountPerTarget", counted, "None"),
                ("HealthyHostCount", of_value(at, 1.0), "Count"),
            ):
                key = (NAMESPACE, name, dimensions)
                plane.cloudwatch.books.state.store.publish(key, point, world.now, unit)


def _dimensions(plane: Plane) -> list[Dimensions]:
    """The dimensions of each target group behind each load balancer."""
    state = plane.elbv2.state
    return [
        (("LoadBalancer", _name(balancer)), ("TargetGroup", group.arn.rpartition(":")[2]))
        for group in state.groups.values()
        for balancer in state.load_balancers
    ]


def _name(arn: str) -> str:
    return arn.partition(":loadbalancer/")[2]
