"""Which categories hold something that the public may buy: menus lead to no bare shelf."""

from __future__ import annotations

from sqlalchemy import select

from storefront.catalog.cards import is_on_sale
from storefront.catalog.models import Category, Product, product_category
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.foundation.shop import facts


@cached("catalog")
def read_filled_paths() -> list[str]:
    """Return the paths of the categories in which, or below which, a product is on sale, sorted."""
    place = product_category.c
    holds = (select(place.product_id).join(Product, Product.id == place.product_id)
             .where(place.category_id == Category.id, is_on_sale(facts().currency)).exists())
    filled: set[str] = set()
    for path in db.session.scalars(select(Category.path).where(holds)):
        parts = path.split("/")
        filled.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return sorted(filled)
