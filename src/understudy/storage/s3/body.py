"""The body of an upload: taken in piece by piece, verified by every checksum sent with it, kept.

AWS: Checking object integrity for data uploads in Amazon S3; PutObject (Content-MD5); Signature
calculations (x-amz-content-sha256).
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.digests import ALGORITHMS, DEFAULT, encode, is_checksum
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


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of a body before it comes.

    ``checksums`` are base64 by algorithm, ``trailer`` is the algorithm of one that follows the body
    and ``computed`` one that is only asked for; ``md5`` is base64, ``sha256`` the hexadecimal hash
    that was signed, ``size`` in bytes.
    """

    checksums: Mapping[str, str] = field(default_factory=dict[str, str])
    trailer: str = ""
    computed: str = ""
    md5: str | None = None
    sha256: str = ""
    size: int | None = None

    @property
    def algorithm(self) -> str:
        """The algorithm of the sender's checksum, or empty."""
        return self.trailer or next(iter(self.checksums), self.computed)


def sent_checksums(params: Params) -> dict[str, str]:
    """The checksums among an operation's parameters, by algorithm."""
    return {name: params[f"Checksum{name}"] for name in ALGORITHMS if params.get(f"Checksum{name}")}


def announced(params: Params) -> Announced:
    """What the parameters of PutObject or UploadPart say of the body."""
    computed: str = params.get("ChecksumAlgorithm") or ""
    return Announced(sent_checksums(params), computed=computed, md5=params.get("ContentMD5"))


class Intake:
    """Takes in a body; all is gone unless ``finish`` succeeds.

    ``also`` is an algorithm to compute besides the sender's. Raises InvalidRequest, InvalidDigest
    and EntityTooLarge for announcements that cannot be right.
    """

    def __init__(self, store: Store, said: Announced, also: str = "") -> None:
        check_announced(said)
        self._said = said
        self._kept = {DEFAULT, said.algorithm, also} - {""}
        self._staging = store.stage(self._kept | ({"SHA256"} if said.sha256 else set()))

    def __enter__(self) -> "Intake":
        return self

    def __exit__(self, *exception: object) -> None:
        self.discard()

    @property
    def size(self) -> int:
        """Bytes taken in so far."""
        return self._staging.size

    def discard(self) -> None:
        """Remove what was taken in, unless ``finish`` has kept it."""
        self._staging.discard()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._staging.write(data)

    def finish(self, trailers: Mapping[str, str] | None = None) -> Received:
        """Verify what was written and make it durable. ``trailers`` are checksums by algorithm.

        Raises BadDigest, XAmzContentSHA256Mismatch and IncompleteBody.
        """
        segment, said = self._staging.segment(), self._said
        if said.size is not None and segment.size != said.size:
            text = "You did not provide the number of bytes specified by the Content-Length HTTP"
            raise Fault("IncompleteBody", f"{text} header", 400)
        sent = {**said.checksums, **(trailers or {})}
        _check_values(sent)
        _verify(said, sent, segment.md5, segment.checksums)
        self._staging.keep()
        kept = {name: segment.checksums[name] for name in self._kept}
        return Received(Segment(segment.blob, segment.size, segment.md5, kept), said.algorithm)


def check_announced(said: Announced) -> None:
    """Raise what S3 answers to announcements that no body can satisfy."""
    if len(said.checksums) + bool(said.trailer) > 1:
        message = (
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
        raise faults.invalid_request(message)
    if said.algorithm and said.algorithm not in ALGORITHMS:
        raise faults.invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    _check_values(said.checksums)
    if said.md5 is not None and not is_checksum("MD5", said.md5):
        message = "The Content-MD5 you specified was invalid."
        raise Fault("InvalidDigest", message, 400, {"Content-MD5": said.md5})
    if said.size is not None and said.size > SIZE_LIMIT:
        message = "Your proposed upload exceeds the maximum allowed size"
        fields = {"ProposedSize": said.size, "MaxSizeAllowed": SIZE_LIMIT}
        raise Fault("EntityTooLarge", message, 400, fields)


def _check_values(sent: Mapping[str, str]) -> None:
    for name, value in sent.items():
        if not is_checksum(name, value):
            header = f"x-amz-checksum-{name.lower()}"
            raise faults.invalid_request(f"Value for {header} header is invalid.")


def check_bytes(said: Announced, data: bytes) -> None:
    """Verify a body that is read whole. Raises as ``Intake`` and its ``finish`` do."""
    check_announced(said)
    wanted = {*said.checksums, "MD5", "SHA256"}
    found = {name: _digest(name, data) for name in wanted}
    md5 = found["MD5"].hex()
    _verify(said, said.checksums, md5, {name: encode(found[name]) for name in wanted})


def _digest(name: str, data: bytes) -> bytes:
    digest = ALGORITHMS[name]()
    digest.update(data)
    return digest.digest()


def _verify(said: Announced, sent: Mapping[str, str], md5: str, found: Mapping[str, str]) -> None:
    for name, value in sent.items():
        if found[name] != value:
            message = f"The {name} you specified did not match the calculated checksum."
            raise Fault("BadDigest", message, 400)
    calculated = b64encode(bytes.fromhex(md5)).decode()
    if said.md5 is not None and said.md5 != calculated:
        message = "The Content-MD5 you specified did not match what we received."
        fields = {"ExpectedDigest": said.md5, "CalculatedDigest": calculated}
        raise Fault("BadDigest", message, 400, fields)
    if said.sha256 and encode(bytes.fromhex(said.sha256)) != found["SHA256"]:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Fault("XAmzContentSHA256Mismatch", message, 400)


def receive(store: Store, params: Params, also: str = "") -> Received:
    """The Body of parameters, in the store: bytes are taken in, what is there already stays."""
    body: Received | bytes = params.get("Body") or b""
    if isinstance(body, Received):
        return body
    return take_in(store, announced(params), [body], also)


def take_in(store: Store, said: Announced, pieces: Iterable[bytes], also: str = "") -> Received:
    """A body that is at hand in pieces, in the store."""
    with Intake(store, said, also) as intake:
        for piece in pieces:
            intake.write(piece)
        return intake.finish()
