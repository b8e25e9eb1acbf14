"""The attributes of load balancers, target groups and listeners: defaults, and what is allowed.

AWS: LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2.faults import bad_configuration
from understudy.control.events import Params

SWITCH = ("true", "false")
DAY, WEEK = 86_400, 604_800


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its default, and the words or the range that it takes.

    Without either it takes any text. ``words`` may stand beside a range: ``off``, or 1 to 100.
    """

    default: str
    words: tuple[str, ...] = ()
    low: int | None = None
    high: int = 0

    def check(self, key: str, value: str) -> None:
        """Raises Fault (ValidationError) where a value is not allowed."""
        if value in self.words or (self.low is None and not self.words):
            return
        if self.low is None:
            choices = ", ".join(self.words)
            raise validation_error(f"'{key}' value '{value}' must be one of [{choices}]")
        if not value.isdecimal() or not self.low <= int(value) <= self.high:
            raise validation_error(
                f"'{key}' value '{value}' must be between '{self.low}-{self.high}' inclusive"
            )


Table = Mapping[str, Attribute]

_SWITCHED_OFF = Attribute("false", SWITCH)
_SWITCHED_ON = Attribute("true", SWITCH)
_TEXT = Attribute("")


def _logs(kind: str) -> dict[str, Attribute]:
    return {
        f"{kind}.s3.enabled": _SWITCHED_OFF,
        f"{kind}.s3.bucket": _TEXT,
        f"{kind}.s3.prefix": _TEXT,
    }


_LOAD_BALANCER: Table = {
    **_logs("access_logs"),
    "deletion_protection.enabled": _SWITCHED_OFF,
    "ipv6.deny_all_igw_traffic": _SWITCHED_OFF,
    "zonal_shift.config.enabled": _SWITCHED_OFF,
}
LOAD_BALANCER: Mapping[str, Table] = {
    "application": {
        **_LOAD_BALANCER,
        **_logs("connection_logs"),
        **_logs("health_check_logs"),
        "client_keep_alive.seconds": Attribute("3600", low=60, high=WEEK),
        "idle_timeout.timeout_seconds": Attribute("60", low=1, high=4000),
        "load_balancing.cross_zone.enabled": Attribute("true", ("true",)),
        "routing.http.desync_mitigation_mode": Attribute(
            "defensive", ("monitor", "defensive", "strictest")
        ),
        "routing.http.drop_invalid_header_fields.enabled": _SWITCHED_OFF,
        "routing.http.preserve_host_header.enabled": _SWITCHED_OFF,
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _SWITCHED_OFF,
        "routing.http.xff_client_port.enabled": _SWITCHED_OFF,
        "routing.http.xff_header_processing.mode": Attribute(
            "append", ("append", "preserve", "remove")
        ),
        "routing.http2.enabled": _SWITCHED_ON,
        "waf.fail_open.enabled": _SWITCHED_OFF,
    },
    "network": {
        **_LOAD_BALANCER,
        "dns_record.client_routing_policy": Attribute(
            "any_availability_zone",
            (
                "any_availability_zone",
                "availability_zone_affinity",
                "partial_availability_zone_affinity",
            ),
        ),
        "load_balancing.cross_zone.enabled": _SWITCHED_OFF,
        "secondary_ips.auto_assigned.per_subnet": Attribute("0", low=0, high=7),
    },
}
"""The attributes of a load balancer by its type."""

