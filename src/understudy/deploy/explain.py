"""Why a handler gave up, in the wording of CloudFormation's resource handlers."""

from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.deploy.handler import HandlerFailure

_SERVICE_NAMES = {
    "application-autoscaling": "ApplicationAutoScaling",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "secretsmanager": "SecretsManager",
}


def explain(failure: HandlerFailure | Fault, service: str, ids: Ids) -> str:
    """The status reason of a failed resource. ``service`` is whom its handler asked last."""
    code = code_of(failure)
    if isinstance(failure, HandlerFailure):
        if not code:
            return failure.message
        message = failure.message
    else:
        name = _SERVICE_NAMES.get(service, service.capitalize())
        message = (
            f"{failure.message} (Service: {name}, Status Code: {failure.status}, "
            f"Request ID: {ids.uuid()})"
        )
    return (
        f'Resource handler returned message: "{message}" '
        f"(RequestToken: {ids.uuid()}, HandlerErrorCode: {code})"
    )


def code_of(failure: HandlerFailure | Fault) -> str:
    """The handler error code of a failure. AWS: CloudFormation CLI, Handler error codes."""
    if isinstance(failure, HandlerFailure):
        return failure.code
    name, message = failure.code.lower(), failure.message.lower()
    if "already" in message:
        return "AlreadyExists"
    if message.startswith("could not find"):
        return "NotFound"
    found = (code for part, code in _ERROR_CODES if part in name)
    return next(found, "GeneralServiceException")


_ERROR_CODES: tuple[tuple[str, str], ...] = (
    ("already", "AlreadyExists"),
    ("nosuch", "NotFound"),
    ("notfound", "NotFound"),
    ("nonexistent", "NotFound"),
    ("doesnotexist", "NotFound"),
    ("limitexceeded", "ServiceLimitExceeded"),
    ("accessdenied", "AccessDenied"),
    ("throttl", "Throttling"),
    ("conflict", "ResourceConflict"),
    ("inuse", "ResourceConflict"),
    ("validation", "InvalidRequest"),
    ("invalid", "InvalidRequest"),
    ("malformed", "InvalidRequest"),
)
