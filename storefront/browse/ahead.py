"""Reads what a batch of product pages shows in as many queries as one page needs."""

from __future__ import annotations

from collections.abc import Collection

from storefront.browse.cards import variant_ids
from storefront.catalog import queries as catalog
from storefront.catalog.details import load_products
from storefront.foundation.ahead import prime
from storefront.foundation.shop import facts
from storefront.inventory.queries import read_availability
from storefront.recommendations.queries import read_beside, read_beside_many


def prime_products(slugs: Collection[str]) -> None:
    """Have the answers ready that the pages of these products will ask for; inside `reading_ahead`."""
    products = load_products(slugs, facts().currency)
    for slug, product in products.items():
        prime(catalog.read_product, slug, answer=product)
    categories = {product.category_id for product in products.values() if product.category_id is not None}
    beside = read_beside_many([product.id for product in products.values()])
    for product_id, answer in beside.items():
        prime(read_beside, product_id, answer=answer)
    newest = catalog.read_newest_by_category(categories)
    for category_id, cards in newest.items():
        prime(catalog.read_newest_of_category, category_id, answer=cards)
    read_availability([*(variant.id for product in products.values() for variant in product.variants),
                       *(variant_id for cards in newest.values() for variant_id in variant_ids(cards)),
                       *(variant_id for _, cards in beside.values() for variant_id in variant_ids(cards))])
