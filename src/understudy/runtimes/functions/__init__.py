"""Lambda functions as processes: packages, bootstraps, and one process per concurrent call."""
