"""Review: what was agreed before, and where each action stands."""
