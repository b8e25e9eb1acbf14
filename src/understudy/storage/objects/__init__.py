"""Buckets and their objects on disk: contents as files, everything else in SQLite, both durable."""
