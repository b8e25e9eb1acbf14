"""Models, endpoint configurations and tags: operations on what is only kept."""

from understudy.base.fault import validation_exception
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.sagemaker.serverless import alone, of_config
from understudy.control.sagemaker.service import SageMaker
from understudy.control.sagemaker.state import Record
from understudy.control.turn import Turn

PAGE_SIZE = 10


def create_model(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Keep a model. Raises ValidationException where the name is taken."""
    if "PrimaryContainer" not in params and not params.get("Containers"):
        raise validation_exception(
            "Invalid request provided, must specify PrimaryContainer or Containers."
        )
    name = params["ModelName"]
    arn = turn.arn("sagemaker", f"model/{name}")
    _keep(service, service.state.models, "model", Record(name, arn, _untagged(params), turn.at))
    tag(service, arn, params)
    return {"ModelArn": arn}


def describe_model(service: SageMaker, params: Params, turn: Turn) -> Params:
    """A model as it was created."""
    model = find_model(service, params["ModelName"], turn)
    return {
        **model.params,
        "ModelArn": model.arn,
        "CreationTime": model.created_at,
        "EnableNetworkIsolation": model.params.get("EnableNetworkIsolation", False),
    }


def delete_model(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Forget a model."""
    model = find_model(service, params["ModelName"], turn)
    del service.state.models[model.name]
    service.state.tags.pop(model.arn, None)
    return {}


def list_models(service: SageMaker, params: Params, turn: Turn) -> Params:
    """The models, newest first."""
    return _listing(list(service.state.models.values()), params, "Models", "Model")


def create_endpoint_config(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Keep an endpoint configuration whose models exist."""
    if refusal := alone(params["ProductionVariants"]):
        raise refusal
    for variant in params["ProductionVariants"]:
        if of_config(variant) and "AsyncInferenceConfig" in params:
            raise validation_exception(
                "AsyncInferenceConfig can not be specified for serverless production variants."
            )
        if "ModelName" in variant:
            find_model(service, variant["ModelName"], turn)
    name = params["EndpointConfigName"]
    arn = turn.arn("sagemaker", f"endpoint-config/{name}")
    record = Record(name, arn, _untagged(params), turn.at)
    _keep(service, service.state.configs, "endpoint configuration", record)
    tag(service, arn, params)
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(service: SageMaker, params: Params, turn: Turn) -> Params:
    """An endpoint configuration as it was created."""
    config = find_config(service, params["EndpointConfigName"], turn)
    return {
        **config.params,
        "EndpointConfigArn": config.arn,
        "CreationTime": config.created_at,
        "ProductionVariants": [
            {"InitialVariantWeight": 1.0, **variant}
            for variant in config.params["ProductionVariants"]
        ],
    }


def delete_endpoint_config(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Forget an endpoint configuration; endpoints that run on it go on."""
    config = find_config(service, params["EndpointConfigName"], turn)
    del service.state.configs[config.name]
    service.state.tags.pop(config.arn, None)
    return {}


def list_endpoint_configs(service: SageMaker, params: Params, turn: Turn) -> Params:
    """The endpoint configurations, newest first."""
    configs = list(service.state.configs.values())
    return _listing(configs, params, "EndpointConfigs", "EndpointConfig")


def add_tags(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Add or change tags of a resource."""
    tag(service, params["ResourceArn"], params)
    return {"Tags": _tags(service, params["ResourceArn"])}


def delete_tags(service: SageMaker, params: Params, turn: Turn) -> Params:
    """Remove tags of a resource."""
    tags = service.state.tags.get(params["ResourceArn"], {})
    for key in params["TagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags(service: SageMaker, params: Params, turn: Turn) -> Params:
    """The tags of a resource."""
    return {"Tags": _tags(service, params["ResourceArn"])}


def tag(service: SageMaker, arn: str, params: Params) -> None:
    """Keep the ``Tags`` member of an operation's input."""
    tags = service.state.tags.setdefault(arn, {})
    tags.update({each["Key"]: each["Value"] for each in params.get("Tags", [])})


def _tags(service: SageMaker, arn: str) -> list[Params]:
    tags = service.state.tags.get(arn, {})
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def find_model(service: SageMaker, name: str, turn: Turn) -> Record:
    """A model by name. Raises ValidationException where there is none."""
    if name not in service.state.models:
        arn = turn.arn("sagemaker", f"model/{name}")
        raise validation_exception(f'Could not find model "{arn}".')
    return service.state.models[name]


def find_config(service: SageMaker, name: str, turn: Turn) -> Record:
    """An endpoint configuration by name. Raises ValidationException where there is none."""
    if name not in service.state.configs:
        arn = turn.arn("sagemaker", f"endpoint-config/{name}")
        raise validation_exception(f'Could not find endpoint configuration "{arn}".')
    return service.state.configs[name]


def _keep(service: SageMaker, records: dict[str, Record], kind: str, record: Record) -> None:
    if record.name in records:
        raise validation_exception(f'Cannot create already existing {kind} "{record.arn}".')
    records[record.name] = record


def _untagged(params: Params) -> Params:
    return {key: value for key, value in params.items() if key != "Tags"}


def _listing(records: list[Record], params: Params, member: str, kind: str) -> Params:
    """A page of summaries, by CreationTime descending unless asked otherwise."""
    chosen = [
        record
        for record in records
        if params.get("NameContains", "") in record.name
        and record.created_at > params.get("CreationTimeAfter", 0)
        and record.created_at < params.get("CreationTimeBefore", float("inf"))
    ]
    by_name = params.get("SortBy") == "Name"
    chosen.sort(
        key=lambda record: (record.name,) if by_name else (record.created_at, record.name),
        reverse=params.get("SortOrder", "Descending") == "Descending",
    )
    shown, token = page(
        chosen,
        params.get("NextToken"),
        params.get("MaxResults", PAGE_SIZE),
        validation_exception("Invalid pagination token."),
    )
    summaries = [
        {f"{kind}Name": each.name, f"{kind}Arn": each.arn, "CreationTime": each.created_at}
        for each in shown
    ]
    return {member: summaries, "NextToken": token}
