"""SageMaker hosting: models, endpoint configurations, endpoints."""
