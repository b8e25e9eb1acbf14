"""The body of an upload: taken in piece by piece, verified by every checksum sent with it, kept.

AWS: Checking object integrity for data uploads in Amazon S3; PutObject (Content-MD5); Signature
calculations (x-amz-content-sha256).
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.digests import ALGORITHMS, DEFAULT, is_checksum
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Segment
from understudy.storage.s3 import faults

SIZE_LIMIT = 5 << 30
"""Bytes of one PutObject or UploadPart: 5 GiB. AWS: Amazon S3 multipart upload limits."""


@dataclass(frozen=True, slots=True)
class Received:
    """A body in the store, verified and durable; ``algorithm`` is that of its sender's checksum."""

    segment: Segment
    algorithm: str = ""


def sent_checksums(params: Params) -> dict[str, str]:
    """The checksums among an operation's parameters, by algorithm."""
    return {name: params[f"Checksum{name}"] for name in ALGORITHMS if params.get(f"Checksum{name}")}


class Intake:
    """Takes in the body of PutObject or UploadPart; all is gone unless ``finish`` succeeds.

    ``also`` is an algorithm to compute besides the sender's, ``trailer`` that of a checksum which
    follows the body, ``sha256`` the hexadecimal hash that was signed, ``size`` the announced bytes.
    Raises InvalidRequest, InvalidDigest and EntityTooLarge for what cannot be right.
    """

    def __init__(
        self,
        store: Store,
        params: Params,
        *,
        also: str = "",
        trailer: str = "",
        sha256: str = "",
        size: int | None = None,
    ) -> None:
        self._sent = sent_checksums(params)
        self._md5: str | None = params.get("ContentMD5")
        self._sha256, self._size = sha256, size
        if len(self._sent) + bool(trailer) > 1:
            message = (
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                "allowed."
            )
            raise faults.invalid_request(message)
        self.algorithm = trailer or next(iter(self._sent), params.get("ChecksumAlgorithm") or "")
        if self.algorithm and self.algorithm not in ALGORITHMS:
            raise faults.invalid_request(
                "Value for x-amz-sdk-checksum-algorithm header is invalid."
            )
        _check_announced(self._sent, self._md5, size or 0)
        self._kept = {DEFAULT, self.algorithm, also} - {""}
        self._staging = store.stage(self._kept | ({"SHA256"} if sha256 else set()))

    def __enter__(self) -> "Intake":
        return self

    def __exit__(self, *exception: object) -> None:
        self._staging.discard()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._staging.write(data)

    def finish(self, trailers: Mapping[str, str] | None = None) -> Received:
        """Verify what was written and make it durable. ``trailers`` are checksums by algorithm.

        Raises BadDigest, XAmzContentSHA256Mismatch and IncompleteBody.
        """
        segment = self._staging.segment()
        if self._size is not None and segment.size != self._size:
            text = "You did not provide the number of bytes specified by the Content-Length HTTP"
            raise Fault("IncompleteBody", f"{text} header", 400)
        sent = {**self._sent, **(trailers or {})}
        _check_announced(sent, None, segment.size)
        _verify(segment, sent, self._md5, self._sha256)
        self._staging.keep()
        kept = {name: segment.checksums[name] for name in self._kept}
        return Received(Segment(segment.blob, segment.size, segment.md5, kept), self.algorithm)


def _check_announced(sent: Mapping[str, str], md5: str | None, size: int) -> None:
    for name, value in sent.items():
        if not is_checksum(name, value):
            header = f"x-amz-checksum-{name.lower()}"
            raise faults.invalid_request(f"Value for {header} header is invalid.")
    if md5 is not None and not is_checksum("MD5", md5):
        message = "The Content-MD5 you specified was invalid."
        raise Fault("InvalidDigest", message, 400, {"Content-MD5": md5})
    if size > SIZE_LIMIT:
        message = "Your proposed upload exceeds the maximum allowed size"
        fields = {"ProposedSize": size, "MaxSizeAllowed": SIZE_LIMIT}
        raise Fault("EntityTooLarge", message, 400, fields)


def _verify(segment: Segment, sent: Mapping[str, str], md5: str | None, sha256: str) -> None:
    for name, value in sent.items():
        if segment.checksums[name] != value:
            message = f"The {name} you specified did not match the calculated checksum."
            raise Fault("BadDigest", message, 400)
    found = b64encode(bytes.fromhex(segment.md5)).decode()
    if md5 is not None and md5 != found:
        message = "The Content-MD5 you specified did not match what we received."
        fields = {"ExpectedDigest": md5, "CalculatedDigest": found}
        raise Fault("BadDigest", message, 400, fields)
    if sha256:
        signed = b64encode(bytes.fromhex(sha256)).decode()
        if signed != segment.checksums["SHA256"]:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise Fault("XAmzContentSHA256Mismatch", message, 400)


def receive(store: Store, params: Params, also: str = "") -> Received:
    """The Body of parameters, in the store: bytes are taken in, what is there already stays."""
    body: Received | bytes = params.get("Body") or b""
    if isinstance(body, Received):
        return body
    with Intake(store, params, also=also) as intake:
        intake.write(body)
        return intake.finish()
