"""What an instance is told when it is forked."""

from msgspec import Struct

from understudy.runtimes.images import Kind

LAST_WORDS = "The model server ended: "
"""How the line in an instance's log begins that says which exception ended it."""


class Launch(Struct, frozen=True):
    """What the forked process needs to become an instance.

    ``root`` is its own folder, ``version`` the scikit-learn that its image has, ``speed`` world
    seconds per real second.
    """

    instance_id: str
    kind: Kind
    version: str
    environment: dict[str, str]
    root: str
    port: int
    speed: float
    hostname: str
    private_opt_ml: bool
