"""A product read back as the entry that would change nothing: what forms, exports and undo begin from."""

from __future__ import annotations

from storefront.catalog.entries import ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.errors import InvalidProduct
from storefront.catalog.models import Product, Variant
from storefront.foundation.shop import facts


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
