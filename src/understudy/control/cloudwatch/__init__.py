"""CloudWatch: metrics, alarms on them, dashboards that are kept."""
