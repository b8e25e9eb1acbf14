"""Generated physical names: ``<stack>-<logical id>-<random>``, cut to what a service allows.

AWS: Name type (a unique physical ID is generated from the stack's name and the logical ID).
"""

from understudy.base.identity import UPPER, Ids

RANDOM_LENGTH = 12


def generated(ids: Ids, alphabet: str = UPPER) -> str:
    """A fresh random end of a physical name: 12 characters, ``[A-Z0-9]`` unless told otherwise."""
    return ids.letters(RANDOM_LENGTH, alphabet)


def fit(
    stack_name: str, logical_id: str, generated: str, limit: int, *, lower: bool = False
) -> str:
    """A physical name of at most ``limit`` characters.

    The stack's name is shortened first, then the logical id, never the random end. ``lower`` gives
    lower case, as S3 demands.

    >>> fit("my-test-stack", "Bucket", "JSSOFI1ZIE2W", 63, lower=True)
    'my-test-stack-bucket-jssofi1zie2w'
    >>> fit("a-rather-long-stack-name", "TargetGroup", "JSSOFI1ZIE2W", 32)
    'a-rathe-TargetGroup-JSSOFI1ZIE2W'
    """
    room = max(limit - len(generated) - 2, 0)
    kept = logical_id[:room]
    start = stack_name[: room - len(kept)].rstrip("-")
    parts = [part for part in (start, kept.rstrip("-"), generated[:limit]) if part]
    name = "-".join(parts)
    return name.lower() if lower else name
