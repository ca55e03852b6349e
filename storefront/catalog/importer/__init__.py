"""Products from other shops' files: read by row, saved by product, committed by batch, and undone again.

index.py reads the file once, groups.py gathers rows by product, shopify.py and woocommerce.py make them a
ProductEntry, batches.py saves entries, importing.py goes through the file; what cannot be taken is reported by line
and column and keeps nothing else out.
"""
