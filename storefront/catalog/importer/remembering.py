"""What a file says against what the last one said and what is so: the shop's own decisions stay where nothing is new.

Status, category and stock are taken from a file only for a new product, or when the file's words for them differ
both from those of the last import, which `extra` remembers, and from what an export would say now. Columns that a
file does not have are no word about anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from storefront.catalog.choices import match_variants
from storefront.catalog.entries import OptionEntry, ProductEntry, VariantEntry
from storefront.catalog.importer import columns
from storefront.catalog.importer.formats import Format, ReadProduct
from storefront.catalog.importer.places import slugify
from storefront.catalog.importer.stock import Count, Level, read_count, say_count
from storefront.catalog.models import Product, ProductStatus, Variant
from storefront.catalog.portrait import offered

Words = Mapping[str, str]
S = ProductStatus
STATUS_WORDS = {S.ACTIVE: ("active", "true"), S.DRAFT: ("draft", "false"), S.PENDING_REVIEW: ("draft", "false"),
                S.APPROVED: ("active", "false"), S.INACTIVE: ("active", "false"), S.DISCONTINUED: ("archived", "false")}
OF_COUNT = tuple(say_count(Count(0, "deny")))
OF_EVERY_VARIANT = {"Variant Fulfillment Service": "manual", "Variant Taxable": "true", "Variant Weight Unit": "g"}


@dataclass(frozen=True)
class Present:
    """A product of the shop as it stands: its row, the entry that would change nothing, its stock by variant id."""

    product: Product
    entry: ProductEntry
    levels: Mapping[int, Level]


def say_product(present: Present) -> dict[str, str]:
    """Return the words in which an export decides status and category: those of the last import while they are true."""
    product, extra = present.product, present.product.extra
    status, published = STATUS_WORDS[product.status]
    words = {"Status": status, "Published": published, "Gift Card": "false",
             "Type": product.category.name if product.category else "",
             columns.CATEGORIES: ", ".join(present.entry.categories or ())}
    if product.category and slugify(str(extra.get("Type", ""))) == product.category.slug:
        words["Type"] = extra["Type"]
    if _is_true_status(extra, product.status):
        words |= {column: str(extra.get(column, "")) for column in ("Status", "Published", "Gift Card")}
    return {column: word for column, word in words.items() if word}


def say_variant(variant: Variant, level: Level | None) -> dict[str, str]:
    """Return the words in which an export tells of the variant's stock and of what is so for all of them."""
    now = level.count if level else Count(0, "deny")
    said = {column: str(variant.extra[column]) for column in OF_COUNT if column in variant.extra}
    return OF_EVERY_VARIANT | (said if said and read_count(said) == now else say_count(now))


def reconcile(read: ReadProduct, entry: ProductEntry, source: Format, header: tuple[str, ...],
              present: Present) -> tuple[ProductEntry, tuple[Count | None, ...]]:
    """Return the entry with all that the file says nothing new about left as it is, and the counts to make."""
    words = say_product(present) if source.says_now else {}
    spoken = _spoken(source.prefix, header)
    before: Mapping[str, Any] = present.product.extra
    decided = {name: _has_news(group, entry.extra, before, words, spoken)
               for name, group in (("status", source.of_status), ("categories", source.of_categories))}
    left = {column for name, group in (("status", source.of_status), ("categories", source.of_categories))
            if not decided[name] for column in group}
    variants, counts = _reconcile_variants(read, entry, source, header, present)
    silent = _unsaid(tuple(source.fields.items()), header)
    unsaid = {name: getattr(present.entry, name) for name in silent if name != "swatches"}
    entry = replace(entry, **unsaid, variants=variants, extra=_merge(entry.extra, before, words, spoken, left),
                    status=entry.status if decided["status"] else None,
                    # They are made only when they are wanted: () asks for them, None leaves them.
                    categories=() if decided["categories"] else None)
    if "swatches" in silent and entry.options:
        entry = replace(entry, options=_with_swatches(entry.options, present.entry.options))
    return entry, counts


