"""Drawing many service times at once."""

import numpy as np

from understudy.base.service_time import Constant, Distribution, Gamma, Lognormal
from understudy.sim.queueing import Floats


class Empirical:
    """Service times that were measured, in seconds, drawn with replacement."""

    def __init__(self, seconds: Floats) -> None:
        self.seconds = seconds


def draw(
    distribution: Distribution | Empirical, count: int, generator: np.random.Generator
) -> Floats:
    """``count`` service times, in seconds."""
    match distribution:
        case Constant(seconds):
            return np.full(count, seconds)
        case Lognormal(mu, sigma):
            return generator.lognormal(mu, sigma, count)
        case Gamma(shape, scale):
            return generator.gamma(shape, scale, count)
        case Empirical():
            return generator.choice(distribution.seconds, count)
