"""How many there are: stock locations, levels, reservations, allocations and their ledger.

Leans on foundation alone and knows variants by id. `available = on_hand - reserved - allocated`,
changed by conditional statements only. Speaks StockChanged.
"""
