"""The records: what the exports hold, what was set aside and why, and what that does to the plans."""
