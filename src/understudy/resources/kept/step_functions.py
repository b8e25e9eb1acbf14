"""Step Functions: state machines and activities."""

from typing import Any

from understudy.deploy.history import json_text
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, as_list, name, own


def _definition(here: Here) -> Any:
    """The definition, with the substitutions of the template made in it."""
    given = here.properties
    text = given.get("DefinitionString") or json_text(given.get("Definition", {}))
    for key, value in given.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{key}}}", str(value))
    return text


STATE_MACHINE = Kept(
    "AWS::StepFunctions::StateMachine",
    "stepfunctions",
    create=Call(
        "CreateStateMachine",
        "RoleArn StateMachineType>type LoggingConfiguration TracingConfiguration",
        name=name("StateMachineName", 80),
        definition=_definition,
        tags=as_list(),
    ),
    id="stateMachineArn",
    identity="Arn",
    update=(
        Call(
            "UpdateStateMachine",
            "RoleArn LoggingConfiguration TracingConfiguration",
            stateMachineArn=own,
            definition=_definition,
        ),
    ),
    read=Call("DescribeStateMachine", stateMachineArn=own),
    attributes="Name>name StateMachineRevisionId>revisionId",
    live="RoleArn>roleArn StateMachineName>name",
    delete=(Call("DeleteStateMachine", stateMachineArn=own),),
)

ACTIVITY = Kept(
    "AWS::StepFunctions::Activity",
    "stepfunctions",
    create=Call("CreateActivity", "Name", tags=as_list()),
    id="activityArn",
    identity="Arn",
    read=Call("DescribeActivity", activityArn=own),
    attributes="Name>name",
    live="Name>name",
    delete=(Call("DeleteActivity", activityArn=own),),
)

TYPES = (STATE_MACHINE, ACTIVITY)
