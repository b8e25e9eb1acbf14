"""The answers with which S3 refuses, with AWS's codes, texts and further elements.

AWS: Error responses (Amazon S3 API reference).
"""

from understudy.base.fault import Fault
from understudy.control.events import Params

MALFORMED_XML = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


class Refusal(Fault):
    """A fault whose answer also has members of the operation's output, such as ``DeleteMarker``."""

    def __init__(self, fault: Fault, output: Params) -> None:
        super().__init__(fault.code, fault.message, fault.status, fault.fields)
        self.output = output


def access_denied(message: str = "Access Denied") -> Fault:
    """What must not be done, whoever asks."""
    return Fault("AccessDenied", message, 403)


def invalid_argument(message: str, name: str, value: object = None) -> Fault:
    """A header or query parameter with a value that does not fit."""
    fields: dict[str, object] = {"ArgumentName": name}
    if value is not None:
        fields["ArgumentValue"] = str(value)
    return Fault("InvalidArgument", message, 400, fields)


def invalid_request(message: str) -> Fault:
    """A request whose parts do not go together."""
    return Fault("InvalidRequest", message, 400)


def malformed_xml() -> Fault:
    """A body that does not follow the schema."""
    return Fault("MalformedXML", MALFORMED_XML, 400)


def header_not_implemented(header: str, detail: str = "") -> Fault:
    """A header that asks for what S3, or this store, does not do."""
    fields = {"Header": header, "additionalMessage": detail} if detail else {"Header": header}
    message = "A header you provided implies functionality that is not implemented"
    return Fault("NotImplemented", message, 501, fields)


def no_such_bucket(name: str) -> Fault:
    """There is no bucket of this name."""
    message = "The specified bucket does not exist"
    return Fault("NoSuchBucket", message, 404, {"BucketName": name})


def no_such_key(key: str) -> Fault:
    """The bucket has no object of this key, or its latest version is a delete marker."""
    return Fault("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})


def no_such_version(key: str, version_id: str) -> Fault:
    """The key has no version of this id."""
    message = "The specified version does not exist."
    return Fault("NoSuchVersion", message, 404, {"Key": key, "VersionId": version_id})


def no_such_upload(upload_id: str) -> Fault:
    """There is no multipart upload of this id for this key, or it has ended."""
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
        "been aborted or completed."
    )
    return Fault("NoSuchUpload", message, 404, {"UploadId": upload_id})


def method_not_allowed(method: str) -> Fault:
    """What cannot be done to a delete marker."""
    message = "The specified method is not allowed against this resource."
    fields = {"Method": method, "ResourceType": "DeleteMarker"}
    return Fault("MethodNotAllowed", message, 405, fields)


def precondition_failed(condition: str) -> Fault:
    """A condition, named by its header, did not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return Fault("PreconditionFailed", message, 412, {"Condition": condition})
