"""sipnb: evidence-based Service Improvement Plans from IT-service-management records."""

__version__ = "0.1.0"
