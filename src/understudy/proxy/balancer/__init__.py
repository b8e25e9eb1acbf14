"""Elastic Load Balancing on the data plane: listeners, rules, targets, health, measurements."""
