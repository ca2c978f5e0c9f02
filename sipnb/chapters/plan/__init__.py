"""The plan: what is done, by whom, by when and to what effect, from what the chapters handed over."""
