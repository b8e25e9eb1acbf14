"""Listeners: create, describe, change, delete, and their certificates, which are kept.

AWS: CreateListener, DescribeListeners, ModifyListener, DeleteListener, AddListenerCertificates,
DescribeListenerCertificates, RemoveListenerCertificates.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2 import actions, attributes, tags
from understudy.control.elbv2.faults import bad_configuration
from understudy.control.elbv2.pages import marked
from understudy.control.elbv2.state import DEFAULT, Listener, ListenerRule, LoadBalancer
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

SECURE = ("HTTPS", "TLS")
PROTOCOLS = {"application": ("HTTP", "HTTPS"), "network": ("TCP", "TLS", "UDP", "TCP_UDP")}
SSL_POLICY = "ELBSecurityPolicy-2016-08"
"""The security policy of a listener that names none. AWS: Security policies."""
MOST_CERTIFICATES = 25


def create_listener(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """CreateListener: with its default rule."""
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    protocol, port = _checked_identity(balancer, params)
    known = _at_port(service, balancer.arn, port)
    if known is not None:
        raise _taken(balancer)
    described = {"Protocol": protocol, "Port": port, **_secured(protocol, params)}
    default = actions.checked(service, balancer, protocol, params["DefaultActions"])
    tags.checked(params)
    arn = balancer.arn.replace(":loadbalancer/", ":listener/") + f"/{turn.ids.hex(16)}"
    listener = Listener(
        arn,
        balancer.arn,
        described,
        attributes=attributes.defaults(attributes.LISTENER[balancer.kind]),
    )
    service.state.listeners[arn] = listener
    rule = arn.replace(":listener/", ":listener-rule/") + f"/{turn.ids.hex(16)}"
    service.state.rules[rule] = ListenerRule(rule, arn, DEFAULT, [], default)
    tags.put(service, arn, params)
    service.touch(balancer.arn)
    service.watch_used(default, turn)
    return {"Listeners": [describe(service, listener)]}


def _checked_identity(balancer: LoadBalancer, params: Params) -> tuple[str, int]:
    if "Port" not in params:
        raise validation_error("A listener port must be specified")
    if "Protocol" not in params:
        raise validation_error("A listener protocol must be specified")
    protocol, allowed = params["Protocol"], PROTOCOLS[balancer.kind]
    if protocol not in allowed:
        raise validation_error(
            f"Listener protocol '{protocol}' must be one of '{', '.join(sorted(allowed))}'"
        )
    return protocol, params["Port"]


def _at_port(service: "ElasticLoadBalancing", balancer: str, port: int) -> Listener | None:
    return next(
        (each for each in service.state.listeners_of(balancer) if each.params["Port"] == port), None
    )


def _taken(balancer: LoadBalancer) -> Fault:
    return Fault(
        "DuplicateListener",
        f"A listener already exists on this port for this load balancer '{balancer.arn}'",
    )


def _secured(protocol: str, params: Params) -> Params:
    """Security policy and default certificate of a listener that has them. Raises Fault."""
    certificates: list[Params] = params.get("Certificates", [])
    if protocol not in SECURE:
        if certificates:
            raise validation_error(
                f"Certificates cannot be specified for listeners of protocol '{protocol}'"
            )
        return {}
    if len(certificates) != 1:
        raise validation_error("A certificate must be specified for HTTPS listeners")
    if params.get("MutualAuthentication", {}).get("Mode", "off") == "verify":
        raise bad_configuration("Trust stores are only recorded; mutual TLS cannot verify here")
    secured: Params = {
        "Certificates": [{"CertificateArn": certificates[0]["CertificateArn"]}],
        "SslPolicy": params.get("SslPolicy", SSL_POLICY),
    }
    for member in ("MutualAuthentication", "AlpnPolicy"):
        if member in params:
            secured[member] = params[member]
    return secured


def describe(service: "ElasticLoadBalancing", listener: Listener) -> Params:
    """A listener as AWS describes it."""
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer,
        **listener.params,
        "DefaultActions": service.state.rules_of(listener.arn)[-1].actions,
    }


def balancer_of(service: "ElasticLoadBalancing", listener: Listener) -> LoadBalancer:
    """The load balancer of a listener."""
    return service.state.load_balancers[listener.load_balancer]


def describe_listeners(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeListeners: of a load balancer, or of some ARNs."""
    del turn
    arns, balancer = params.get("ListenerArns"), params.get("LoadBalancerArn")
    if not arns and not balancer:
        raise validation_error("You must specify either listener ARNs or a load balancer ARN")
    if arns:
        return {"Listeners": [describe(service, service.state.listener(arn)) for arn in arns]}
    there = service.state.listeners_of(service.state.load_balancer(params["LoadBalancerArn"]).arn)
    shown, more = marked(there, params)
    return {"Listeners": [describe(service, each) for each in shown], **more}


