"""The bodies of rest-xml: one element, named by the model or, for S3's outputs, here."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from understudy.api.wire.models import Namespace, Ref, ServiceModel
from understudy.api.wire.scalars import Malformed
from understudy.api.wire.timestamps import iso8601_milliseconds
from understudy.api.wire.xml_read import ReadElement, XmlReader, local_name, parse_document
from understudy.api.wire.xml_write import XmlWriter, escape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_S3_ROOTS = {
    "CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
    "CreateMultipartUploadOutput": "InitiateMultipartUploadResult",
    "CreateSessionOutput": "CreateSessionResult",
    "DeleteObjectsOutput": "DeleteResult",
    "GetBucketAccelerateConfigurationOutput": "AccelerateConfiguration",
    "GetBucketAclOutput": "AccessControlPolicy",
    "GetBucketCorsOutput": "CORSConfiguration",
    "GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
    "GetBucketLifecycleOutput": "LifecycleConfiguration",
    "GetBucketLocationOutput": "LocationConstraint",
    "GetBucketLoggingOutput": "BucketLoggingStatus",
    "GetBucketRequestPaymentOutput": "RequestPaymentConfiguration",
    "GetBucketTaggingOutput": "Tagging",
    "GetBucketVersioningOutput": "VersioningConfiguration",
    "GetBucketWebsiteOutput": "WebsiteConfiguration",
    "GetObjectAclOutput": "AccessControlPolicy",
    "GetObjectAttributesOutput": "GetObjectAttributesResponse",
    "GetObjectTaggingOutput": "Tagging",
    "ListBucketAnalyticsConfigurationsOutput": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurationsOutput": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurationsOutput": "ListMetricsConfigurationsResult",
    "ListBucketsOutput": "ListAllMyBucketsResult",
    "ListDirectoryBucketsOutput": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploadsOutput": "ListMultipartUploadsResult",
    "ListObjectVersionsOutput": "ListVersionsResult",
    "ListObjectsOutput": "ListBucketResult",
    "ListObjectsV2Output": "ListBucketResult",
    "ListPartsOutput": "ListPartsResult",
    "NotificationConfigurationDeprecated": "NotificationConfiguration",
}
"""AWS: Amazon S3 API Reference, response syntax. botocore's model leaves these names out."""

_UNWRAPPED = "GetBucketLocationOutput"
"""The one output whose root element holds its only member as text (AWS: s3UnwrappedXmlOutput)."""


class XmlBodies:
    """Readers and writers of the bodies of one rest-xml service."""

    content_type = "application/xml"
    always = False

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._reader = XmlReader(model)
        self._writer = XmlWriter(model, iso8601_milliseconds)
        self._namespace = _namespace(model)

    def read_payload(self, ref: Ref) -> Callable[[bytes], Any]:
        """The reader of a body that is one member. Raises Malformed where the root is another."""
        return self._read_root(self._root(ref), self._reader.value(ref))

    def read_members(self, ref: Ref) -> Callable[[bytes], Any]:
        """The reader of a body that holds the members bound nowhere else."""
        return self._read_root(self._root(ref), self._reader.structure(ref.shape, body=True))

    def write_payload(self, ref: Ref) -> Callable[[Any], bytes]:
        """The writer of a body that is one member."""
        rooted = replace(ref, xml_namespace=self._namespace)
        write = self._writer.element(rooted, self._root(ref))

        def write_body(value: Any) -> bytes:
            out = [DECLARATION]
            write(value, out)
            return "".join(out).encode()

        return write_body

    def write_members(self, ref: Ref) -> Callable[[Any], bytes]:
        """The writer of a body that holds the members bound nowhere else."""
        name, space = (
            self._root(ref),
            self._writer.namespace(replace(ref, xml_namespace=self._namespace)),
        )
        write = self._writer.members(ref.shape, body=True)
        if ref.shape == _UNWRAPPED:
            write = _write_location

        def write_body(value: Any) -> bytes:
            out = [DECLARATION, f"<{name}{space}>"]
            write(value, out)
            out.append(f"</{name}>")
            return "".join(out).encode()

        return write_body

    def _root(self, ref: Ref) -> str:
        shape = self._model.shapes[ref.shape]
        named = _S3_ROOTS.get(ref.shape) if self._model.metadata.service_id == "S3" else None
        return ref.location_name or shape.location_name or named or ref.shape

    def _read_root(self, name: str, reader: ReadElement) -> Callable[[bytes], Any]:
        def read(body: bytes) -> Any:
            root = parse_document(body)
            if local_name(root) != name:
                raise Malformed(f"The root element is {local_name(root)}, not {name}")
            return reader(root)

        return read


def _write_location(value: Mapping[str, Any], out: list[str]) -> None:
    out.append(escape(value.get("LocationConstraint") or ""))


def _namespace(model: ServiceModel) -> Namespace | str | None:
    """The namespace of a service: what its metadata says, else what its inputs have."""
    if model.metadata.xml_namespace is not None:
        return model.metadata.xml_namespace
    for operation in model.operations.values():
        shape = model.shapes[operation.input.shape] if operation.input else None
        if operation.input and operation.input.xml_namespace:
            return operation.input.xml_namespace
        if shape and shape.payload and shape.members[shape.payload].xml_namespace:
            return shape.members[shape.payload].xml_namespace
    return None
