"""Targets: registered, probed, described, drained.

    registered --> initial --> healthy <--> unhealthy          what probes make of them
    deregistered --> draining --> gone                         after the deregistration delay

AWS: RegisterTargets, DeregisterTargets, DescribeTargetHealth; Health checks for Application Load
Balancer target groups, Target health status and reason codes.
"""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2.state import OWNER, STOPPED, Target, TargetGroup, target_key
from understudy.control.events import Params
from understudy.control.ports import TargetHealth
from understudy.control.signals import TargetTurned
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

MOST_TARGETS = 1000
DELAY = "deregistration_delay.timeout_seconds"

REGISTRATION = TargetHealth(
    "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
)
CHECKING = TargetHealth("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = TargetHealth(
    "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
)
NOT_REGISTERED = TargetHealth(
    "unused", "Target.NotRegistered", "Target is not registered to the target group"
)
NOT_IN_USE = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
ZONE_NOT_ENABLED = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
NOT_CHECKED = TargetHealth(
    "unavailable",
    "Target.HealthCheckDisabled",
    "Health checks are not enabled for this target group",
)


def register_targets(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """RegisterTargets: they are initial until they have been probed."""
    group = service.state.group(params["TargetGroupArn"])
    for each in params["Targets"]:
        _check(group, each)
    _require_running(service, params["Targets"])
    there = {key for key, target in group.targets.items() if not target.draining}
    if len(there | {_key(group, each) for each in params["Targets"]}) > _most(group):
        raise Fault(
            "TooManyTargets",
            f"The maximum number of targets for target group '{group.arn}' is {_most(group)}",
        )
    for each in params["Targets"]:
        if group.kind == "lambda" and not service.may_call(each["Id"], group.arn):
            raise not_permitted(each["Id"], group)
        register(service, group, each["Id"], _port(group, each), each.get("AvailabilityZone"), turn)
    return {}


def not_permitted(function: str, group: TargetGroup) -> Fault:
    """What AWS answers where a function's policy does not let a target group call it."""
    return Fault(
        "AccessDenied",
        f"elasticloadbalancing principal does not have permission to invoke {function} "
        f"from target group {group.arn}",
        403,
    )


def _most(group: TargetGroup) -> int:
    return 1 if group.kind in ("lambda", "alb") else MOST_TARGETS


def _check(group: TargetGroup, description: Params) -> None:
    """Raises Fault where a target does not fit its group."""
    name = description["Id"]
    if group.kind == "ip":
        try:
            ip_address(name)
        except ValueError:
            raise validation_error(f"The IP address '{name}' is not a valid IP address") from None
    elif group.kind == "instance" and not name.startswith(("i-", "mi-")):
        raise Fault("InvalidTarget", f"The following targets are not valid instances: '{name}'")
    elif group.kind == "lambda" and ":function:" not in name:
        raise validation_error(f"'{name}' is not a valid Lambda function ARN")
    elif group.kind == "alb" and ":loadbalancer/app/" not in name:
        raise validation_error(f"'{name}' is not a valid Application Load Balancer ARN")
    if group.kind == "instance" and "AvailabilityZone" in description:
        raise validation_error(
            "Availability Zone cannot be specified for target groups with target type 'instance'"
        )


def _require_running(service: "ElasticLoadBalancing", described: list[Params]) -> None:
    """Raises Fault where instances are registered that do not run."""
    idle = [
        f"'{each['Id']}'"
        for each in described
        if service.instance_state(each["Id"]) not in ("", "running")
    ]
    if idle:
        raise Fault(
            "InvalidTarget",
            "The following targets are not in a running state and cannot be registered: "
            + ", ".join(idle),
        )


def _port(group: TargetGroup, description: Params) -> int:
    return 0 if group.kind == "lambda" else description.get("Port", group.params["Port"])


def _key(group: TargetGroup, description: Params) -> str:
    return target_key(description["Id"], _port(group, description))


def register(
    service: "ElasticLoadBalancing",
    group: TargetGroup,
    target_id: str,
    port: int,
    zone: str | None,
    turn: Turn,
) -> None:
    """Register a target; one that is registered already stays as it is."""
    key = target_key(target_id, port)
    known = group.targets.get(key)
    if known is not None and not known.draining:
        return
    where = service.locate(target_id, port)
    zone = "all" if group.kind == "lambda" else zone
    zone = zone or (where.zone if where else "") or f"{turn.region}a"
    group.targets[key] = Target(target_id, port, zone, turn.at)
    service.watch(group, turn)
    service.touch_group(group.arn)


def deregister_targets(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DeregisterTargets: they drain; those that are not registered are passed over.

    Without a port, a target goes with every port that it is registered with.
    """
    group = service.state.group(params["TargetGroupArn"])
    for each in params["Targets"]:
        for target in list(group.targets.values()):
            if target.id == each["Id"] and each.get("Port", target.port) == target.port:
                deregister(service, group, target, turn)
    return {}


def deregister(
    service: "ElasticLoadBalancing", group: TargetGroup, target: Target, turn: Turn
) -> None:
    """Let a target drain for the deregistration delay, then forget it. One that drains drains on.

    Nothing drains from a group that no load balancer uses.
    """
    if target.draining:
        return
    delay = float(group.attributes.get(DELAY, "0"))
    in_use = bool(service.balancers_of(group.arn))
    target.unused_at = max(turn.at + (delay if in_use else 0.0), 1e-9)
    key = target_key(target.id, target.port)
    turn.schedule(target.unused_at, OWNER, "drained", group.arn, key, repr(target.unused_at))
    service.touch_group(group.arn)


def drained(
    service: "ElasticLoadBalancing", group: TargetGroup, key: str, until: str, turn: Turn
) -> None:
    """The delay of a target is over, unless it has been registered again meanwhile."""
    target = group.targets.get(key)
    if target is None or repr(target.unused_at) != until:
        return
    del group.targets[key]
    service.touch_group(group.arn)
    turn.signal(TargetTurned(group.arn, target.id, target.port, "unused"))


def health_of(
    service: "ElasticLoadBalancing", group: TargetGroup, target: Target | None, at: float
) -> TargetHealth:
    """The health of a target as AWS words it; of one that is not there too."""
    if target is None:
        return NOT_REGISTERED
    if target.draining:
        return DRAINING
    balancers = service.balancers_of(group.arn)
    if not balancers:
        return NOT_IN_USE
    zones = {zone for arn in balancers for zone in service.state.load_balancers[arn].zones}
    if target.zone != "all" and target.zone not in zones:
        return ZONE_NOT_ENABLED
    if (state := service.instance_state(target.id)) in STOPPED:
        return TargetHealth("unused", "Target.InvalidState", f"Target is in the {state} state")
    if not group.params["HealthCheckEnabled"]:
        return NOT_CHECKED
    if target.state == "initial":
        fresh = at - target.registered_at < service.config.registration
        return REGISTRATION if fresh else CHECKING
    return TargetHealth(target.state, target.reason, target.description)


def describe_target_health(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeTargetHealth: of all targets, or of some, be they registered or not."""
    group = service.state.group(params["TargetGroupArn"])
    wanted = params.get("Targets")
    if wanted is None:
        found = [(target.id, target.port, target) for target in group.targets.values()]
    else:
        found = [
            (each["Id"], _port(group, each), group.targets.get(_key(group, each)))
            for each in wanted
        ]
    include = params.get("Include", ())
    return {
        "TargetHealthDescriptions": [
            {
                **_describe(group, target_id, port, target),
                "TargetHealth": worded(health_of(service, group, target, turn.at)),
                **_extras(include),
            }
            for target_id, port, target in found
        ]
    }


def _describe(group: TargetGroup, target_id: str, port: int, target: Target | None) -> Params:
    described: Params = {"Id": target_id}
    if port:
        described["Port"] = port
    if target is not None and group.kind in ("ip", "lambda"):
        described["AvailabilityZone"] = target.zone
    own = group.params.get("HealthCheckPort", "traffic-port") == "traffic-port"
    check: Params = {}
    if port:
        check["HealthCheckPort"] = str(port) if own else group.params["HealthCheckPort"]
    return {"Target": described, **check}


def _extras(include: list[str] | tuple[str, ...]) -> Params:
    extras: Params = {}
    if "AnomalyDetection" in include or "All" in include:
        extras["AnomalyDetection"] = {"Result": "normal", "MitigationInEffect": "no"}
    return extras


def worded(health: TargetHealth) -> Params:
    """A target's health as AWS lists it: without reason where there is none."""
    members = {"State": health.state, "Reason": health.reason, "Description": health.description}
    return {name: value for name, value in members.items() if value}
