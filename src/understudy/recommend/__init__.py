"""Searches policies, sizes and purchases with the simulator."""
