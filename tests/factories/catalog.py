"""Products for tests, made by the service that everything else uses too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as combinations
from typing import Any

from sqlalchemy import select

from storefront.catalog.entries import OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.models import Category, Product, ProductStatus, Variant
from storefront.catalog.services import save_category, save_product
from storefront.foundation.database import db
from storefront.inventory.services import receive_stock, set_policy

ACTOR = "staff:1"


@dataclass(frozen=True)
class MadeProduct:
    """Ids of what was made; `variant_id` is the first variant's."""

    id: int
    slug: str
    variant_ids: list[int] = field(default_factory=list)

    @property
    def variant_id(self) -> int:
        return self.variant_ids[0]


def product_entry(
    *, slug: str = "bowl", name: str = "", amount: int = 2400, options: Mapping[str, Sequence[str]] | None = None,
    amounts: Mapping[tuple[str, ...], int] | None = None, status: str | None = "active", **overrides: Any,
) -> ProductEntry:
    """Return an entry; `options` maps names to values, every combination becomes a variant.

    SKUs are the slug and the values in capitals: BOWL, BOWL-MOSS-SMALL.
    """
    options = options or {}
    variants = tuple(
        VariantEntry(sku="-".join((slug, *values)).upper().replace(" ", "_"), values=values,
                     amount=(amounts or {}).get(values, amount),
                     compare_at_amount=overrides.get("compare_at_amount"),
                     weight_grams=overrides.get("weight_grams", 500))
        for values in combinations(*options.values())
    )
    overrides = {key: value for key, value in overrides.items() if key not in ("compare_at_amount", "weight_grams")}
    said: dict[str, Any] = {
        "slug": slug, "name": name or slug.replace("-", " ").title(), "variants": variants,
        "options": tuple(OptionEntry(name=label, values=tuple(OptionValueEntry(value=value) for value in values))
                         for label, values in options.items()),
        "status": ProductStatus(status) if status else None,
    }
    return ProductEntry(**{**said, **overrides})


def make_product(*, slug: str = "bowl", stock: int = 10, policy: str | None = None, **overrides: Any) -> MadeProduct:
    """Save a product on sale with `stock` units of every variant; see product_entry for the rest.

    Categories named in `categories` are made as they are needed.
    """
    for path in overrides.get("categories", ()):
        make_category(path)
    result = save_product(entry=product_entry(slug=slug, **overrides), actor=ACTOR)
    variant_ids = list(db.session.scalars(
        select(Variant.id).where(Variant.product_id == result.product_id, Variant.is_archived.is_(False))
        .order_by(Variant.position)
    ))
    for variant_id in variant_ids:
        if policy is not None:
            set_policy(variant_id=variant_id, policy=policy, actor=ACTOR)
        if stock:
            receive_stock(variant_id=variant_id, quantity=stock, actor=ACTOR)
    real_slug = db.session.scalar(select(Product.slug).where(Product.id == result.product_id))
    return MadeProduct(result.product_id, real_slug or slug, variant_ids)


def make_category(path: str, name: str = "") -> int:
    """Save the category and those above it where they are missing; returns its id."""
    known = db.session.scalar(select(Category.id).where(Category.path == path))
    if known is not None and not name:
        return known
    above, _, slug = path.rpartition("/")
    if above:
        make_category(above)
    return save_category(path=path, name=name or slug.replace("-", " ").title())
