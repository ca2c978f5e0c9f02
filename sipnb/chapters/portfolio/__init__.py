"""The portfolio: every service in order of need, what moved and what changed, the actions, services side by side."""
