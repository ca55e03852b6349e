"""The visitor's part of a public page: what a page that is the same for everyone cannot say, and a kept one may not."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from storefront.browse.cards import show_cards, variant_ids
from storefront.browse.choice import Wish, build_choice, choose, list_versions
from storefront.browse.pages import Choice, ProductCard, VariantRow
from storefront.catalog import queries as catalog
from storefront.catalog.details import ProductDetail
from storefront.foundation.errors import NotFound
from storefront.foundation.shop import facts
from storefront.inventory.queries import read_availability
from storefront.recommendations.recent import look_at
from storefront.taxes.queries import read_tax_note


@dataclass(frozen=True, slots=True)
class ProductNow:
    """What of a product's page moves: the choice that stands, every version, and what the visitor saw before."""

    slug: str
    choice: Choice
    others: Sequence[VariantRow]
    recent: Sequence[ProductCard]


def read_product_now(slug: str, wish: Wish, holder_id: uuid.UUID | None) -> ProductNow | None:
    """Return stock and price of this moment, and note that the holder looked; None for what is not on sale.

    A slug that the product had before is as good: the page may have been opened then. Without a holder (a cart or a
    customer) nothing is noted and nothing was seen before. One statement of SQL when the catalog is kept: the stock.
    """
    product = _read_product(slug)
    if product is None:
        return None
    seen = [catalog.find_card(product_id) for product_id in look_at(holder_id, product.id)] if holder_id else []
    cards = [card for card in seen if card is not None]
    stock = read_availability([*(variant.id for variant in product.variants), *variant_ids(cards)])
    tax_note = read_tax_note(facts().country, product.tax_category)
    return ProductNow(
        slug=product.slug, choice=build_choice(product, choose(product, wish, stock), stock, tax_note),
        others=list_versions(product, stock), recent=show_cards(cards, stock),
    )


def _read_product(slug: str) -> ProductDetail | None:
    with suppress(NotFound):
        return catalog.read_product(slug)
    with suppress(NotFound):
        return catalog.read_product(catalog.find_present_slug(slug) or "")
    return None
