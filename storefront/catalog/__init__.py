"""What is for sale: products, variants, options, categories, collections, brands, prices, images.

Leans on foundation alone; stock is inventory's, tax is taxes'. Speaks ProductChanged, ProductRenamed,
CategoryChanged, CollectionChanged, ImageAdded.
"""
