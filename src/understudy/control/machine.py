"""An EC2 instance as whoever runs it is told of it."""

from msgspec import Struct


class Machine(Struct, frozen=True):
    """What an instance was launched as.

    ``template`` is the name of its launch template or configuration, ``group`` that of its Auto
    Scaling group, ``address`` the private IP address that it has in the AWS world. ``profile`` is
    the name of its instance profile's role, ``user_data`` the decoded text.
    """

    image: str = ""
    template: str = ""
    group: str = ""
    zone: str = ""
    address: str = ""
    profile: str = ""
    user_data: str = ""
    tags: dict[str, str] = {}
    tokens_required: bool = False
