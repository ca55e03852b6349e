"""Changes of a product as staff make them: read whole, changed in part, saved by the catalog's own service.

Reading and saving are one transaction, so that two people who edit different parts of a product at the
same time do not undo each other.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from storefront.catalog.entries import (
    ImageEntry,
    OptionEntry,
    OptionValueEntry,
    ProductEntry,
    SaveResult,
    VariantEntry,
)
from storefront.catalog.errors import InvalidProduct, UnknownProduct
from storefront.catalog.models import Product, Variant
from storefront.catalog.services import rename_product, save_product
from storefront.foundation.database import db, transactional
from storefront.foundation.shop import facts

Change = Callable[[ProductEntry, Product], ProductEntry]


@transactional
def edit_product(*, product_id: int, change: Change, actor: str, slug: str = "",
                 replaces_variants: bool = False) -> SaveResult:
    """Save the product as `change` returns it; `slug` moves it to another address first.

    With `replaces_variants` the entry comes without variants and `change` brings them all. Raises what the
    catalog's services raise, and InvalidProduct while a variant that is to stay as it is has no price.
    """
    product = find_product(product_id, lock=True)
    if slug and slug != product.slug:
        rename_product(product_id=product_id, slug=slug, actor=actor)
    return save_product(entry=change(entry_of(product, with_variants=not replaces_variants), product), actor=actor)


def find_product(product_id: int, *, lock: bool = False) -> Product:
    """Return the product; raises UnknownProduct."""
    statement = select(Product).where(Product.id == product_id)
    product = db.session.scalar(statement.with_for_update() if lock else statement) if product_id < 2**31 else None
    if product is None:
        raise UnknownProduct("There is no such product; it may have been deleted.")
    return product


def offered(product: Product) -> list[Variant]:
    """Return the variants that are not archived, in their order."""
    return [variant for variant in product.variants if not variant.is_archived]


def entry_of(product: Product, *, with_variants: bool = True) -> ProductEntry:
    """Return the product as an entry that would change nothing, or the same without its variants."""
    main = product.category
    others = sorted(category.path for category in product.categories if category is not main)
    return ProductEntry(
        slug=product.slug, name=product.name, subtitle=product.subtitle, description=product.description,
        facts=tuple((pair[0], pair[1]) for pair in product.facts), tags=tuple(product.tags),
        brand=product.brand.name if product.brand else "", tax_category=product.tax_category,
        categories=((main.path,) if main else ()) + tuple(others),
        seo_title=product.seo_title, seo_description=product.seo_description, extra=product.extra,
        options=tuple(OptionEntry(name=option.name, values=tuple(
            OptionValueEntry(value=value.value, swatch=value.swatch) for value in option.values))
            for option in product.options),
        images=tuple(ImageEntry(source_url=image.source_url, key=image.key, alt=image.alt) for image in product.images),
        variants=tuple(variant_entry_of(product, variant) for variant in offered(product)) if with_variants else (),
    )


def variant_entry_of(product: Product, variant: Variant) -> VariantEntry:
    """Return the variant as an entry that would change nothing; raises InvalidProduct when it has no price."""
    price = next((row for row in variant.prices if row.currency == facts().currency), None)
    if price is None:
        raise InvalidProduct(f"“{variant or product.name}” has no price in {facts().currency} yet. "
                             "Set it under Variants and prices first.")
    places = [image.id for image in product.images]
    return VariantEntry(
        sku=variant.sku or "", values=answers_of(product, variant), amount=price.amount,
        compare_at_amount=price.compare_at_amount, weight_grams=variant.weight_grams, gtin=variant.gtin,
        needs_shipping=variant.needs_shipping, extra=variant.extra,
        image_index=places.index(variant.image_id) if variant.image_id in places else None,
    )


def answers_of(product: Product, variant: Variant) -> tuple[str, ...]:
    """Return the variant's option values in the order of the product's options."""
    by_option = {value.option_id: value.value for value in variant.option_values}
    return tuple(by_option[option.id] for option in product.options if option.id in by_option)
