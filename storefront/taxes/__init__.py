"""What the state takes: tax categories, one rate per country and category, pure calculation.

Leans on foundation alone. Speaks nothing.
"""
