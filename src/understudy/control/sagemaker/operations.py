"""The operations of endpoints, and the table of everything that SageMaker hosting offers."""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from understudy.base.fault import Fault, validation_exception
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.sagemaker import endpoint as endpoints
from understudy.control.sagemaker import fleet as fleets
from understudy.control.sagemaker import records, rollout
from understudy.control.sagemaker.serverless import at_work, check_provisioned, least, of_config
from understudy.control.sagemaker.service import SageMaker
from understudy.control.sagemaker.state import Endpoint, Fleet, Update, Variant
from understudy.control.turn import Turn


def create_endpoint(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Create an endpoint and start to launch its instances. It is in service later."""
    name = params["EndpointName"]
    arn = turn.arn("sagemaker", f"endpoint/{name}")
    if name in service.state.endpoints:
        raise validation_exception(f'Cannot create already existing endpoint "{arn}".')
    endpoint = Endpoint(name, arn, created_at=turn.at, modified_at=turn.at)
    fleet = _fleet(service, endpoint, params["EndpointConfigName"], turn)
    _require(service, fleet.variants.values())
    endpoint.fleets[1] = fleet
    service.state.endpoints[name] = endpoint
    endpoint.last_deployment = params.get("DeploymentConfig", {})
    records.tag(service, arn, params)
    endpoints.settle(service.state, endpoint, turn)
    return {"EndpointArn": arn}


def _require(service: SageMaker, variants: Iterable[Variant]) -> None:
    """Refuse a new fleet beyond the account's quotas: it runs beside the old one. Raises Fault."""
    more: dict[str, int] = {}
    for variant in variants:
        if variant.serverless:
            continue
        more[variant.instance_type] = more.get(variant.instance_type, 0) + variant.desired
    for kind, count in more.items():
        service.require(kind, count)


def _fleet(service: SageMaker, endpoint: Endpoint, config_name: str, turn: Turn) -> Fleet:
    """A new fleet from an endpoint configuration. Refuses what cannot run here, in the open."""
    config = records.find_config(service, config_name, turn)
    variants: dict[str, Variant] = {}
    for each in config.params["ProductionVariants"]:
        serverless = of_config(each)
        if serverless is None and "InstanceType" not in each:
            raise validation_exception(
                "Understudy runs variants on instances, or serverless; "
                f"{each['VariantName']} names no InstanceType."
            )
        model = records.find_model(service, each["ModelName"], turn)
        if len(model.params.get("Containers", [])) > 1:
            raise validation_exception(
                f"Understudy runs models of one container; {model.name} is a pipeline of several."
            )
        variant = variants[each["VariantName"]] = Variant(
            name=each["VariantName"],
            model_name=each["ModelName"],
            instance_type=each.get("InstanceType", ""),
            desired=each.get("InitialInstanceCount", 1),
            weight=each.get("InitialVariantWeight", 1.0),
            config={"InitialInstanceCount": 1, **each},
            serverless=serverless,
        )
        if serverless is not None:
            variant.desired = least(variant)
            at_work(variant, 1, turn.at)
    number = endpoint.next_fleet
    endpoint.next_fleet += 1
    return Fleet(number, config_name, variants, config.params.get("AsyncInferenceConfig", {}))


def update_endpoint(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Deploy another endpoint configuration beside the present one, then move over to it."""
    endpoint = find(service, params["EndpointName"], turn)
    _check_idle(endpoint, "InService")
    green = _fleet(service, endpoint, params["EndpointConfigName"], turn)
    blue = endpoint.fleets[endpoint.live]
    _check_registered(service, endpoint, blue, green)
    _retain(params, blue, green)
    _require(service, green.variants.values())
    config = params.get("DeploymentConfig", {})
    if not config and params.get("RetainDeploymentConfig"):
        config = endpoint.last_deployment
    count = sum(variant.desired for variant in green.variants.values())
    update = Update(
        number=green.number,
        green=green.number,
        params={**params, "DeploymentConfig": config},
        started_at=turn.at,
        steps=rollout.steps(config, count),
        counts={name: variant.desired for name, variant in blue.variants.items()},
    )
    endpoints.begin_update(endpoint, update, green, turn)
    endpoints.settle(service.state, endpoint, turn)
    return {"EndpointArn": endpoint.arn}


def _check_registered(service: SageMaker, endpoint: Endpoint, blue: Fleet, green: Fleet) -> None:
    """A variant under Application Auto Scaling may neither go nor change its instance type."""
    for name, variant in blue.variants.items():
        after = green.variants.get(name)
        changed = after is None or after.instance_type != variant.instance_type
        resource = endpoints.resource_id(endpoint.name, name)
        if changed and service.is_registered(resource):
            raise validation_exception(
                f'The variant(s) "{name}" must be deregistered as scalable targets with AutoScaling'
                " before they can be removed or have their instance type updated."
            )


def _retain(params: Params, blue: Fleet, green: Fleet) -> None:
    """Carry the present counts and weights over, as RetainAllVariantProperties asks."""
    if not params.get("RetainAllVariantProperties"):
        return
    excluded = {
        each["VariantPropertyType"] for each in params.get("ExcludeRetainedVariantProperties", [])
    }
    for name, variant in green.variants.items():
        before = blue.variants.get(name)
        if before is None:
            continue
        if "DesiredInstanceCount" not in excluded and not variant.serverless:
            variant.desired = before.desired
            variant.config = {**variant.config, "InitialInstanceCount": before.desired}
        if "DesiredWeight" not in excluded:
            variant.weight = before.weight


def update_weights_and_capacities(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Change the weight or the instance count of variants that serve."""
    endpoint = find(service, params["EndpointName"], turn)
    _check_idle(endpoint, "InService")
    variants = endpoint.fleets[endpoint.live].variants
    wishes: list[Params] = params["DesiredWeightsAndCapacities"]
    for wish in wishes:
        if wish["VariantName"] not in variants:
            raise validation_exception(
                f'The variant name(s) "{wish["VariantName"]}" is/are not present within endpoint'
                f' configuration "{endpoint.fleets[endpoint.live].config_name}".'
            )
    for wish in wishes:
        variant = variants[wish["VariantName"]]
        _check_wish(variant, wish)
        more = wish.get("DesiredInstanceCount", variant.desired) - variant.desired
        service.require(variant.instance_type, more)
    for wish in wishes:
        variant = variants[wish["VariantName"]]
        variant.weight = wish.get("DesiredWeight", variant.weight)
        if variant.serverless:
            _update_serverless(endpoint, variant, wish.get("ServerlessUpdateConfig", {}), turn)
            continue
        count = wish.get("DesiredInstanceCount", variant.desired)
        endpoints.set_capacity(endpoint, variant, count, turn)
    endpoints.settle(service.state, endpoint, turn)
    return {"EndpointArn": endpoint.arn}


def _check_wish(variant: Variant, wish: Params) -> None:
    """Refuse instances of a serverless variant, and concurrency of one on instances."""
    refused = "DesiredInstanceCount" if variant.serverless else "ServerlessUpdateConfig"
    if refused in wish:
        kind = "serverless" if variant.serverless else "instance-based"
        raise validation_exception(f"{refused} can not be set for {kind} variant {variant.name}.")
    if variant.serverless:
        told = wish.get("ServerlessUpdateConfig", {})
        changed = replace(
            variant.serverless, maximum=told.get("MaxConcurrency", variant.serverless.maximum)
        )
        check_provisioned(changed, told.get("ProvisionedConcurrency", changed.provisioned))


def _update_serverless(endpoint: Endpoint, variant: Variant, told: Params, turn: Turn) -> None:
    """AWS: ProductionVariantServerlessUpdateConfig."""
    now = variant.serverless
    assert now is not None
    variant.serverless = replace(now, maximum=told.get("MaxConcurrency", now.maximum))
    count = told.get("ProvisionedConcurrency", now.provisioned)
    endpoints.set_provisioned(endpoint, variant, count, turn)


def delete_endpoint(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Take an endpoint out of service."""
    endpoint = find(service, params["EndpointName"], turn)
    if endpoint.status == "Deleting":
        return {}
    _check_idle(endpoint, "InService", "Failed")
    service.state.tags.pop(endpoint.arn, None)
    endpoints.delete(service.state, endpoint, turn)
    return {}


def _check_idle(endpoint: Endpoint, *idle: str) -> None:
    """Refuse what cannot be done now. SageMaker speaks of updates, of deletions too."""
    if endpoint.status not in idle:
        raise validation_exception(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def find(service: SageMaker, name: str, turn: Turn) -> Endpoint:
    """An endpoint by name. Raises ValidationException where there is none."""
    if name not in service.state.endpoints:
        arn = turn.arn("sagemaker", f"endpoint/{name}")
        raise validation_exception(f'Could not find endpoint "{arn}".')
    return service.state.endpoints[name]


def describe_endpoint(service: SageMaker, params: Params, turn: Turn) -> Params:
    """An endpoint with its variants, counts and weights."""
    endpoint = find(service, params["EndpointName"], turn)
    live = endpoint.fleets[endpoint.live]
    output: Params = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": live.config_name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created_at,
        "LastModifiedTime": endpoint.modified_at,
    }
    if endpoint.status not in ("Creating", "Failed"):
        output["ProductionVariants"] = _variants(service, endpoint, live)
    if live.asynchronous:
        output["AsyncInferenceConfig"] = live.asynchronous
    if endpoint.failure_reason:
        output["FailureReason"] = endpoint.failure_reason
    if endpoint.last_deployment:
        output["LastDeploymentConfig"] = endpoint.last_deployment
    if endpoint.update is not None:
        green = endpoint.fleets[endpoint.update.green]
        output["PendingDeploymentSummary"] = {
            "EndpointConfigName": green.config_name,
            "ProductionVariants": _variants(service, endpoint, green),
            "StartTime": endpoint.update.started_at,
        }
    return output


def _variants(service: SageMaker, endpoint: Endpoint, fleet: Fleet) -> list[Params]:
    described: list[Params] = []
    for variant in fleet.variants.values():
        present = fleets.members(service.state, endpoint.name, fleet.number, variant.name)
        image = fleets.container(service.state, variant).image
        described.append(
            {
                "VariantName": variant.name,
                **_capacity(variant, len(fleets.in_service(present))),
                "CurrentWeight": variant.weight,
                "DesiredWeight": variant.weight,
                "DeployedImages": [
                    {
                        "SpecifiedImage": image,
                        "ResolvedImage": image,
                        "ResolutionTime": endpoint.created_at,
                    }
                ],
            }
        )
    return described


def _capacity(variant: Variant, serving: int) -> Params:
    """What a description says of a variant's size."""
    if variant.serverless is None:
        return {"CurrentInstanceCount": serving, "DesiredInstanceCount": variant.desired}
    wished = variant.serverless
    config = {"MemorySizeInMB": wished.memory, "MaxConcurrency": wished.maximum}

    def with_provisioned(count: int) -> Params:
        return {**config, "ProvisionedConcurrency": count} if count else config

    return {
        "CurrentInstanceCount": 0,
        "CurrentServerlessConfig": with_provisioned(min(serving, wished.provisioned)),
        "DesiredServerlessConfig": with_provisioned(wished.provisioned),
    }


def list_endpoints(service: SageMaker, params: Params, turn: Turn) -> Params:
    """The endpoints, newest first unless asked otherwise."""
    chosen = [
        endpoint
        for endpoint in service.state.endpoints.values()
        if params.get("NameContains", "") in endpoint.name
        and params.get("StatusEquals", endpoint.status) == endpoint.status
    ]
    keys: Mapping[str, Callable[[Endpoint], tuple[object, ...]]] = {
        "Name": lambda endpoint: (endpoint.name,),
        "Status": lambda endpoint: (endpoint.status, endpoint.name),
        "CreationTime": lambda endpoint: (endpoint.created_at, endpoint.name),
    }
    chosen.sort(
        key=keys[params.get("SortBy", "CreationTime")],
        reverse=params.get("SortOrder", "Descending") == "Descending",
    )
    refused = Fault("ValidationException", "Invalid pagination token.")
    shown, token = page(chosen, params.get("NextToken"), params.get("MaxResults", 10), refused)
    summaries = [
        {
            "EndpointName": each.name,
            "EndpointArn": each.arn,
            "CreationTime": each.created_at,
            "LastModifiedTime": each.modified_at,
            "EndpointStatus": each.status,
        }
        for each in shown
    ]
    return {"Endpoints": summaries, "NextToken": token}


Operation = Callable[[SageMaker, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateModel": records.create_model,
    "DescribeModel": records.describe_model,
    "ListModels": records.list_models,
    "DeleteModel": records.delete_model,
    "CreateEndpointConfig": records.create_endpoint_config,
    "DescribeEndpointConfig": records.describe_endpoint_config,
    "ListEndpointConfigs": records.list_endpoint_configs,
    "DeleteEndpointConfig": records.delete_endpoint_config,
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": describe_endpoint,
    "ListEndpoints": list_endpoints,
    "UpdateEndpoint": update_endpoint,
    "UpdateEndpointWeightsAndCapacities": update_weights_and_capacities,
    "DeleteEndpoint": delete_endpoint,
    "AddTags": records.add_tags,
    "ListTags": records.list_tags,
    "DeleteTags": records.delete_tags,
}
