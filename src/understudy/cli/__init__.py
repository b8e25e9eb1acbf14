"""Commands and terminal views."""
