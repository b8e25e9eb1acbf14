"""What capacity there is to be had: pools, quotas, reservations; and what was used of it."""
