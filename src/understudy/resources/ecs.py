"""AWS::ECS: Cluster, TaskDefinition, Service, CapacityProvider, and their associations."""

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
    Steps,
)
from understudy.resources.camel import camel
from understudy.resources.tags import tag_list, without

SERVICE = "ecs"
NAME_LIMIT = 255
LOOK_SECONDS = 2.0
LONGEST = 3 * 3600.0
"""Seconds until CloudFormation gives up on a service that does not become steady. AWS: AWS::ECS
service deployments time out after three hours."""
BROKEN = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."
MISSING = (
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "ServiceNotActiveException",
    "TaskSetNotFoundException",
    "ClientException",
)


def tags_of(request: Request) -> list[Params]:
    """The tags of a resource as ECS writes them."""
    return camel(tag_list(request))


def retagged(request: Request, arn: str) -> Steps[None]:
    """Give a resource the tags that it has now."""
    wanted = tags_of(request)
    names = {each["key"] for each in wanted}
    before: list[Params] = request.previous.get("Tags", [])
    gone = [each["Key"] for each in before if each["Key"] not in names]
    if gone:
        yield Invoke(SERVICE, "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if wanted:
        yield Invoke(SERVICE, "TagResource", {"resourceArn": arn, "tags": wanted})


def gone(operation: str, params: Params) -> Steps[None]:
    """Delete something; what is gone already counts as deleted."""
    try:
        yield Invoke(SERVICE, operation, params)
    except Fault as fault:
        if fault.code not in MISSING:
            raise


def _cluster_settings(request: Request) -> Params:
    params: Params = camel(without(request.properties, "ClusterName", "ClusterSettings", "Tags"))
    if "ClusterSettings" in request.properties:
        params["settings"] = camel(request.properties["ClusterSettings"])
    return params


def create_cluster(request: Request) -> Handler:
    """Create a cluster."""
    name = request.properties.get("ClusterName") or request.name(NAME_LIMIT)
    params = {**_cluster_settings(request), "clusterName": name, "tags": tags_of(request)}
    answer = yield Invoke(SERVICE, "CreateCluster", params)
    return Done(name, {"Arn": answer["cluster"]["clusterArn"]})


def update_cluster(request: Request) -> Handler:
    """Change a cluster's settings, capacity providers and tags."""
    name = {"cluster": request.physical_id}
    params = _cluster_settings(request)
    strategy = params.pop("defaultCapacityProviderStrategy", [])
    providers = params.pop("capacityProviders", [])
    answer = yield Invoke(SERVICE, "UpdateCluster", {**name, **params})
    members = ("CapacityProviders", "DefaultCapacityProviderStrategy")
    if any(request.properties.get(m) != request.previous.get(m) for m in members):
        given = {"capacityProviders": providers, "defaultCapacityProviderStrategy": strategy}
        yield Invoke(SERVICE, "PutClusterCapacityProviders", {**name, **given})
    arn = answer["cluster"]["clusterArn"]
    yield from retagged(request, arn)
    return Done(request.physical_id, {"Arn": arn})


def read_cluster(request: Request) -> Handler:
    """A cluster as it is."""
    answer = yield Invoke(SERVICE, "DescribeClusters", {"clusters": [request.physical_id]})
    found = next((each for each in answer["clusters"] if each["status"] == "ACTIVE"), None)
    if found is None:
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    properties = {
        **request.properties,
        "ClusterName": found["clusterName"],
        "CapacityProviders": found["capacityProviders"],
    }
    return Done(request.physical_id, {"Arn": found["clusterArn"]}, properties)


def delete_cluster(request: Request) -> Handler:
    """Delete a cluster."""
    yield from gone("DeleteCluster", {"cluster": request.physical_id})
    return Done(request.physical_id)


def create_definition(request: Request) -> Handler:
    """Register a revision of a task definition."""
    params: Params = camel(without(request.properties, "Tags"))
    params.setdefault("family", request.name(NAME_LIMIT))
    params.setdefault("containerDefinitions", [])
    answer = yield Invoke(SERVICE, "RegisterTaskDefinition", {**params, "tags": tags_of(request)})
    arn = answer["taskDefinition"]["taskDefinitionArn"]
    return Done(arn, {"TaskDefinitionArn": arn})


def update_definition(request: Request) -> Handler:
    """Change a task definition's tags; everything else makes a new revision."""
    yield from retagged(request, request.physical_id)
    return Done(request.physical_id, {"TaskDefinitionArn": request.physical_id})


def read_definition(request: Request) -> Handler:
    """A task definition as it is."""
    name = {"taskDefinition": request.physical_id}
    answer = yield Invoke(SERVICE, "DescribeTaskDefinition", name)
    found = answer["taskDefinition"]
    if found["status"] != "ACTIVE":
        raise Fault("ClientException", "Unable to describe task definition.")
    live = {"Family": found["family"], "NetworkMode": found["networkMode"]}
    properties = request.properties | live
    return Done(request.physical_id, {"TaskDefinitionArn": request.physical_id}, properties)


def delete_definition(request: Request) -> Handler:
    """Deregister a task definition; what runs of it goes on."""
    yield from gone("DeregisterTaskDefinition", {"taskDefinition": request.physical_id})
    return Done(request.physical_id)


def create_service(request: Request) -> Handler:
    """Create a service and wait until it is steady."""
    params: Params = camel(without(request.properties, "Tags"))
    params.setdefault("serviceName", request.name(NAME_LIMIT))
    if params.get("schedulingStrategy") != "DAEMON":
        params.setdefault("desiredCount", 1)
    answer = yield Invoke(SERVICE, "CreateService", {**params, "tags": tags_of(request)})
    arn: str = answer["service"]["serviceArn"]
    attributes = {"ServiceArn": arn, "Name": answer["service"]["serviceName"]}
    yield Identify(arn, attributes)
    yield from _steady(request, arn, answer["service"])
    return Done(arn, attributes)


def _key(arn: str) -> Params:
    """The cluster and name of a service by its ARN."""
    _, cluster, name = arn.rsplit("/", 2)
    return {"cluster": cluster, "service": name}


def _described(arn: str) -> Steps[Params]:
    key = _key(arn)
    names = {"cluster": key["cluster"], "services": [key["service"]]}
    answer = yield Invoke(SERVICE, "DescribeServices", names)
    if not answer["services"]:
        raise Fault("ServiceNotFoundException", "Service not found.")
    return answer["services"][0]


def _steady(request: Request, arn: str, begun: Params) -> Steps[None]:
    """Wait until the deployment that has begun is complete. Raises HandlerFailure.

    Task sets are waited for by themselves.
    """
    if begun["deploymentController"]["type"] == "EXTERNAL":
        return
    wanted: str = begun["deployments"][0]["id"]
    waited = 0.0
    while True:
        found = yield from _described(arn)
        mine = next((d for d in found["deployments"] if d["id"] == wanted), None)
        if mine is None or mine["rolloutState"] == "FAILED":
            raise HandlerFailure(BROKEN)
        alone = len(found["deployments"]) == 1
        enough = found["runningCount"] == found["desiredCount"]
        if mine["rolloutState"] == "COMPLETED" and alone and enough:
            return
        if waited >= LONGEST:
            name = f"Service {request.logical_id}"
            raise HandlerFailure(f"{name} did not stabilize.", "NotStabilized")
        yield Stabilize(LOOK_SECONDS)
        waited += LOOK_SECONDS


_CREATE_ONLY = ("cluster", "serviceName", "launchType", "role", "schedulingStrategy")


def update_service(request: Request) -> Handler:
    """Change a service and wait until it is steady. A desired count in the template is set back.

    AWS: AWS::ECS::Service, DesiredCount: leave it out so that scaling keeps its own.
    """
    arn = request.physical_id
    params: Params = camel(without(request.properties, "Tags", "ForceNewDeployment"))
    for name in _CREATE_ONLY:
        params.pop(name, None)
    forced = request.properties.get("ForceNewDeployment", {})
    before = request.previous.get("ForceNewDeployment", {})
    if forced.get("EnableForceNewDeployment") and forced != before:
        params["forceNewDeployment"] = True
    answer = yield Invoke(SERVICE, "UpdateService", {**params, **_key(arn)})
    yield from retagged(request, arn)
    yield from _steady(request, arn, answer["service"])
    return Done(arn, {"ServiceArn": arn, "Name": last_name(arn)})


def read_service(request: Request) -> Handler:
    """A service as it is."""
    found = yield from _described(request.physical_id)
    if found["status"] != "ACTIVE":
        raise Fault("ServiceNotFoundException", "Service not found.")
    properties = {
        **request.properties,
        "ServiceName": found["serviceName"],
        "DesiredCount": found["desiredCount"],
    }
    if "taskDefinition" in found:
        properties["TaskDefinition"] = found["taskDefinition"]
    attributes = {"ServiceArn": found["serviceArn"], "Name": found["serviceName"]}
    return Done(request.physical_id, attributes, properties)


def delete_service(request: Request) -> Handler:
    """Delete a service and wait until its tasks are gone."""
    arn = request.physical_id
    yield from gone("DeleteService", {**_key(arn), "force": True})
    while True:
        try:
            found = yield from _described(arn)
        except Fault as fault:
            if fault.code not in MISSING:
                raise
            return Done(arn)
        if found["status"] == "INACTIVE":
            return Done(arn)
        yield Stabilize(LOOK_SECONDS)


def create_provider(request: Request) -> Handler:
    """Create a capacity provider."""
    name = request.properties.get("Name") or request.name(NAME_LIMIT)
    params: Params = camel(without(request.properties, "Name", "Tags"))
    yield Invoke(
        SERVICE, "CreateCapacityProvider", {**params, "name": name, "tags": tags_of(request)}
    )
    return Done(name)


def update_provider(request: Request) -> Handler:
    """Change the settings of a capacity provider."""
    settings: Params = camel(request.properties.get("AutoScalingGroupProvider", {}))
    settings.pop("autoScalingGroupArn", None)
    params = {"name": request.physical_id, "autoScalingGroupProvider": settings}
    answer = yield Invoke(SERVICE, "UpdateCapacityProvider", params)
    yield from retagged(request, answer["capacityProvider"]["capacityProviderArn"])
    return Done(request.physical_id)


def read_provider(request: Request) -> Handler:
    """A capacity provider as it is."""
    names = {"capacityProviders": [request.physical_id]}
    answer = yield Invoke(SERVICE, "DescribeCapacityProviders", names)
    if not answer["capacityProviders"]:
        raise Fault("ClientException", "The specified capacity provider does not exist.")
    return Done(request.physical_id, {}, {**request.properties, "Name": request.physical_id})


def delete_provider(request: Request) -> Handler:
    """Delete a capacity provider."""
    yield from gone("DeleteCapacityProvider", {"capacityProvider": request.physical_id})
    return Done(request.physical_id)


def associate(request: Request) -> Handler:
    """Give a cluster its capacity providers and default strategy."""
    params: Params = camel(request.properties)
    params.setdefault("defaultCapacityProviderStrategy", [])
    yield Invoke(SERVICE, "PutClusterCapacityProviders", params)
    return Done(request.properties["Cluster"])


def dissociate(request: Request) -> Handler:
    """Take a cluster's capacity providers away."""
    none: list[Params] = []
    params = {
        "cluster": request.physical_id,
        "capacityProviders": none,
        "defaultCapacityProviderStrategy": none,
    }
    yield from gone("PutClusterCapacityProviders", params)
    return Done(request.physical_id)


CONTAINERS = (
    ResourceType(
        "AWS::ECS::Cluster", "runs", create_cluster, delete_cluster, update_cluster, read_cluster
    ),
    ResourceType(
        "AWS::ECS::TaskDefinition",
        "runs",
        create_definition,
        delete_definition,
        update_definition,
        read_definition,
    ),
    ResourceType(
        "AWS::ECS::Service",
        "runs",
        create_service,
        delete_service,
        update_service,
        read_service,
    ),
    ResourceType(
        "AWS::ECS::CapacityProvider",
        "runs",
        create_provider,
        delete_provider,
        update_provider,
        read_provider,
    ),
    ResourceType(
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "runs",
        associate,
        dissociate,
        associate,
    ),
)
