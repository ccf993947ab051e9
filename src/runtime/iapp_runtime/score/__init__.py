"""Scoring: what generated modules call, and the service around them."""
