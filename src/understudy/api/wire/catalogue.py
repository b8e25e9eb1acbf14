"""Which services there are: by signing name, target prefix, endpoint prefix and API version."""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from msgspec.json import Decoder

from understudy.api.wire.models import Metadata, data_folder, model_file

_GZIP = 31
"""zlib's window bits for a gzip header."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The names of services by what requests say of them, the service of that very name first."""

    metadata: dict[str, Metadata]
    by_signing_name: dict[str, tuple[str, ...]]
    by_target_prefix: dict[str, tuple[str, ...]]
    by_endpoint_prefix: dict[str, tuple[str, ...]]
    by_version: dict[str, tuple[str, ...]]


@cache
def catalogue() -> Catalogue:
    """All services of botocore. The first call reads the head of each model: about 50 ms."""
    found = _read_metadata()
    return Catalogue(
        metadata=found,
        by_signing_name=_index((data.signed_as, name) for name, data in found.items()),
        by_target_prefix=_index((data.target_prefix, name) for name, data in found.items()),
        by_endpoint_prefix=_index((data.endpoint_prefix, name) for name, data in found.items()),
        by_version=_index(
            (data.api_version, name)
            for name, data in found.items()
            if not {"query", "ec2"}.isdisjoint(data.spoken)
        ),
    )


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, name in pairs:
        groups[key].append(name)
    return {
        key: tuple(sorted(names, key=lambda name: (name != key, name)))
        for key, names in groups.items()
        if key
    }


def _read_metadata() -> dict[str, Metadata]:
    decoder = Decoder(Metadata)
    found: dict[str, Metadata] = {}
    for folder in sorted(data_folder().iterdir()):
        file = model_file(folder.name) if folder.is_dir() else None
        if file is not None:
            with file.open("rb") as stream:
                head = zlib.decompressobj(_GZIP).decompress(stream.read(4096))
            found[folder.name] = decoder.decode(_metadata_object(head))
    return found


def _metadata_object(head: bytes) -> bytes:
    """The metadata object: it stands between the keys ``metadata`` and ``operations``."""
    start = head.index(b"{", head.index(b'"metadata"'))
    end = head.index(b'"operations"', start)
    return head[start : head.rindex(b"}", start, end) + 1]
