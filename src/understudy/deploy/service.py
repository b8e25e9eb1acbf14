"""CloudFormation in one region: its stacks, and what keeps their deployments going."""

from collections.abc import Mapping

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.schema import Schemas
from understudy.control.events import CallAnswered, CallFailed
from understudy.control.turn import Turn
from understudy.deploy import phases, runner
from understudy.deploy.blueprint import Blueprints
from understudy.deploy.handler import Handler, ResourceType
from understudy.deploy.ports import Services
from understudy.deploy.stack import Answer, Deployment, Stack, StacksState


class CloudFormation:
    """The service. What runs deployments sees it as `ports.Engine`."""

    def __init__(
        self,
        region: str,
        state: StacksState,
        types: Mapping[str, ResourceType],
        schemas: Schemas,
        services: Services,
    ) -> None:
        self.state = state
        self.types = types
        self.schemas = schemas
        self.services = services
        self.blueprints = Blueprints(region, self.export)
        self.handlers: dict[tuple[str, str], Handler] = {}

    def export(self, name: str) -> str | None:
        """The value of an export, or None where no stack exports that name."""
        for stack in self.state.stacks.values():
            if name in stack.exports and stack.status != phases.GONE:
                return stack.exports[name]
        return None

    def start(self, stack: Stack, deployment: Deployment, turn: Turn) -> None:
        """Begin an operation on a stack and take it as far as it goes now."""
        phases.begin(self, stack, deployment, turn)
        runner.run(self, stack, turn)

    def on_answer(self, event: CallAnswered | CallFailed, turn: Turn) -> None:
        """The world has answered a call of a handler."""
        waiting = self.state.calls.pop(event.call_id, None)
        stack = self.state.stacks.get(waiting[0]) if waiting else None
        if waiting is None or stack is None:
            return
        if isinstance(event, CallAnswered):
            answer = Answer(event.output)
        else:
            answer = Answer(code=event.code, message=event.message, status=event.status)
        runner.answered(self, stack, waiting[1], answer, turn)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A handler's wait is over."""
        _, stack_id, task, number = key
        stack = self.state.stacks.get(stack_id)
        if stack is not None:
            runner.waited(self, stack, task, int(number), turn)

    def on_restart(self, turn: Turn) -> None:
        """The process came back: ask the world again for what it may not have answered."""
        for stack_id, task in list(self.state.calls.values()):
            runner.ask_again(self, self.state.stacks[stack_id], task, turn)

    def find(self, name: str) -> Stack | None:
        """A stack by name or ARN. A name never finds a deleted stack; an ARN does."""
        return self.state.stacks.get(self.state.names.get(name, name))

    def stack(self, name: str) -> Stack:
        """A stack by name or ARN. Raises ValidationError where there is none."""
        found = self.find(name)
        if found is None:
            raise validation_error(f"Stack with id {name} does not exist")
        return found

    def bracketed(self, name: str) -> Stack:
        """The same, in the words of the operations that name the stack in brackets."""
        found = self.find(name)
        if found is None:
            raise validation_error(f"Stack [{name}] does not exist")
        return found


def already_exists(name: str) -> Fault:
    """CreateStack on a name that is taken."""
    return Fault("AlreadyExistsException", f"Stack [{name}] already exists")
