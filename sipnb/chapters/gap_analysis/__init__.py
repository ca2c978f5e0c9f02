"""Gap analysis: where the service falls short of what was agreed, and where its misses are."""
