"""Stack refactoring: resources change their stack or their logical id, and nothing else changes."""
