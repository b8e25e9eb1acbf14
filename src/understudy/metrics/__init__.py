"""Datapoints, statistics, windows, the store of metrics, metric maths."""
