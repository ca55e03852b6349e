"""Whether an entry says what is so: the answer that costs nothing, for most products of most imports.

A no is no harm: save_product compares again, row by row. A yes must be right.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter

from storefront.catalog.entries import ImageEntry, ProductEntry
from storefront.catalog.importer.remembering import Present
from storefront.foundation.richtext import clean_html

JUDGED = {"is_complete", "status", "images", "keeps_uploads", "name", "variants", "categories", "description"}
_rest = attrgetter(*(field.name for field in fields(ProductEntry) if field.name not in JUDGED))


def is_same(entry: ProductEntry, present: Present) -> bool:
    """Tell whether saving the entry, whose status and categories are left or as they are, would change nothing."""
    now = present.entry
    if not entry.is_complete or entry.status not in (None, present.product.status):
        return False
    if entry.images is not None and not _are_same(entry.images, now.images or (), entry.keeps_uploads):
        return False
    if _rest(entry) != _rest(now) or entry.name.strip() != now.name or len(entry.variants) != len(now.variants):
        return False
    variants = entry.variants if entry.images is not None else tuple(
        replace(said, image_index=known.image_index) for said, known in zip(entry.variants, now.variants, strict=True))
    is_said = entry.description == now.description or clean_html(entry.description) == now.description
    return is_said and variants == now.variants


def _are_same(said: tuple[ImageEntry, ...], now: tuple[ImageEntry, ...], keeps_uploads: bool) -> bool:
    left = now[len(said):]
    if left and not (keeps_uploads and all(not image.source_url for image in left)):
        return False
    return len(said) <= len(now) and all(
        one.alt == other.alt
        and ((one.source_url == other.source_url and one.key in ("", other.key)) if one.source_url
             else one.key == other.key)
        for one, other in zip(said, now, strict=False))
