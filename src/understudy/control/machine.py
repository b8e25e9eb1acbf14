"""An EC2 instance as whoever runs it is told of it."""

from msgspec import Struct

Options = dict[str, str | int]


class Machine(Struct, frozen=True):
    """What an instance was launched as.

    ``template`` is the name of its launch template or configuration, ``group`` that of its Auto
    Scaling group, ``address`` the private IP address that it has in the AWS world. ``profile`` is
    the name of its instance profile's role, ``user_data`` the decoded text, ``metadata`` its
    MetadataOptions as far as they were given.
    """

    image: str = ""
    template: str = ""
    group: str = ""
    zone: str = ""
    address: str = ""
    profile: str = ""
    user_data: str = ""
    tags: dict[str, str] = {}
    metadata: Options = {}
