"""Notebooks whose model is asked by a key or a horizon: what is served is a call with plain arguments, not a table."""
