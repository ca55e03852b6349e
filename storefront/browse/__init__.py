"""The pages that compose many contexts: home, category, collection, search, product, island.

Leans on everything a page shows; has no tables of its own.
"""
