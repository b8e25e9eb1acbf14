"""Scaling decisions as functions of their inputs."""
