"""The control planes of the services: events in, commands out."""
