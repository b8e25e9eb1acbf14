"""The gate of an account: a function that says whether StackSets may work in it.

AWS: Configuring a target account gate.
"""

import json

from understudy.base.arn import ACCOUNT, arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import caller
from understudy.deploy.services import Services

FUNCTION = "AWSCloudFormationStackSetAccountGate"


def opened(services: Services, order: Params, turn: Turn) -> tuple[str, str]:
    """SUCCEEDED, FAILED or, where there is no gate, SKIPPED; and why. Raises Missing."""
    call = caller(services, order, turn)
    try:
        call(Invoke("lambda", "GetFunctionConfiguration", {"FunctionName": FUNCTION}))
    except Fault:
        missing = arn("lambda", turn.region, f"function:{FUNCTION}", ACCOUNT)
        return "SKIPPED", f"Function not found: {missing}"
    event = {"OperationId": order["OperationId"], "StackSetId": order["StackSetId"]}
    try:
        answer = call(Invoke("lambda", "Invoke", {"FunctionName": FUNCTION, "Payload": event}))
    except Fault as fault:
        return "FAILED", fault.message
    said = "" if answer.get("FunctionError") else answer.get("Payload") or ""
    return ("SUCCEEDED", "") if _status(said) == "SUCCEEDED" else ("FAILED", _CLOSED)


_CLOSED = "The account gate function did not answer with the status SUCCEEDED"


def _status(said: str) -> str:
    try:
        return json.loads(said)["Status"]
    except (ValueError, TypeError, KeyError):
        return ""
