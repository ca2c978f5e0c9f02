"""Drivers: which rows a measure counts as gone wrong, what was known of them beforehand, and the hours that users lose by them.

Numbers only; what is said of them is said above. A driver is known before the outcome: at the opening of a ticket, or by a
landmark while it was still undecided. What is written down afterwards goes with every outcome and causes none.
"""
