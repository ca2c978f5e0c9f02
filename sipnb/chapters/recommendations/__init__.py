"""Recommendations: what to improve, and on what evidence."""