def _reconcile_variants(read: ReadProduct, entry: ProductEntry, source: Format, header: tuple[str, ...],
                        present: Present) -> tuple[tuple[VariantEntry, ...], tuple[Count | None, ...]]:
    known = list(present.product.variants)
    portraits = dict(zip((variant.id for variant in offered(present.product)), present.entry.variants, strict=True))
    spoken = _spoken(source.variant_prefix, header)
    unsaid = _unsaid(tuple(source.variant_fields.items()), header)
    variants: list[VariantEntry] = []
    counts: list[Count | None] = []
    for said, count, variant in zip(entry.variants, read.counts, match_variants(known, entry.variants), strict=True):
        if variant is None:
            variants.append(said)
            counts.append(count)
            continue
        words = say_variant(variant, present.levels.get(variant.id)) if source.says_now else {}
        has_news = _has_news(source.of_stock, said.extra, variant.extra, words, spoken)
        left = () if has_news else source.of_stock
        kept = {name: getattr(portraits[variant.id], name) for name in unsaid if variant.id in portraits}
        variants.append(replace(said, **kept, extra=_merge(said.extra, variant.extra, words, spoken, left)))
        counts.append(count if has_news else None)
    return tuple(variants), tuple(counts)


def _has_news(group: Collection[str], said: Words, before: Mapping[str, Any], words: Words,
              spoken: Collection[str]) -> bool:
    told = [column for column in group if column in spoken]
    is_repeated = all(said.get(column) == before.get(column) for column in told)
    is_so = bool(words) and all(said.get(column) == words.get(column) for column in told)
    return not (is_repeated or is_so)


def _merge(said: Mapping[str, Any], before: Mapping[str, Any], words: Words, spoken: Collection[str],
           left: Collection[str]) -> dict[str, Any]:
    """Return what to remember: what is left alone and what the file has no column for stays as it was."""
    merged = {column: word for column, word in before.items() if column not in spoken or column in left}
    for column, word in said.items():
        if column in left:
            continue
        if word != words.get(column) or before.get(column) == word:
            merged[column] = word
        elif column in before:
            merged[column] = before[column]
    return merged


@lru_cache(maxsize=8)  # of one file it is the same for each product
def _spoken(prefix: str, header: tuple[str, ...]) -> frozenset[str]:
    return frozenset(prefix + column for column in header)


@lru_cache(maxsize=8)
def _unsaid(fields: tuple[tuple[str, tuple[str, ...]], ...], header: tuple[str, ...]) -> list[str]:
    return [name for name, told in fields if not any(column in header for column in told)]


def _with_swatches(options: tuple[OptionEntry, ...], known: tuple[OptionEntry, ...]) -> tuple[OptionEntry, ...]:
    swatches = {(option.name, value.value): value.swatch for option in known for value in option.values}
    return tuple(replace(option, values=tuple(
        replace(value, swatch=value.swatch or swatches.get((option.name, value.value), "")) for value in option.values))
        for option in options)


def _is_true_status(extra: Mapping[str, Any], status: ProductStatus) -> bool:
    """Tell whether what the last file said of the status is still so."""
    said = str(extra.get("Status", ""))
    if not said and "Published" not in extra:
        return False
    is_published = str(extra.get("Published", "true")).lower() == "true"
    if str(extra.get("Gift Card", "")).lower() == "true":
        return status is S.DRAFT
    if (said or "active").lower() == "active":
        off = (S.APPROVED, S.INACTIVE) if said else (S.DRAFT, S.INACTIVE)
        return status is S.ACTIVE if is_published else status in off
    meant = {"draft": (S.DRAFT, S.PENDING_REVIEW, S.INACTIVE), "archived": (S.DISCONTINUED,),
             "unlisted": (S.APPROVED, S.INACTIVE)}
    return status in meant.get(said.lower(), ())
