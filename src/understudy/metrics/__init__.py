"""Datapoints, statistics, windows and the store that alarms read."""
