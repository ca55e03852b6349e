"""Turning a cart into a placed, paid order, one step at a time.

Leans on cart, shipping, taxes, payments, inventory and orders. Its one table holds what
was typed so far.
"""