def modify_listener(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyListener: change what the request names."""
    listener = service.state.listener(params["ListenerArn"])
    balancer = balancer_of(service, listener)
    wanted = {**listener.params, **params}
    protocol, port = _checked_identity(balancer, wanted)
    if port != listener.params["Port"] and _at_port(service, balancer.arn, port):
        raise _taken(balancer)
    if protocol not in SECURE and "Certificates" not in params:
        wanted.pop("Certificates", None)
    after = {"Protocol": protocol, "Port": port, **_secured(protocol, wanted)}
    rule = service.state.rules_of(listener.arn)[-1]
    default = actions.checked(
        service, balancer, protocol, params.get("DefaultActions", rule.actions)
    )
    listener.params, rule.actions = after, default
    service.touch(balancer.arn)
    service.watch_used(default, turn)
    return {"Listeners": [describe(service, listener)]}


def delete_listener(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DeleteListener: with its rules."""
    del turn
    listener = service.state.listener(params["ListenerArn"])
    service.state.forget_listener(listener)
    service.touch(listener.load_balancer)
    return {}


def add_certificates(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """AddListenerCertificates: those that are there already are not added again."""
    del turn
    listener = _secure(service, params)
    arns = [each["CertificateArn"] for each in params["Certificates"]]
    after = list(dict.fromkeys([*listener.certificates, *arns]))
    if len(after) > MOST_CERTIFICATES:
        raise Fault(
            "TooManyCertificates",
            f"The maximum number of certificates per load balancer is {MOST_CERTIFICATES}",
        )
    listener.certificates = after
    return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in arns]}


def _secure(service: "ElasticLoadBalancing", params: Params) -> Listener:
    listener = service.state.listener(params["ListenerArn"])
    if listener.params["Protocol"] not in SECURE:
        raise Fault(
            "UnsupportedProtocol",
            "The listener's protocol must be HTTPS or TLS to have certificates",
        )
    return listener


def describe_certificates(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeListenerCertificates: the default one, then the others."""
    del turn
    listener = service.state.listener(params["ListenerArn"])
    own = [
        {"CertificateArn": each["CertificateArn"], "IsDefault": True}
        for each in listener.params.get("Certificates", [])
    ]
    others = [{"CertificateArn": arn, "IsDefault": False} for arn in listener.certificates]
    shown, more = marked([*own, *others], params)
    return {"Certificates": shown, **more}


def remove_certificates(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """RemoveListenerCertificates: from the list, never the default one."""
    del turn
    listener = _secure(service, params)
    gone = {each["CertificateArn"] for each in params["Certificates"]}
    listener.certificates = [arn for arn in listener.certificates if arn not in gone]
    return {}


def describe_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeListenerAttributes."""
    del turn
    return {
        "Attributes": attributes.pairs(service.state.listener(params["ListenerArn"]).attributes)
    }


def modify_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyListenerAttributes: change those that the request names."""
    del turn
    listener = service.state.listener(params["ListenerArn"])
    table = attributes.LISTENER[balancer_of(service, listener).kind]
    listener.attributes = attributes.changed(table, listener.attributes, params["Attributes"])
    service.touch(listener.load_balancer)
    return {"Attributes": attributes.pairs(listener.attributes)}
