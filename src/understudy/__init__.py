"""A stand-in for AWS on one machine, for machine-learning infrastructure."""
