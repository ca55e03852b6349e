"""A product as the outside describes it: what import, seeding, forms and tests hand to `save_product`.

Amounts are minor units of the shop's currency, weights grams, times aware and UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from storefront.catalog.errors import InvalidProduct
from storefront.catalog.models import ProductStatus

Outcome = Literal["created", "updated", "unchanged"]
SLUG = re.compile(r"[\w.~-]{1,200}")
SWATCH = re.compile(r"(#[0-9a-fA-F]{6})?")
MAX_AMOUNT = 10**12  # minor units; the CHECK of catalog_price
MAX_GRAMS = 10**8  # the CHECK of catalog_variant


@dataclass(frozen=True, kw_only=True)
class OptionValueEntry:
    """One answer to an option; `swatch` is a #rrggbb color or empty."""

    value: str
    swatch: str = ""


@dataclass(frozen=True, kw_only=True)
class OptionEntry:
    """A choice, such as Size, with its answers in the order in which they are shown."""

    name: str
    values: tuple[OptionValueEntry, ...]


@dataclass(frozen=True, kw_only=True)
class VariantEntry:
    """What is bought; `values` answers the product's options in their order."""

    amount: int
    sku: str = ""
    values: tuple[str, ...] = ()
    compare_at_amount: int | None = None
    weight_grams: int = 0
    gtin: str = ""
    needs_shipping: bool = True
    image_index: int | None = None  # its picture's place among the entry's images
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImageEntry:
    """A picture: `key` when it lies in the media store, else `source_url`, from which a job fetches it."""

    source_url: str = ""
    key: str = ""
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class ProductEntry:
    """The whole product. None leaves what the product has (a new one: the default)."""

    slug: str
    name: str
    variants: tuple[VariantEntry, ...]
    options: tuple[OptionEntry, ...] = ()
    images: tuple[ImageEntry, ...] | None = None
    is_complete: bool = True  # False: what it does not name (variants, option values, images) stays as it is
    keeps_uploads: bool = False  # images without a source_url stay though `images` does not name them
    subtitle: str = ""
    description: str = ""  # HTML or plain paragraphs; sanitized on the way in
    facts: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    status: ProductStatus | None = None
    brand: str = ""
    categories: tuple[str, ...] | None = None  # paths of existing categories; the first shows in breadcrumbs
    tax_category: str = "standard"
    seo_title: str = ""
    seo_description: str = ""
    created_at: datetime | None = None
    published_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SaveResult:
    """What became of an entry; `changes` says what moved and `notes` what was not taken as said."""

    product_id: int
    outcome: Outcome
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_entry(entry: ProductEntry) -> None:
    """Raise InvalidProduct, with one sentence, when the entry cannot become a product."""
    for problem in (*_problems(entry), *_option_problems(entry), *_variant_problems(entry)):
        raise InvalidProduct(problem)


def _problems(entry: ProductEntry) -> Iterator[str]:
    if not SLUG.fullmatch(entry.slug):
        yield f"“{entry.slug[:60]}” cannot be the product's address: letters, digits and hyphens, at most 200."
    if not entry.name.strip():
        yield f"The product “{entry.slug}” has no name."
    limits = {"name": (entry.name, 300), "subtitle": (entry.subtitle, 300), "SEO title": (entry.seo_title, 300),
              "brand": (entry.brand, 120), "tax category": (entry.tax_category, 40)}
    for label, (text, limit) in limits.items():
        if len(text) > limit:
            yield f"The {label} of “{entry.slug}” has {len(text)} characters; at most {limit} fit."
    if "\0" in "".join(_texts(entry)):
        yield f"The product “{entry.slug}” holds a NUL byte, which no text may."
    if any(len(image.alt) > 500 for image in entry.images or ()):
        yield f"An image text of “{entry.slug}” has more than 500 characters."


def _texts(entry: ProductEntry) -> Iterator[str]:
    yield from (entry.name, entry.subtitle, entry.description, entry.brand, entry.seo_title, entry.seo_description)
    yield from entry.tags
    for fact in entry.facts:
        yield from fact
    for variant in entry.variants:
        yield from (variant.sku, variant.gtin, *variant.values)
    for image in entry.images or ():
        yield from (image.alt, image.source_url)


def _option_problems(entry: ProductEntry) -> Iterator[str]:
    names = [option.name for option in entry.options]
    if len(set(names)) != len(names) or not all(0 < len(name) <= 80 for name in names):
        yield f"The options of “{entry.slug}” need different names of at most 80 characters."
    for option in entry.options:
        values = [value.value for value in option.values]
        if len(set(values)) != len(values) or not all(0 < len(value) <= 120 for value in values):
            yield f"The values of {option.name} of “{entry.slug}” must differ and have at most 120 characters."
        if not all(SWATCH.fullmatch(value.swatch) for value in option.values):
            yield f"A swatch of {option.name} of “{entry.slug}” is no color such as #87906a."


def _variant_problems(entry: ProductEntry) -> Iterator[str]:
    if not entry.variants:
        yield f"The product “{entry.slug}” has no variant: one is needed to be bought."
    if len(entry.variants) > 1:
        yield from _repetitions(entry)
    allowed = [{value.value for value in option.values} for option in entry.options]
    for variant in entry.variants:
        if len(variant.values) != len(allowed) or any(
            value not in known for value, known in zip(variant.values, allowed, strict=False)
        ):
            yield f"A variant of “{entry.slug}” ({' / '.join(variant.values)}) does not answer its options."
        yield from _number_problems(entry, variant)


def _repetitions(entry: ProductEntry) -> Iterator[str]:
    for sku, count in Counter(variant.sku for variant in entry.variants if variant.sku).items():
        if count > 1:
            yield f"The SKU {sku} occurs {count} times in “{entry.slug}”."
    for values, count in Counter(variant.values for variant in entry.variants).items():
        if count > 1:
            yield f"“{entry.slug}” has {count} variants that are {' / '.join(values) or 'without options'}."


def _number_problems(entry: ProductEntry, variant: VariantEntry) -> Iterator[str]:
    if not all(0 <= amount <= MAX_AMOUNT for amount in (variant.amount, variant.compare_at_amount or 0)):
        yield f"A price of “{entry.slug}” is below zero or above what the shop can keep."
    if not 0 <= variant.weight_grams <= MAX_GRAMS:
        yield f"A weight of “{entry.slug}” is below zero or above 100 tonnes."
    if len(variant.sku) > 120 or len(variant.gtin) > 14:
        yield f"The SKU or barcode of a variant of “{entry.slug}” is too long."
    images = len(entry.images or ())
    if variant.image_index is not None and not 0 <= variant.image_index < images:
        yield f"A variant of “{entry.slug}” names a picture that is not among the {images} given."
