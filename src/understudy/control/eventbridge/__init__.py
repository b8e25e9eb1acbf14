"""EventBridge: when schedules are due, what services tell of themselves, what a target is given."""
