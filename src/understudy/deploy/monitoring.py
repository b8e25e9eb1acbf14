"""What is watched while an operation runs: its time limit, and the alarms of its rollback triggers.

AWS: Use CloudFormation rollback triggers; TimeoutInMinutes of CreateStack.
"""

from understudy.base.arn import resource_of
from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.ports import OWNER, Engine
from understudy.deploy.stack import Deployment, RollbackTrigger, Stack

ALARM_TYPES = {
    "AWS::CloudWatch::Alarm": "MetricAlarms",
    "AWS::CloudWatch::CompositeAlarm": "CompositeAlarms",
}
LOOK_SECONDS = 10.0
"""How often the alarms are looked at."""
TIMED_OUT = "Stack creation time exceeded the specified timeout."


def configured(params: Params) -> tuple[RollbackTrigger, ...]:
    """The rollback triggers that a call brings. Raises ValidationError.

    Recorded: the two refusals.
    """
    triggers: list[RollbackTrigger] = []
    for each in params.get("RollbackConfiguration", {}).get("RollbackTriggers", []):
        if each["Type"] not in ALARM_TYPES:
            raise validation_error("Rollback Trigger Type not supported")
        if not resource_of(each["Arn"]).startswith("alarm:") or not each["Arn"].startswith("arn:"):
            raise validation_error("RelativeId of a Rollback Trigger's ARN is incorrect")
        triggers.append(RollbackTrigger(each["Arn"], each["Type"]))
    return tuple(triggers)


def described(deployed: tuple[RollbackTrigger, ...], minutes: int | None) -> Params:
    """The RollbackConfiguration of a stack or a change set, as AWS shows it."""
    shown: Params = {}
    if deployed:
        shown["RollbackTriggers"] = [{"Arn": each.arn, "Type": each.type} for each in deployed]
    if minutes is not None:
        shown["MonitoringTimeInMinutes"] = minutes
    return shown


def watch(stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Set the timers of an operation that has begun."""
    if deployment.phase != "main" or deployment.kind not in ("create", "update"):
        return
    key = (stack.id, deployment.operation_id)
    if deployment.kind == "create" and stack.timeout_minutes:
        turn.schedule(turn.at + 60.0 * stack.timeout_minutes, OWNER, "timeout", *key)
    if deployment.target.triggers:
        turn.schedule(turn.at, OWNER, "alarms", *key)


def begins(stack: Stack, deployment: Deployment, turn: Turn) -> bool:
    """Whether the alarms are watched for a while after everything is made; then a timer is set."""
    minutes = deployment.target.monitoring_minutes
    if not deployment.target.triggers or not minutes or deployment.kind not in ("create", "update"):
        return False
    turn.schedule(turn.at + 60.0 * minutes, OWNER, "monitored", stack.id, deployment.operation_id)
    return True


def alarm(engine: Engine, deployment: Deployment, turn: Turn) -> str:
    """Why an alarm rolls the operation back, or an empty text. One that is missing does, too."""
    for trigger in deployment.target.triggers:
        name = resource_of(trigger.arn).removeprefix("alarm:")
        kind = ALARM_TYPES[trigger.type]
        wanted = {"AlarmNames": [name], "AlarmTypes": [kind.removesuffix("s")]}
        answer = engine.services.call("cloudwatch", "DescribeAlarms", wanted, turn)
        found: list[Params] = answer.get(kind) or []
        if not found:
            return f"Rollback trigger {trigger.arn} does not exist."
        if found[0]["StateValue"] == "ALARM":
            return f"Rollback trigger {trigger.arn} went to ALARM state."
    return ""
