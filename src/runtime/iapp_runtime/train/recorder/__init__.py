"""Recording: watching the notebook's own run, without changing it."""
