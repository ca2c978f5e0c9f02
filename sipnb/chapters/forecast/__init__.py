"""Forecast: what happens if nothing is done, and how likely each target is to be missed."""
