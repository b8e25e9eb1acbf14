"""The AWS::Serverless-2016-10-31 transform, by AWS's own translator.

AWS: AWS::Serverless transform. Applications of the Serverless Application Repository are refused,
for they are not on this machine.
"""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from understudy.cloudformation.macro import MacroFailure
from understudy.cloudformation.value import is_list, is_map, number, text

SERVERLESS = "AWS::Serverless-2016-10-31"
_FAILED = f"Transform {SERVERLESS} failed with: "
_INVALID = "Invalid Serverless Application Specification document. Number of errors found: {}. {}"


@dataclass(frozen=True, slots=True)
class _Session:
    """What the translator asks a session of boto3 for."""

    region_name: str


def translated(data: Mapping[str, Any], parameters: Mapping[str, Any], region: str) -> Any:
    """The template data with its serverless resources written out as plain CloudFormation.

    ``parameters`` are bound parameters and pseudo parameters. Raises MacroFailure with AWS's
    sentence, which names every resource that is invalid.
    """
    _refuse_repository(data)
    from samtranslator.model.exceptions import InvalidDocumentException

    document = _plain(copy.deepcopy(dict(data)))
    document.pop("Transform", None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = _translate(document, _plain(dict(parameters)), region)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise MacroFailure(_FAILED + _INVALID.format(len(error.causes), causes)) from error
    made.pop("Globals", None)
    return _exact(made)


def _translate(document: dict[str, Any], parameters: dict[str, Any], region: str) -> Any:
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    # The logical ids of versions and deployments are hashes of the text of Python 2, as on AWS.
    to_py27_compatible_template(document, parameters)
    session: Any = _Session(region)
    translator = Translator(None, Parser(), boto_session=session)
    policies = get_bundled_managed_policy_map("aws") or {}
    made = translator.translate(document, parameters, get_managed_policy_map=lambda: policies)
    translator.metrics.publish()  # Nowhere; it would warn of metrics that were not.
    return undo_mark_unicode_str_in_template(made)


def _refuse_repository(data: Mapping[str, Any]) -> None:
    for name, resource in data.get("Resources", {}).items():
        if not is_map(resource) or resource.get("Type") != "AWS::Serverless::Application":
            continue
        if is_map(resource.get("Properties", {}).get("Location")):
            raise MacroFailure(
                _FAILED
                + _INVALID.format(
                    1,
                    f"Resource with id [{name}] is invalid. Applications of the Serverless "
                    "Application Repository are not offered; give Location the URL of a template.",
                )
            )


def _plain(value: Any) -> Any:
    """Decimal numbers as the floats that the translator knows."""
    if isinstance(value, Decimal):
        return float(value)
    if is_map(value):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if is_list(value) else value


def _exact(value: Any) -> Any:
    """The translator's maps and floats as `parse` makes them."""
    if is_map(value):
        return {text(key): _exact(child) for key, child in value.items()}
    if is_list(value):
        return [_exact(child) for child in value]
    if isinstance(value, float):
        return number(repr(value))
    return str(value) if isinstance(value, str) else value
