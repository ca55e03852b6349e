"""What every context stands on and what knows nothing of shops.

Settings, the database and its transactions, money, the clock, the outbox, the
cache, htmx answers, the request guard, roles and health. Leans on nobody.
"""
