"""The front page of a plan: its headline, main points, decisions and changes, from what the chapters handed over."""
