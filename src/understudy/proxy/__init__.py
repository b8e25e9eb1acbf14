"""The data plane: front door, balancing, and what it measures."""
