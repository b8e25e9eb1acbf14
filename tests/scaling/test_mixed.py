"""Tables from AWS: Auto Scaling groups with multiple instance types and purchase options."""

import pytest

from understudy.scaling.mixed import Pool, preferred, price_per_unit, split


@pytest.mark.parametrize(
    ("total", "base", "percent", "expected"),
    [
        (10, 10, 50, (10, 0, 0)),
        (30, 10, 50, (10, 10, 10)),
        (40, 10, 50, (10, 15, 15)),
        (10, 0, 0, (0, 0, 10)),
        (30, 0, 0, (0, 0, 30)),
        (40, 0, 0, (0, 0, 40)),
        (10, 0, 60, (0, 6, 4)),
        (30, 0, 60, (0, 18, 12)),
        (40, 0, 60, (0, 24, 16)),
        (10, 0, 100, (0, 10, 0)),
        (30, 0, 100, (0, 30, 0)),
        (40, 0, 100, (0, 40, 0)),
        (10, 12, 0, (10, 0, 0)),
        (30, 12, 0, (12, 0, 18)),
        (40, 12, 0, (12, 0, 28)),
        pytest.param(5, 0, 50, (0, 3, 2), id="the on-demand share is rounded up"),
    ],
)
def test_the_split_into_on_demand_and_spot(
    total: int, base: int, percent: int, expected: tuple[int, int, int]
) -> None:
    found = split(total, base, percent)
    assert (found.base, found.on_demand_above, found.spot) == expected
    assert found.on_demand + found.spot == total


@pytest.mark.parametrize(
    ("price", "weight", "expected"),
    [(0.18, 2, 0.09), (0.779, 12, 0.065), (1.207, 18, 0.067), (1.555, 24, 0.065)],
)
def test_prices_per_unit(price: float, weight: int, expected: float) -> None:
    # AWS: Instance weights, spot prices of c5.2xlarge, 12xlarge, 18xlarge and 24xlarge.
    assert round(price_per_unit(price, weight), 3) == expected


C5, M5, R5, UNKNOWN = (
    Pool(name, "a", weight, rank)
    for rank, (name, weight) in enumerate([("c5", 1), ("m5", 1), ("r5", 4), ("x", 1)])
)
PRICES = {C5: 0.3, M5: 0.2, R5: 0.4}


@pytest.mark.parametrize(
    ("strategy", "breadth", "used", "order"),
    [
        pytest.param("prioritized", 1, {}, [C5, M5, R5, UNKNOWN], id="by rank"),
        pytest.param("lowest-price", 1, {}, [R5, M5, C5, UNKNOWN], id="the cheapest unit first"),
        pytest.param(
            "lowest-price", 2, {R5: 3, M5: 1}, [M5, R5, C5, UNKNOWN], id="spread over the two"
        ),
        pytest.param(
            "price-capacity-optimized", 2, {R5: 1}, [M5, C5, UNKNOWN, R5], id="spread over all"
        ),
        pytest.param(
            "capacity-optimized-prioritized", 2, {C5: 9}, [C5, M5, R5, UNKNOWN], id="by rank too"
        ),
    ],
)
def test_which_pool_comes_first(
    strategy: str, breadth: int, used: dict[Pool, int], order: list[Pool]
) -> None:
    pools = [UNKNOWN, R5, C5, M5]
    assert preferred(pools, strategy, PRICES, used, breadth) == order
