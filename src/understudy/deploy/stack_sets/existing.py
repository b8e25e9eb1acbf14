"""A stack that shall become a stack instance: what has to fit, and what may differ.

AWS: Import stacks into StackSets.
"""

from understudy.control.events import Params
from understudy.deploy.reading import parsed
from understudy.deploy.stack import Stack
from understudy.deploy.stacks import UPDATABLE


def differing(stack: Stack, order: Params) -> str:
    """Why a stack cannot be imported, or an empty text."""
    if stack.parent_id:
        return f"Stack {stack.id} is a nested stack and cannot be imported into a stack set"
    if stack.status not in UPDATABLE:
        return f"Stack {stack.id} is in {stack.status} state and cannot be imported"
    if parsed(stack.target.body) != parsed(order["Body"]):
        return f"The template of stack {stack.id} does not match the template of the stack set"
    return ""


def overriding(stack: Stack, order: Params) -> dict[str, str]:
    """The parameters in which a stack differs from the set: it keeps them as overrides."""
    wanted: dict[str, str] = order["Parameters"]
    return {name: text for name, text in stack.target.supplied.items() if wanted.get(name) != text}
