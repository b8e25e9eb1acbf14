"""The formats of AWS's resource ARNs, by service prefix and kind of resource.

AWS: Service Authorization Reference, "Resource types defined by ...".
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from understudy.base.arn import ACCOUNT, PARTITION, arn
from understudy.cloudformation.schema import Schema

Formats = Mapping[str, Sequence[str]]
"""ARN formats by kind: ``cluster`` has ``arn:${Partition}:ecs:${Region}:${Account}:cluster/.*``."""

LoadFormats = Callable[[str], Formats]
"""The formats of a service, by its prefix (``ecs``); empty for an unknown one."""

_BLANK = re.compile(r"\$\{(\w+)\}")
_OTHERS = ("iam", "kms", "logs", "s3", "tag", "cloudformation", "ec2", "cloudwatch", "sts")
"""Services whose permissions many handlers need, though the resource is not theirs."""


def service_of(schema: Schema) -> str:
    """The prefix by which IAM and ARNs know a type's service, told from its handlers' permissions.

    >>> service_of(Schema({"typeName": "AWS::Glue::Job"}))
    'glue'
    """
    word = schema.name.split("::")[1].lower()
    handlers: Mapping[str, Mapping[str, Sequence[str]]] = schema.raw.get("handlers", {})
    prefixes = [
        permission.partition(":")[0].lower()
        for handler in handlers.values()
        for permission in handler.get("permissions", ())
    ]
    if word in prefixes or not prefixes:
        return word
    own = [each for each in prefixes if each not in _OTHERS]
    chosen = own or prefixes
    return max(dict.fromkeys(chosen), key=chosen.count)


def arns(
    schema: Schema, region: str, subject: str, name: str, formats: Formats, service: str
) -> Iterator[str]:
    """ARNs that a resource may have, the most likely first.

    ``subject`` is what the ARN is of, as the attribute says it (``Cluster`` for ``ClusterArn``), or
    empty for the resource itself. A version ends with its number.
    """
    kind = schema.name.split("::")[2]
    wanted = [_plain(word) for word in (subject, kind) if word]
    for test in (_is, _ends):
        for word in wanted:
            for key, written in formats.items():
                if test(_plain(key), word):
                    for pattern in written:
                        if key.endswith("version"):
                            yield f"{_filled(pattern, region, name)}:1"
                        if not pattern.endswith(":.*"):
                            yield _filled(pattern, region, name)
    resource = _kebab(subject or kind)
    yield arn(service, region, f"{resource}/{name}")
    yield arn(service, region, f"{resource}:{name}")
    yield arn(service, "", f"{resource}/{name}")


def _is(key: str, word: str) -> bool:
    return key == word


def _ends(key: str, word: str) -> bool:
    return key.endswith(word) or word.endswith(key)


def _plain(word: str) -> str:
    return word.replace("-", "").replace("_", "").replace("*", "").lower()


def _kebab(word: str) -> str:
    """A type's name as ARNs have it.

    >>> _kebab("DataCatalog")
    'data-catalog'
    """
    spaced = "".join(
        f"-{c}" if c.isupper() and n and not word[n - 1].isupper() else c
        for n, c in enumerate(word)
    )
    return spaced.lower()


def _filled(written: str, region: str, name: str) -> str:
    """A format with its blanks filled; the formats end where the resource's own name begins."""
    known = {"Partition": PARTITION, "Region": region}
    text = _BLANK.sub(lambda blank: known.get(blank[1], ACCOUNT), written)
    return text.replace(".*", name)
