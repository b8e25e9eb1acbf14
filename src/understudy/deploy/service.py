"""CloudFormation in one region: its stacks, and what keeps their operations going."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.resolve import StackOutput
from understudy.cloudformation.schema import Schemas
from understudy.control.events import CallAnswered, CallFailed
from understudy.control.turn import Turn
from understudy.deploy import monitoring, phases, runner, timers
from understudy.deploy.blueprint import Blueprints
from understudy.deploy.handler import Handler, ResourceType
from understudy.deploy.ports import Services
from understudy.deploy.schedule import Schedule
from understudy.deploy.stack import GONE, Answer, Deployment, Stack, StacksState, Task

MACRO = "AWS::CloudFormation::Macro"


class CloudFormation:
    """The service. What runs deployments sees it as `ports.Engine`.

    ``elsewhere`` gives the service of another region, None of one that is not used.
    An operation only begins what it is asked for; `settle`, at the end of the turn, takes every
    touched stack as far as it goes, so that no stack runs inside another's handler.
    """

    def __init__(
        self,
        region: str,
        state: StacksState,
        types: Mapping[str, ResourceType],
        schemas: Schemas,
        services: Services,
        endpoint: str,
    ) -> None:
        self.state = state
        self.types = types
        self.schemas = schemas
        self.services = services
        self.endpoint = endpoint
        self.region = region
        self.elsewhere: Callable[[str], CloudFormation | None] = lambda region: None
        self.blueprints = Blueprints(region, self.export, self.output)
        self.handlers: dict[tuple[str, str], Handler] = {}
        self._schedules: dict[tuple[str, bool], Schedule] = {}
        self._woken: deque[str] = deque()
        self._touched: dict[str, Stack] = {}

    def export(self, name: str) -> str | None:
        """The value of an export, or None where no stack exports that name."""
        for stack in self.present():
            if name in stack.outputs.exports:
                return stack.outputs.exports[name]
        return None

    def output(self, wanted: StackOutput) -> str | None:
        """An output of a stack by its name or ARN, or None. AWS: Fn::GetStackOutput."""
        if wanted.region not in ("", self.region):
            other = self.elsewhere(wanted.region)
            return other.output(wanted) if other else None
        found = self.find(wanted.stack)
        if found is None or found.status == GONE:
            return None
        return found.outputs.values.get(wanted.name)

    def macro(self, name: str) -> str | None:
        """The Lambda function of a macro that a stack defines, or None where there is none."""
        for stack in self.present():
            for each in stack.resources.values():
                if each.type == MACRO and each.physical_id == name:
                    return str(each.properties.get("FunctionName"))
        return None

    def present(self) -> Iterator[Stack]:
        """The stacks that are not deleted."""
        return (self.state.stacks[identity] for identity in self.state.names.values())

    def schedule(self, stack: Stack, tasks: dict[str, Task]) -> Schedule:
        """The order of a stack's tasks; worked out anew where the tasks are others."""
        key = stack.id, stack.detection is not None and tasks is stack.detection.tasks
        known = self._schedules.get(key)
        if known is None or known.tasks is not tasks:
            known = self._schedules[key] = Schedule(tasks)
        return known

    def start(self, stack: Stack, deployment: Deployment, turn: Turn) -> None:
        """Begin an operation on a stack."""
        phases.begin(self, stack, deployment, turn)
        monitoring.watch(stack, deployment, turn)
        self.touch(stack)

    def touch(self, stack: Stack) -> None:
        """Take a stack's operation further before the turn ends."""
        self._touched[stack.id] = stack

    def wake(self, happening: str) -> None:
        """Go on with the tasks that wait for a happening, before the turn ends."""
        self._woken.append(happening)

    def settle(self, turn: Turn) -> bool:
        """Take every touched stack as far as it goes now; whether there was one."""
        if not self._touched and not self._woken:
            return False
        while self._touched or self._woken:
            while self._woken:
                self._happened(self._woken.popleft(), turn)
            if self._touched:
                identity = next(iter(self._touched))
                runner.run(self, self._touched.pop(identity), turn)
        return True

    def _happened(self, happening: str, turn: Turn) -> None:
        for stack_id, key in self.state.awaited.pop(happening, ()):
            stack = self.state.stacks[stack_id]
            runner.answered(self, stack, key, Answer(output=True), turn)

    def on_answer(self, event: CallAnswered | CallFailed, turn: Turn) -> None:
        """The world has answered a call of a handler."""
        waiting = self.state.calls.pop(event.call_id, None)
        if waiting is None:
            return
        if isinstance(event, CallAnswered):
            answer = Answer(event.output)
        else:
            answer = Answer(code=event.code, message=event.message, status=event.status)
        runner.answered(self, self.state.stacks[waiting[0]], waiting[1], answer, turn)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A time that was wished for has come."""
        kind, stack_id, *rest = key
        stack = self.state.stacks.get(stack_id)
        if stack is None:
            return
        if kind == "kept":
            del self.state.stacks[stack_id]
        elif kind == "wait":
            runner.waited(self, stack, rest[0], int(rest[1]), turn)
        else:
            timers.on_timer(self, stack, kind, rest[0], turn)

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

    def forget(self, stack: Stack) -> None:
        """A stack is gone: its name is free."""
        if self.state.names.get(stack.name) == stack.id:
            del self.state.names[stack.name]
        for of_detection in (False, True):
            self._schedules.pop((stack.id, of_detection), None)


def already_exists(name: str) -> Fault:
    """CreateStack on a name that is taken."""
    return Fault("AlreadyExistsException", f"Stack [{name}] already exists")
