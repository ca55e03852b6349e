"""Reads what a batch of product pages shows in as many queries as one page needs."""

from __future__ import annotations

from collections.abc import Collection

from storefront.browse.cards import variant_ids
from storefront.catalog import queries as catalog
from storefront.catalog.details import load_products
from storefront.foundation.ahead import prime
from storefront.foundation.shop import facts
from storefront.inventory.queries import read_availability


def prime_products(slugs: Collection[str]) -> None:
    """Have the answers ready that the pages of these products will ask for; inside `reading_ahead`."""
    products = load_products(slugs, facts().currency)
    for slug, product in products.items():
        prime(catalog.read_product, slug, answer=product)
    categories = {product.category_id for product in products.values() if product.category_id is not None}
    near = [card for category_id in sorted(categories) for card in catalog.read_newest_of_category(category_id)]
    read_availability([*(variant.id for product in products.values() for variant in product.variants),
                       *variant_ids(near)])
