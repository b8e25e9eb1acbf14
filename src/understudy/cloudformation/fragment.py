"""A part of a template that another one includes. AWS: AWS::Include transform."""

from typing import Any

import yaml

from understudy.base.diagnostic import Severity
from understudy.cloudformation.parse import SHORT_FORMS, Loader, is_json, parse

MALFORMED = "The specified S3 object's content should be valid Yaml/JSON"
"""AWS's sentence, for short forms of functions too: there they are no YAML."""


def fragment_in(body: str) -> tuple[Any, str]:
    """The data of a file to include, or None and AWS's sentence about it."""
    data, problems = parse(body)
    if any(each.severity is Severity.ERROR for each in problems):
        return None, MALFORMED
    return (None, MALFORMED) if not is_json(body) and _has_short_forms(body) else (data, "")


def _has_short_forms(body: str) -> bool:
    events = yaml.parse(body, Loader=Loader)
    return any(getattr(event, "tag", None) in SHORT_FORMS for event in events)
