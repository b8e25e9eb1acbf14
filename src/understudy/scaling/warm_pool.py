"""How large a warm pool is. AWS: Warm pools for Amazon EC2 Auto Scaling."""


def warm_pool_size(maximum: int, desired: int, prepared: int | None = None, least: int = 0) -> int:
    """The instances that a warm pool keeps.

    ``prepared`` is MaxGroupPreparedCapacity, which stands in for the group's maximum; ``least`` is
    the pool's own minimum.

    >>> warm_pool_size(10, 6), warm_pool_size(10, 6, prepared=8), warm_pool_size(10, 9, least=3)
    (4, 2, 3)
    """
    capacity = maximum if prepared is None else prepared
    return max(least, capacity - desired, 0)
