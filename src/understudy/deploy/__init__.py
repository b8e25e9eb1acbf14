"""Executing a change set as a state machine."""
