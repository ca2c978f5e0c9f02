"""Baseline: how the service really performs, whether that is changing, and how sure we are."""
