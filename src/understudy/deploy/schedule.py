"""Which tasks may start: worked out once from what they come after, then kept up to date."""

from collections import deque
from collections.abc import Iterator

from understudy.deploy.stack import Task

SETTLED = ("Done", "Failed", "Cancelled")


class Schedule:
    """The order of some tasks. It holds nothing that the tasks themselves do not say.

    A task may start when all that it comes after are done, or at least configured where it only
    refers to them; what comes after one that is not done in the end can never start, and is
    cancelled. Names of tasks that do not exist hold nobody up.
    """

    def __init__(self, tasks: dict[str, Task]) -> None:
        self.tasks = tasks
        self._unsettled = sum(task.state not in SETTLED for task in tasks.values())
        self._followers: dict[str, list[str]] = {}
        self._open: dict[str, int] = {}
        self._ready: deque[str] = deque()
        for key, task in tasks.items():
            if task.state == "Waiting":
                self._add(key, task)

    def _add(self, key: str, task: Task) -> None:
        needs = [each for each in task.after if each in self.tasks]
        waiting = [each for each in needs if not self._suffices(each, task)]
        self._open[key] = len(waiting)
        for need in waiting:
            self._followers.setdefault(need, []).append(key)
        if not waiting:
            self._ready.append(key)

    def _suffices(self, need: str, task: Task) -> bool:
        found = self.tasks[need]
        return found.state == "Done" or (found.configured and need not in task.explicit)

    @property
    def unsettled(self) -> int:
        """How many tasks have not come to their end."""
        return self._unsettled

    @property
    def is_settled(self) -> bool:
        """Whether every task has come to its end."""
        return not self._unsettled

    def ready(self) -> Iterator[str]:
        """Take the tasks that may start, those that become ready meanwhile too."""
        while self._ready:
            key = self._ready.popleft()
            if self.tasks[key].state == "Waiting":
                yield key

    def settle(self, key: str, state: str) -> None:
        """A task has come to its end: ``Done``, ``Failed`` or ``Cancelled``."""
        ended = [(key, state)]
        while ended:
            name, end = ended.pop()
            task = self.tasks[name]
            if task.state in SETTLED:
                continue
            task.state = end
            self._unsettled -= 1
            for follower in self._followers.get(name, ()):
                if end != "Done":
                    ended.append((follower, "Cancelled"))
                else:
                    self._release(follower)

    def configured(self, key: str) -> None:
        """A task only waits for its resource to become stable: let go what merely refers to it."""
        followers = self._followers.pop(key, [])
        self._followers[key] = [each for each in followers if key in self.tasks[each].explicit]
        for follower in followers:
            if key not in self.tasks[follower].explicit:
                self._release(follower)

    def _release(self, follower: str) -> None:
        self._open[follower] -= 1
        if not self._open[follower]:
            self._ready.append(follower)

    def again(self, key: str) -> None:
        """Let a task start once more."""
        self.tasks[key].state = "Waiting"
        self._open[key] = 0
        self._ready.append(key)
