"""Buying commitments: Reserved Instances, Savings Plans, Capacity Reservations."""
