"""Continuation tokens: the last name on a page, in a form that clients do not take apart."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from understudy.control.events import Params
from understudy.storage.s3 import faults

_CHECK = 6


def token(name: str) -> str:
    """The token of the page after the one that ends with a name."""
    data = name.encode()
    return urlsafe_b64encode(blake2b(data, digest_size=_CHECK).digest() + data).decode()


def after(params: Params) -> str:
    """The name that the ContinuationToken stands for, empty without one. Raises InvalidArgument.

    >>> after({"ContinuationToken": token("models/")})
    'models/'
    """
    given: str | None = params.get("ContinuationToken")
    if given is None:
        return ""
    try:
        data = urlsafe_b64decode(given)
    except ValueError:
        data = b""
    name = data[_CHECK:]
    if not name or blake2b(name, digest_size=_CHECK).digest() != data[:_CHECK]:
        message = "The continuation token provided is incorrect"
        raise faults.invalid_argument(message, "continuation-token")
    return name.decode()
