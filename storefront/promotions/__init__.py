"""Promotions: what is taken off a price, for whom and why."""
