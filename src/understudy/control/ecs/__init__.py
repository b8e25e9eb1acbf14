"""Amazon ECS: clusters, task definitions, services with their deployments, tasks, capacity."""
