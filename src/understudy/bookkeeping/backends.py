"""moto, made ready: loaded at the first call, empty, and with ids that follow from a seed."""

import gc
import operator
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.bookkeeping.rules import KeptRules, kept
from understudy.bookkeeping.services import GLOBAL
from understudy.control.events import Params

MASTER_KEY_BYTES = 32


class Backends:
    """moto's state, which one process has once: a second one starts from nothing."""

    def __init__(self) -> None:
        _import_rest_apis_unchecked()
        from moto import core
        from moto.core.base_backend import BackendDict
        from moto.core.botocore_stubber import BotocoreStubber
        from moto.core.config import default_user_config
        from moto.core.exceptions import ServiceException
        from moto.moto_api._internal import mock_random
        from werkzeug.exceptions import HTTPException

        default_user_config["iam"] = {"load_aws_managed_policies": True}
        moto: Any = core
        moto.DEFAULT_ACCOUNT_ID = ACCOUNT  # else it makes everything for a second account, too
        kinds: Any = BackendDict
        for known in kinds._instances:  # noqa: SLF001 - its own reset makes all of it anew first
            known.clear()
        self._stubber = BotocoreStubber()
        self._random: Any = mock_random
        self._refusals = (ServiceException, HTTPException)
        self._made: set[tuple[str, str]] = set()
        self._models: dict[tuple[str, str], Any] = {}
        self._begin("iam", "")  # whatever is called, moto notes in IAM which account was seen

    def process(self, service: str, region: str, prepared: Any, seed: int | None) -> Any:
        """Moto's answer to a request: status, headers, body; None where moto has none.

        ``seed`` makes the ids of what comes to be; a call that only reads needs none.
        """
        self._begin(service, region)
        self._random.seed(seed)
        try:
            return self._stubber.process_request(prepared)
        except NotImplementedError:  # moto's word for an operation that it does not have
            return None

    def perform(
        self, service: str, region: str, seed: int | None, work: Callable[[Any], Params]
    ) -> Params | None:
        """What work on a service's own model gives; None where that refuses it."""
        model = self._models.get((service, region)) or self._model(service, region)
        self._random.seed(seed)
        try:
            return work(model)
        except self._refusals:
            return None

    def _model(self, service: str, region: str) -> Any:
        """A service's own model in a region; moto takes long to find it."""
        from moto.backends import get_backend

        self._begin(service, region)
        fetch: Any = operator.getitem
        models: Any = get_backend(service)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
        found: Any = fetch(models[ACCOUNT], "aws" if service in GLOBAL else region)
        self._models[service, region] = found
        return found

    def rules(self, region: str) -> KeptRules:
        """Which rules of EventBridge a region has."""
        from moto.events.models import events_backends

        self._begin("events", region)
        return kept(events_backends[ACCOUNT][region])

    def _begin(self, service: str, region: str) -> None:
        """Make a service's first things (a default VPC) from a seed of their own.

        Otherwise their ids would follow from the first call that happens to be made.
        """
        region = "aws" if service in GLOBAL else region
        if (service, region) in self._made:
            return
        from moto.backends import get_backend

        if service == "kms":
            _derive_master_keys(self._random)
        if service == "sqs":
            _remember_names()
        self._random.seed(f"{service}/{region}")
        fetch: Any = operator.getitem
        backends: Any = get_backend(service)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
        for each in dict.fromkeys((region, "aws" if service in GLOBAL else DEFAULT_REGION)):
            fetch(backends[ACCOUNT], each)  # moto itself looks into the second one
        self._made.add((service, region))
        gc.freeze()  # What was loaded stays: a look through all of it takes a fifth of a second.


def _derive_master_keys(random: Any) -> None:
    """Let KMS's keys follow from the seed too, so that what they encrypted can be read again."""
    from moto.kms import models

    made: Any = models
    made.generate_master_key = lambda: random.randbytes(MASTER_KEY_BYTES)


def _passed(*_: object, **__: object) -> None:
    """Check nothing."""


def _remember_names() -> None:
    """Let SQS work the Python name of an attribute out once, not fifteen times for each queue."""
    from moto.core.utils import camelcase_to_underscores
    from moto.sqs import models

    made: Any = models
    made.camelcase_to_underscores = lru_cache(camelcase_to_underscores)


def _import_rest_apis_unchecked() -> None:
    """Let REST APIs be imported without openapi-spec-validator, also with ``failOnWarnings``.

    With it moto refuses documents that AWS takes: those that SAM makes have empty ``responses``.
    """
    name = "openapi_spec_validator"
    package, inner = ModuleType(name), ModuleType(f"{name}.validation")
    exceptions = ModuleType(f"{name}.validation.exceptions")
    package.__dict__["validate"] = _passed
    exceptions.__dict__["OpenAPIValidationError"] = ValueError
    for module in (package, inner, exceptions):
        sys.modules.setdefault(module.__name__, module)
