"""The simulated world: virtual time, a traffic trace, a model of the world."""
