"""Which capacity provider each task goes to. AWS: CapacityProviderStrategyItem."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from understudy.control.events import Params


def next_provider(strategy: Sequence[Params], there: Mapping[str, int]) -> str:
    """The provider of the next task, given how many tasks each has: the base first, then weights.

    Weights 1 and 4 with a base of 2 for the first give the first two tasks to the first; of the
    next five it has one. Ties go to the provider that is named first.
    """
    for item in strategy:
        if there.get(item["capacityProvider"], 0) < item.get("base", 0):
            return item["capacityProvider"]

    def fullness(item: Params) -> float:
        beyond = there.get(item["capacityProvider"], 0) - item.get("base", 0)
        return (beyond + 1) / item["weight"]

    return min((item for item in strategy if item.get("weight", 0)), key=fullness)[
        "capacityProvider"
    ]


def providers(strategy: Sequence[Params], there: Iterable[str], count: int) -> list[str]:
    """The providers of ``count`` more tasks, where the tasks there are have these."""
    numbers = Counter(there)
    chosen: list[str] = []
    for _ in range(count):
        chosen.append(next_provider(strategy, numbers))
        numbers[chosen[-1]] += 1
    return chosen
