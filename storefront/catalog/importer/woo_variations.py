"""The variations of a variable product as variants that answer every option."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from storefront.catalog.entries import OptionEntry, OptionValueEntry, VariantEntry
from storefront.catalog.importer.cells import CellProblem, read_words
from storefront.catalog.importer.formats import Lookup, ReadProduct
from storefront.catalog.importer.stock import Count
from storefront.catalog.importer.woo_cells import (
    WEIGHTS,
    Attribute,
    read_addresses,
    read_attributes,
    read_kinds,
    read_prices,
    read_stock,
    read_weight,
)
from storefront.foundation.csv_files import Rejection, Row

ANY = "Any"  # what a variation answers that leaves an option open where others do not
PLACED = frozenset({"SKU", "Sale price", "Regular price", "Images", "GTIN, UPC, EAN, or ISBN", *WEIGHTS})


@dataclass(frozen=True)
class Variations:
    """What can be bought of a product, and what of its attributes is no choice."""

    entries: tuple[VariantEntry, ...]
    counts: tuple[Count, ...]
    options: tuple[OptionEntry, ...]
    facts: tuple[tuple[str, str], ...]


def read_variations(rows: list[Row], urls: list[str], currency: str, lookup: Lookup, read: ReadProduct) -> Variations:
    """Return the variants of the rows after the first; one that cannot be taken is rejected and the others count."""
    parent = rows[0]
    own = read_attributes(parent)
    said = [(row, {item.name: item.values for item in read_attributes(row)}) for row in _in_order(rows[1:], read)]
    choices = [item for item in own if any(answers.get(item.name) for _, answers in said)]
    _note_open(parent, own, choices, [answers for _, answers in said], read)
    found: dict[tuple[str, ...], tuple[Row, VariantEntry, Count]] = {}
    for row, answers in said:
        values = tuple((answers.get(item.name) or (ANY,))[0] for item in choices)
        try:
            if values in found:
                raise CellProblem("Attribute 1 value(s)", f"Line {found[values][0].line} has the same attributes: "
                                  f"{' / '.join(values) or 'none'}.")
            found[values] = row, _read_variant(row, values, urls, currency, lookup), _count(row, parent)
        except CellProblem as problem:
            read.rejections.append(Rejection(row.line, problem.column, str(problem)))
    _note_shared(parent, [row for row, _ in said], read)
    variants = tuple(variant for _, variant, _ in found.values())
    counts = _shared_out([(row, count) for row, _, count in found.values()])
    facts = tuple((item.name, ", ".join(item.values)) for item in own if item not in choices and item.is_visible)
    return Variations(variants, counts, _options(choices, variants), facts)


def variant_extra(row: Row, columns: AbstractSet[str]) -> dict[str, str]:
    """Return the columns of a product without choices that tell of its variant."""
    return {f"Variant Woo: {column}": row[column] for column in sorted(columns) if row[column]}


def remember(prefix: str, row: Row, placed: AbstractSet[str], *, leaves_sku: bool = True) -> dict[str, str]:
    """Return the cells that have no place of their own, under their columns' names behind the prefix."""
    return {f"{prefix}{column}": cell for column, cell in row.items()
            if cell and column not in placed and not (column == "SKU" and leaves_sku)}


def gtin_of(row: Row) -> str:
    """Return the bar code; one that is none is left out."""
    code = row["GTIN, UPC, EAN, or ISBN"].replace("-", "").lstrip("'")
    return code if code.isascii() and code.isdigit() and 8 <= len(code) <= 14 else ""


def _in_order(rows: list[Row], read: ReadProduct) -> list[Row]:
    """Return the variations that are offered by their Position, else as they stand."""
    offered = []
    for row in rows:
        if row["Published"] in ("1", ""):
            offered.append(row)
        else:
            read.notes.append(f"The variation of line {row.line} is not published; it is left out.")
    return sorted(offered, key=lambda row: (int(row["Position"]) if row["Position"].isdecimal() else 0, row.line))


def _read_variant(row: Row, values: tuple[str, ...], urls: list[str], currency: str, lookup: Lookup) -> VariantEntry:
    amount, compare_at = read_prices(row, currency)
    if amount is None:
        raise CellProblem("Regular price", "The variation has no price.")
    sku = read_words(row, "SKU", 120)
    if sku and lookup.line_of_sku(sku, row.line) != row.line:
        raise CellProblem("SKU", f"The SKU {sku} is already used in line {lookup.line_of_sku(sku, row.line)}.")
    addresses, _ = read_addresses(row)
    return VariantEntry(
        amount=amount, compare_at_amount=compare_at, sku=sku, values=values, weight_grams=read_weight(row),
        gtin=gtin_of(row), needs_shipping="virtual" not in read_kinds(row),
        image_index=urls.index(addresses[0]) if addresses else None, extra=remember("Variant Woo: ", row, PLACED))


def _options(choices: list[Attribute], variants: tuple[VariantEntry, ...]) -> tuple[OptionEntry, ...]:
    """Return the options with the values that variants have, in the product's order."""
    options = []
    for place, item in enumerate(choices):
        used = dict.fromkeys(variant.values[place] for variant in variants)
        ordered = [value for value in item.values if value in used] + [v for v in used if v not in item.values]
        options.append(OptionEntry(name=item.name, values=tuple(OptionValueEntry(value=value) for value in ordered)))
    return tuple(options)


def _count(row: Row, parent: Row) -> Count:
    return read_stock(parent) if _is_shared(row) else read_stock(row)


def _is_shared(row: Row) -> bool:
    return row["Stock"].lower() == "parent"


def _shared_out(counted: list[tuple[Row, Count]]) -> tuple[Count, ...]:
    """Divide a count that variations share, so that no more is sold than there is."""
    sharers = sum(_is_shared(row) for row, _ in counted)
    divided, nth = [], 0
    for row, count in counted:
        if _is_shared(row) and count.available is not None:
            share, rest = divmod(max(count.available, 0), sharers)
            divided.append(Count(share + (nth < rest), count.policy))
            nth += 1
        else:
            divided.append(count)
    return tuple(divided)


def _note_shared(parent: Row, rows: list[Row], read: ReadProduct) -> None:
    if any(map(_is_shared, rows)) and parent["Stock"]:
        read.notes.append(f"“{parent['Name'][:60]}” has {parent['Stock']} pieces for all its variations together; "
                          "they were shared out evenly, for the shop counts each. Count them anew.")


def _note_open(parent: Row, own: list[Attribute], choices: list[Attribute], answers: list[dict[str, tuple[str, ...]]],
               read: ReadProduct) -> None:
    """Say where variations leave an attribute open, which the shop's variants cannot."""
    name = parent["Name"][:60]
    for item in own:
        if item not in choices and any(item.name in answer for answer in answers):
            read.notes.append(f"All variations of “{name}” leave {item.name} open; it is kept as a fact and is no "
                              "choice.")
        elif item in choices and not all(answer.get(item.name) for answer in answers):
            read.notes.append(f"Some variations of “{name}” leave {item.name} open; they are sold as “{ANY}”.")


