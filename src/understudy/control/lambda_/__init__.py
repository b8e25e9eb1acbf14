"""Lambda: functions with their versions, aliases, policies and event source mappings."""
