"""The template language: parse, check, resolve, compare. Nothing here knows a service."""
