"""Processes that serve models."""
