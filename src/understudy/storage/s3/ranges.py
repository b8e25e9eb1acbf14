"""Which bytes of an object a request asks for.

AWS: GetObject (Range, partNumber); UploadPartCopy (x-amz-copy-source-range); RFC 9110, section 14.
"""

import re
from dataclasses import dataclass

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.values import Version
from understudy.storage.s3 import faults

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
PART_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` up to ``stop`` of an object; ``part`` is the number of the part asked for."""

    start: int
    stop: int
    part: int = 0


def span(params: Params, version: Version) -> Span | None:
    """What Range or PartNumber asks for, or None for the whole object.

    A Range that does not follow the syntax, or has several ranges, is passed over as S3 does.
    Raises InvalidRange and InvalidPartNumber (416).
    """
    header, number = params.get("Range"), params.get("PartNumber")
    if header and number:
        message = "Cannot specify both Range header and partNumber query parameter"
        raise faults.invalid_request(message)
    if number is not None:
        return _part(number, version)
    return _range(header, version.size) if header else None


def _range(header: str, size: int) -> Span | None:
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        message = "The requested range is not satisfiable"
        fields = {"RangeRequested": header, "ActualObjectSize": size}
        raise Fault("InvalidRange", message, 416, fields)
    return Span(start, stop)


def check_part_number(number: int) -> None:
    """Raise InvalidArgument unless a part number is from 1 to 10000."""
    if not 1 <= number <= PART_LIMIT:
        message = f"Part number must be an integer between 1 and {PART_LIMIT}, inclusive"
        raise faults.invalid_argument(message, "partNumber", number)


def _part(number: int, version: Version) -> Span:
    check_part_number(number)
    sizes = [segment.size for segment in version.segments] if version.parts else [version.size]
    if number > len(sizes):
        message = "The requested partnumber is not satisfiable"
        fields = {"PartNumberRequested": number, "ActualPartCount": len(sizes)}
        raise Fault("InvalidPartNumber", message, 416, fields)
    start = sum(sizes[: number - 1])
    return Span(start, start + sizes[number - 1], number)


def copy_span(header: str | None, size: int) -> Span:
    """The bytes of a copy's source that ``bytes=first-last`` names, or all of them.

    Raises InvalidArgument, and InvalidRequest where the range begins behind the source's end.
    """
    if header is None:
        return Span(0, size)
    match = _COPY_RANGE.fullmatch(header)
    first, last = (int(match[1]), int(match[2])) if match else (1, 0)
    if first > last:
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy"
        )
        raise faults.invalid_argument(message, "x-amz-copy-source-range", header)
    if first >= size:
        message = "The specified copy range is invalid for the source object size"
        raise faults.invalid_request(message)
    if last >= size:
        message = f"Range specified is not valid for source object of size: {size}"
        raise faults.invalid_argument(message, "x-amz-copy-source-range", header)
    return Span(first, last + 1)
