"""What ECS refuses, in its words. AWS: Amazon ECS API Reference, Common errors."""

from understudy.base.fault import Fault


def client_error(message: str) -> Fault:
    """ClientException."""
    return Fault("ClientException", message)


def bad_parameter(message: str) -> Fault:
    """InvalidParameterException."""
    return Fault("InvalidParameterException", message)


def no_cluster() -> Fault:
    """ClusterNotFoundException."""
    return Fault("ClusterNotFoundException", "Cluster not found.")


def no_service() -> Fault:
    """ServiceNotFoundException."""
    return Fault("ServiceNotFoundException", "Service not found.")
