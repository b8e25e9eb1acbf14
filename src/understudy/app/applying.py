"""Applying a recommendation to a stack of a running engine."""

from dataclasses import dataclass

from understudy.app.audience import Audience
from understudy.app.client import Client, refuse_foreign
from understudy.app.deployment import CAPABILITIES, message_of
from understudy.app.failures import Failed
from understudy.base.diagnostic import Diagnostic, InvalidInput

CHANGE_SET = "understudy-recommendation"
DELAY, ATTEMPTS = 1, 1800


@dataclass(frozen=True, slots=True)
class Place:
    """A stack at an endpoint. ``parameters`` are ``Key=Value``; others keep their values."""

    endpoint_url: str
    stack_name: str
    parameters: tuple[str, ...] = ()


def apply(place: Place, body: str, audience: Audience) -> None:
    """Update a stack to a template body through a change set. Raises InvalidInput and Failed."""
    from botocore.exceptions import ClientError, WaiterError

    if not place.endpoint_url:
        action = "name the engine with --endpoint-url http://127.0.0.1:4566"
        raise InvalidInput((Diagnostic("--apply needs a running engine.", action=action),))
    refuse_foreign(place.endpoint_url, None)
    api = Client(place.endpoint_url).cloudformation
    name = {"StackName": place.stack_name, "ChangeSetName": CHANGE_SET}
    try:
        known = api.describe_stacks(StackName=place.stack_name)["Stacks"][0]
        api.create_change_set(
            **name,
            TemplateBody=body,
            Capabilities=CAPABILITIES,
            Parameters=_parameters(known.get("Parameters", []), place.parameters),
        )
        api.get_waiter("change_set_create_complete").wait(**name, WaiterConfig=_patience())
        api.execute_change_set(**name)
        waiter = api.get_waiter("stack_update_complete")
        waiter.wait(StackName=place.stack_name, WaiterConfig=_patience())
    except ClientError as error:
        raise Failed(f"{error.operation_name} was refused", [message_of(error)]) from error
    except WaiterError as error:
        raise Failed(f"Stack {place.stack_name} was not updated", [_reason(error)]) from error
    audience.say(f"Applied to stack {place.stack_name} at {place.endpoint_url}.")


def _parameters(known: list[dict[str, str]], given: tuple[str, ...]) -> list[dict[str, object]]:
    """What is given, and for the rest the values that the stack has."""
    pairs = {key: value for key, _, value in (each.partition("=") for each in given)}
    return [
        {"ParameterKey": key, "ParameterValue": pairs[key]}
        if (key := each["ParameterKey"]) in pairs
        else {"ParameterKey": key, "UsePreviousValue": True}
        for each in known
    ]


def _patience() -> dict[str, int]:
    return {"Delay": DELAY, "MaxAttempts": ATTEMPTS}


def _reason(error: object) -> str:
    response = getattr(error, "last_response", {})
    return str(response.get("StatusReason") or error)
