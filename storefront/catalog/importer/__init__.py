"""Products from other shops' files: read by row, saved by product, committed by batch.

reader.py turns bytes into rows, shopify.py rows into a ProductEntry, importing.py entries into the catalog;
what cannot be taken is reported by line and column and keeps nothing else out.
"""
