"""AWS::CloudFormation::Macro: the name under which templates find a Lambda function.

The stack itself remembers the name; `deploy.macros` looks it up.
"""

from understudy.deploy.handler import Done, Handler, Request, ResourceType


def create(request: Request) -> Handler:
    """Define a macro."""
    yield from ()
    return Done(request.properties["Name"])


def update(request: Request) -> Handler:
    """Name another function."""
    yield from ()
    return Done(request.physical_id)


MACRO = ResourceType("AWS::CloudFormation::Macro", "runs", create, update, update)
