"""Policy documents as IAM gives them back."""

import json
from typing import Any
from urllib.parse import unquote


def document(text: Any) -> Any:
    """A policy document: IAM writes it as JSON in URL encoding.

    >>> document("%7B%22Version%22%3A%20%222012-10-17%22%7D")
    {'Version': '2012-10-17'}
    """
    return json.loads(unquote(text)) if isinstance(text, str) else text
