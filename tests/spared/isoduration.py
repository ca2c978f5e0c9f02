"""Stands in the way of a library that jsonschema, below nbformat, imports if it is there: seconds, for checks nobody asks for."""

raise ImportError("spared, as sipnb.imports does")
