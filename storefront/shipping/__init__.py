"""How goods travel: zones of countries, methods with flat or weight-tier rates, quotes.

Leans on foundation alone. Speaks ShippingChanged.
"""
