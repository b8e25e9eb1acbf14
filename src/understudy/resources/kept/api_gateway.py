"""API Gateway (REST): doors that lead nowhere here."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, Value, as_map, name, own, part, prop


def _patch(*paths: str) -> Any:
    """PatchOperations that bring members to what the template says: ``Description>description``."""

    def value(here: Here) -> Any:
        found: list[Params] = []
        for path in paths:
            key, _, to = path.partition(">")
            after = here.properties.get(key)
            if after != here.before.get(key):
                operation = {
                    "op": "replace",
                    "path": f"/{to}",
                    "value": "" if after is None else after,
                }
                found.append(operation)
        return found or None

    return value


def _patched(operation: str, paths: str, **which: Value) -> tuple[Call, ...]:
    """The update by a patch of what has changed; nothing is called where nothing has."""
    patch = _patch(*paths.split())
    return (Call(operation, needs="patchOperations").having({**which, "patchOperations": patch}),)


REST_API = Kept(
    "AWS::ApiGateway::RestApi",
    "apigateway",
    create=Call(
        "CreateRestApi",
        "Description Version CloneFrom BinaryMediaTypes MinimumCompressionSize "
        "EndpointConfiguration DisableExecuteApiEndpoint",
        name=lambda here: here.properties.get("Name") or here.request.name(1024),
        apiKeySource=prop("ApiKeySourceType"),
        policy=prop("Policy"),
        tags=as_map,
    ),
    id="id",
    identity="RestApiId",
    update=_patched("UpdateRestApi", "Name>name Description>description", restApiId=own),
    read=Call("GetRestApi", restApiId=own),
    attributes="RootResourceId>rootResourceId",
    live="Name>name Description>description",
    delete=(Call("DeleteRestApi", restApiId=own),),
)

RESOURCE = Kept(
    "AWS::ApiGateway::Resource",
    "apigateway",
    create=Call("CreateResource", "RestApiId ParentId PathPart"),
    id="id",
    identity="ResourceId",
    read=Call("GetResource", "RestApiId", resourceId=own),
    live="ParentId>parentId PathPart>pathPart",
    delete=(Call("DeleteResource", "RestApiId", resourceId=own),),
)

_METHOD = "RestApiId ResourceId HttpMethod"


def _put_method(here: Here) -> Steps[None]:
    """A method with its responses, its integration and the responses of that."""
    given, old = here.properties, here.before
    where = {key: given[key] for key in _METHOD.split()}
    if old:
        yield Invoke("apigateway", "DeleteMethod", where)
    params = {
        key: given[key]
        for key in (
            "AuthorizerId",
            "ApiKeyRequired",
            "OperationName",
            "RequestParameters",
            "RequestModels",
            "RequestValidatorId",
        )
        if key in given
    }
    kind = given.get("AuthorizationType", "NONE")
    yield Invoke("apigateway", "PutMethod", {**where, "AuthorizationType": kind, **params})
    for each in given.get("MethodResponses", []):
        yield Invoke("apigateway", "PutMethodResponse", {**where, **each})
    integration = given.get("Integration")
    if integration:
        verb = {"integrationHttpMethod": integration.get("IntegrationHttpMethod")}
        rest = {
            key: value
            for key, value in integration.items()
            if key not in ("IntegrationHttpMethod", "IntegrationResponses")
        }
        yield Invoke("apigateway", "PutIntegration", {**where, **rest, **verb})
        for each in integration.get("IntegrationResponses", []):
            yield Invoke("apigateway", "PutIntegrationResponse", {**where, **each})


METHOD = Kept(
    "AWS::ApiGateway::Method",
    "apigateway",
    create=_put_method,
    id=lambda here: "|".join(str(here.properties[key]) for key in _METHOD.split()),
    update=(_put_method,),
    read=Call("GetMethod", restApiId=part(0), resourceId=part(1), httpMethod=part(2)),
    live="AuthorizationType>authorizationType",
    delete=(Call("DeleteMethod", restApiId=part(0), resourceId=part(1), httpMethod=part(2)),),
)

DEPLOYMENT = Kept(
    "AWS::ApiGateway::Deployment",
    "apigateway",
    create=Call("CreateDeployment", "RestApiId Description StageName"),
    id="id",
    identity="DeploymentId",
    read=Call("GetDeployment", "RestApiId", deploymentId=own),
    live="Description>description",
    delete=(
        Call("DeleteStage", "RestApiId StageName", needs="StageName"),
        Call("DeleteDeployment", "RestApiId", deploymentId=own),
    ),
)

STAGE = Kept(
    "AWS::ApiGateway::Stage",
    "apigateway",
    create=Call(
        "CreateStage",
        "RestApiId DeploymentId Description CacheClusterEnabled CacheClusterSize Variables "
        "DocumentationVersion CanarySetting>canarySettings TracingEnabled",
        stageName=prop("StageName"),
        tags=as_map,
    ),
    id=lambda here: here.properties["StageName"],
    update=_patched(
        "UpdateStage",
        "Description>description DeploymentId>deploymentId",
        restApiId=prop("RestApiId"),
        stageName=own,
    ),
    read=Call("GetStage", "RestApiId", stageName=own),
    live="Description>description DeploymentId>deploymentId",
    delete=(Call("DeleteStage", "RestApiId", stageName=own),),
)

API_KEY = Kept(
    "AWS::ApiGateway::ApiKey",
    "apigateway",
    create=Call(
        "CreateApiKey",
        "Description Enabled GenerateDistinctId Value CustomerId StageKeys",
        name=name("Name", 1024),
        tags=as_map,
    ),
    id="id",
    identity="APIKeyId",
    update=_patched(
        "UpdateApiKey", "Description>description Enabled>enabled Name>name", apiKey=own
    ),
    read=Call("GetApiKey", apiKey=own),
    live="Description>description Enabled>enabled",
    delete=(Call("DeleteApiKey", apiKey=own),),
)

USAGE_PLAN = Kept(
    "AWS::ApiGateway::UsagePlan",
    "apigateway",
    create=Call(
        "CreateUsagePlan",
        "Description ApiStages Throttle Quota",
        name=name("UsagePlanName", 1024),
        tags=as_map,
    ),
    id="id",
    identity="Id",
    update=_patched(
        "UpdateUsagePlan", "Description>description UsagePlanName>name", usagePlanId=own
    ),
    read=Call("GetUsagePlan", usagePlanId=own),
    live="Description>description UsagePlanName>name",
    delete=(Call("DeleteUsagePlan", usagePlanId=own),),
)

USAGE_PLAN_KEY = Kept(
    "AWS::ApiGateway::UsagePlanKey",
    "apigateway",
    create=Call("CreateUsagePlanKey", "UsagePlanId KeyId KeyType"),
    id=lambda here: f"{here.properties['KeyId']}:{here.properties['UsagePlanId']}",
    identity="Id",
    delete=(Call("DeleteUsagePlanKey", "UsagePlanId KeyId"),),
)

AUTHORIZER = Kept(
    "AWS::ApiGateway::Authorizer",
    "apigateway",
    create=Call(
        "CreateAuthorizer",
        "RestApiId Name Type ProviderARNs>providerARNs AuthType AuthorizerUri "
        "AuthorizerCredentials IdentitySource IdentityValidationExpression "
        "AuthorizerResultTtlInSeconds",
    ),
    id="id",
    identity="AuthorizerId",
    update=_patched(
        "UpdateAuthorizer",
        "Name>name AuthorizerUri>authorizerUri",
        restApiId=prop("RestApiId"),
        authorizerId=own,
    ),
    read=Call("GetAuthorizer", "RestApiId", authorizerId=own),
    live="Name>name Type>type",
    delete=(Call("DeleteAuthorizer", "RestApiId", authorizerId=own),),
)

MODEL = Kept(
    "AWS::ApiGateway::Model",
    "apigateway",
    create=Call(
        "CreateModel",
        "RestApiId Description Schema",
        name=lambda here: here.properties.get("Name") or here.request.generated,
        contentType=prop("ContentType", "application/json"),
    ),
    id="name",
    read=Call("GetModel", "RestApiId", modelName=own),
    live="Description>description",
    delete=(Call("DeleteModel", "RestApiId", modelName=own),),
)

TYPES = (
    REST_API,
    RESOURCE,
    METHOD,
    DEPLOYMENT,
    STAGE,
    API_KEY,
    USAGE_PLAN,
    USAGE_PLAN_KEY,
    AUTHORIZER,
    MODEL,
)
