"""EC2 Auto Scaling: groups, their instances, policies and schedules, and what moves them."""