_PERCENT = Attribute("off", ("off",), low=1, high=100)
_DELAY = Attribute("300", low=0, high=3600)
_GROUP: Table = {
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", ("use_load_balancer_configuration", *SWITCH)
    ),
    "stickiness.enabled": _SWITCHED_OFF,
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute(
        "1", ("off",), low=1, high=1000
    ),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": _PERCENT,
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(
        "1", low=1, high=1000
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": _PERCENT,
}
_COOKIES: Table = {
    "stickiness.app_cookie.cookie_name": _TEXT,
    "stickiness.app_cookie.duration_seconds": Attribute(str(DAY), low=1, high=WEEK),
    "stickiness.lb_cookie.duration_seconds": Attribute(str(DAY), low=1, high=WEEK),
    "stickiness.type": Attribute("lb_cookie", ("lb_cookie", "app_cookie")),
}
_APPLICATION: Table = {
    **_GROUP,
    **_COOKIES,
    "deregistration_delay.timeout_seconds": _DELAY,
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", ("on", "off")),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", ("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "slow_start.duration_seconds": Attribute("0", ("0",), low=30, high=900),
}
_LAMBDA: Table = {**_GROUP, **_COOKIES, "lambda.multi_value_headers.enabled": _SWITCHED_OFF}
_DRAINING = "target_health_state.unhealthy.draining_interval_seconds"
_TERMINATION = "target_health_state.unhealthy.connection_termination.enabled"
_NETWORK: Table = {
    **_GROUP,
    "deregistration_delay.connection_termination.enabled": _SWITCHED_OFF,
    "deregistration_delay.timeout_seconds": _DELAY,
    "proxy_protocol_v2.enabled": _SWITCHED_OFF,
    "stickiness.type": Attribute("source_ip", ("source_ip",)),
    _TERMINATION: _SWITCHED_ON,
    _DRAINING: Attribute("0", low=0, high=360_000),
}


def of_group(kind: str, protocol: str) -> Table:
    """The attributes of a target group of a target type and a protocol ("" for Lambda)."""
    if kind == "lambda":
        return _LAMBDA
    if protocol in ("HTTP", "HTTPS"):
        return _APPLICATION
    kept = kind == "ip" and protocol in ("TCP", "TLS")
    preserve = _SWITCHED_OFF if kept else _SWITCHED_ON
    return {**_NETWORK, "preserve_client_ip.enabled": preserve}


_REQUEST, _RESPONSE = "routing.http.request.", "routing.http.response."
_RENAMED = (
    "x_amzn_mtls_clientcert", "x_amzn_mtls_clientcert_issuer", "x_amzn_mtls_clientcert_leaf",
    "x_amzn_mtls_clientcert_serial_number", "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity", "x_amzn_tls_cipher_suite", "x_amzn_tls_version",
)  # fmt: skip
_ADDED = (
    "access_control_allow_credentials", "access_control_allow_headers",
    "access_control_allow_methods", "access_control_allow_origin",
    "access_control_expose_headers", "access_control_max_age", "content_security_policy",
    "strict_transport_security", "x_content_type_options", "x_frame_options",
)  # fmt: skip
LISTENER: Mapping[str, Table] = {
    "application": {
        **{f"{_REQUEST}{each}.header_name": _TEXT for each in _RENAMED},
        **{f"{_RESPONSE}{each}.header_value": _TEXT for each in _ADDED},
        f"{_RESPONSE}server.enabled": _SWITCHED_ON,
    },
    "network": {"tcp.idle_timeout.seconds": Attribute("350", low=60, high=6000)},
}
"""The attributes of a listener by the type of its load balancer."""


def defaults(table: Table) -> dict[str, str]:
    """Every attribute at its default, in alphabetical order."""
    return {key: table[key].default for key in sorted(table)}


def changed(table: Table, now: Mapping[str, str], wishes: Iterable[Params]) -> dict[str, str]:
    """The attributes after a request to change some. Raises Fault where one is not allowed."""
    after = dict(now)
    for wish in wishes:
        key, value = wish["Key"], wish.get("Value", "")
        if key not in table:
            raise validation_error(f"Attribute '{key}' is not recognized")
        table[key].check(key, value)
        after[key] = value
    fault = _at_odds(after)
    if fault is not None:
        raise fault
    return after


def _at_odds(values: Mapping[str, str]) -> Fault | None:
    """What is wrong with attributes that are each allowed. AWS: TargetGroupAttribute."""
    algorithm = values.get("load_balancing.algorithm.type", "round_robin")
    slow = values.get("slow_start.duration_seconds", "0") != "0"
    if slow and algorithm != "round_robin":
        return bad_configuration(
            f"Slow start mode cannot be enabled when the load balancing algorithm is {algorithm}"
        )
    mitigates = values.get("load_balancing.algorithm.anomaly_mitigation") == "on"
    if mitigates and algorithm != "weighted_random":
        return bad_configuration(
            "Anomaly mitigation is only available when the load balancing algorithm is "
            "weighted_random"
        )
    if values.get(_DRAINING, "0") != "0" and values.get(_TERMINATION) == "true":
        return bad_configuration(
            f"'{_DRAINING}' can only be configured when '{_TERMINATION}' is false"
        )
    return _logs_at_odds(values) or _cookie_at_odds(values) or _thresholds_at_odds(values)


def _logs_at_odds(values: Mapping[str, str]) -> Fault | None:
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        if values.get(f"{kind}.s3.enabled") == "true" and not values.get(f"{kind}.s3.bucket"):
            return bad_configuration(
                f"'{kind}.s3.bucket' must be specified when '{kind}.s3.enabled' is true"
            )
    return None


def _cookie_at_odds(values: Mapping[str, str]) -> Fault | None:
    name = values.get("stickiness.app_cookie.cookie_name", "")
    if name.startswith("AWSALB"):
        return bad_configuration(
            f"Application-based cookie name '{name}' is not valid: names that begin with AWSALB "
            "are reserved"
        )
    wanted = values.get("stickiness.enabled") == "true"
    if wanted and values.get("stickiness.type") == "app_cookie" and not name:
        return bad_configuration(
            "You must specify a cookie name when the stickiness type is app_cookie"
        )
    return None


def _thresholds_at_odds(values: Mapping[str, str]) -> Fault | None:
    """DNS failover must come with or before routing failover. AWS: Target group health."""
    for unit in ("count", "percentage"):
        dns, routing = (
            _number(values.get(f"target_group_health.{action}.minimum_healthy_targets.{unit}"))
            for action in ("dns_failover", "unhealthy_state_routing")
        )
        if dns and routing > dns:
            return bad_configuration(
                "The threshold for DNS failover must be greater than or equal to the threshold "
                "for routing failover"
            )
    return None


def _number(value: str | None) -> int:
    """A threshold, 0 where it is off."""
    return int(value) if value and value.isdecimal() else 0


def pairs(attributes: Mapping[str, str]) -> list[Params]:
    """Attributes as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in attributes.items()]
