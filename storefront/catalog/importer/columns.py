"""Columns of our own in Shopify's format, for what it has none for: metafields, which Shopify passes over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from storefront.catalog.entries import OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.importer.cells import CellProblem
from storefront.foundation.csv_files import Row

SUBTITLE, FACTS, OPTIONS, TAX, CATEGORIES, TAGS = (
    f"{name} (product.metafields.storefront.{name.lower().replace(' ', '_')})"
    for name in ("Subtitle", "Facts", "Options", "Tax category", "Categories", "Tag list"))
PLACED = (SUBTITLE, FACTS, OPTIONS, TAX, TAGS)

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]
Options = tuple[tuple[str, Pairs], ...]  # names with their (value, swatch)


def read_facts(row: Row) -> Pairs:
    """Return the (label, value) pairs that the column holds as JSON."""
    return _decode(row, FACTS, Pairs) if row[FACTS] else ()


def read_tags(row: Row) -> tuple[str, ...]:
    """Return the tags: of our own column where one holds a comma, else of Shopify's."""
    if row[TAGS]:
        return _decode(row, TAGS, tuple[str, ...])
    return tuple(dict.fromkeys(tag for tag in (piece.strip() for piece in row["Tags"].split(",")) if tag))


def read_options(row: Row, names: Sequence[str], variants: Sequence[VariantEntry]) -> tuple[OptionEntry, ...]:
    """Return the options with order and swatches; nothing where the column does not fit the variants."""
    if not row[OPTIONS]:
        return ()
    said = _decode(row, OPTIONS, Options)
    if [name for name, _ in said] != [name for name in names if name]:
        return ()
    allowed = [{value for value, _ in values} for _, values in said]
    if not all(value in known for variant in variants for value, known in zip(variant.values, allowed, strict=True)):
        return ()
    return tuple(OptionEntry(name=name, values=tuple(OptionValueEntry(value=value, swatch=swatch)
                                                     for value, swatch in values)) for name, values in said)


def say_own(entry: ProductEntry) -> dict[str, str]:
    """Return the cells that read_facts, read_tags and read_options read back as the entry has them."""
    cells = {SUBTITLE: entry.subtitle, TAX: "" if entry.tax_category == "standard" else entry.tax_category,
             CATEGORIES: ", ".join(entry.categories or ())}
    if entry.facts:
        cells[FACTS] = _encode(entry.facts)
    if any("," in tag or tag != tag.strip() for tag in entry.tags):
        cells[TAGS] = _encode(entry.tags)
    options = tuple((option.name, tuple((value.value, value.swatch) for value in option.values))
                    for option in entry.options)
    if options != _as_variants_say(entry):
        cells[OPTIONS] = _encode(options)
    return cells


def _as_variants_say(entry: ProductEntry) -> Options:
    return tuple((option.name, tuple((value, "") for value in dict.fromkeys(
        variant.values[place] for variant in entry.variants))) for place, option in enumerate(entry.options))


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _decode(row: Row, column: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(row[column], type=shape)
    except msgspec.DecodeError:
        raise CellProblem(column, "The cell was written by an export of this shop and was changed since.") from None
