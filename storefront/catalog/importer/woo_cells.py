"""Cells as WooCommerce writes them: lists in one cell, flags as numbers, kinds, weights by the header's unit."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime

from storefront.catalog.importer.cells import CellProblem, check_url, grams_of, read_amount, read_quantity, read_words
from storefront.catalog.importer.places import CategoryPath, path_of, slugify
from storefront.catalog.importer.stock import Count
from storefront.foundation.clock import now
from storefront.foundation.csv_files import Row

WEIGHTS = {"Weight (kg)": "kg", "Weight (g)": "g", "Weight (lbs)": "lb", "Weight (oz)": "oz"}
SLUGS = ("Slug", "Permalink", "Product URL")
_COMMA = re.compile(r"(?<!\\),")
_BETWEEN_ADDRESSES = re.compile(r"\s*,\s*(?=https?://)")
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a row says of one attribute."""

    name: str
    values: tuple[str, ...]
    is_visible: bool


def read_list(text: str) -> tuple[str, ...]:
    """Return the values of `Blue, Green\\, dark`."""
    pieces = (piece.replace("\\,", ",").strip() for piece in _COMMA.split(text))
    return tuple(dict.fromkeys(piece for piece in pieces if piece))


def read_kinds(row: Row) -> tuple[str, ...]:
    """Return such as ("simple", "downloadable", "virtual")."""
    return tuple(kind.lower() for kind in read_list(row["Type"])) or ("simple",)


def read_attributes(row: Row) -> list[Attribute]:
    """Return the attributes in their order."""
    found, number = [], 1
    while (column := f"Attribute {number} name") in row:
        if row[column]:
            values = read_list(row[f"Attribute {number} value(s)"])
            for text in values:
                if len(text) > 120:
                    raise CellProblem(f"Attribute {number} value(s)", f"A value has {len(text)} characters; at most "
                                      "120 fit.")
            found.append(Attribute(read_words(row, column, 80), values, row[f"Attribute {number} visible"] != "0"))
        number += 1
    return found


def read_categories(row: Row) -> tuple[CategoryPath, ...]:
    """Return the categories of `Clothing > Hoodies, Music`."""
    paths = (path_of(name.strip() for name in piece.split(">")) for piece in read_list(row["Categories"]))
    return tuple(path for path in paths if path)


def read_addresses(row: Row) -> tuple[list[str], list[CellProblem]]:
    """Return the addresses of the row's pictures, and what of the cell is none."""
    found, problems = [], []
    for piece in _BETWEEN_ADDRESSES.split(row["Images"]):
        try:
            found += [check_url(piece, "Images")] if piece else []
        except CellProblem as problem:
            problems.append(problem)
    return list(dict.fromkeys(found)), problems


def read_prices(row: Row, currency: str) -> tuple[int | None, int | None]:
    """Return the price and the former one beside it; a sale counts only within its dates."""
    regular = read_amount(row, "Regular price", currency)
    sale = read_amount(row, "Sale price", currency)
    if sale is None or not _is_on(row):
        return regular, None
    return sale, regular if regular is not None and regular > sale else None


def read_stock(row: Row) -> Count:
    """Return what the row says of stock; a number is counted, a mere "in stock" is not."""
    policy = "continue" if row["Backorders allowed?"].lower() in ("1", "notify", "yes") else "deny"
    if row["Stock"]:
        quantity = read_quantity(row, "Stock")
        return Count(quantity if policy == "continue" else max(0, quantity), policy)
    if row["In stock?"] == "0":
        return Count(0, policy)
    return Count(None, "untracked")


def read_weight(row: Row) -> int:
    """Return the weight in grams, by the unit that the column's name has."""
    for column, unit in WEIGHTS.items():
        if row[column]:
            return grams_of(row[column], unit, column)
    return 0


def read_slug(row: Row) -> str:
    """Return the address that the file tells, from a column with it or with the product's old page; else ""."""
    for column in SLUGS:
        if row[column]:
            return slugify(row[column].partition("?")[0].rstrip("/").rpartition("/")[2])[:200]
    return ""


def read_html(row: Row, column: str) -> str:
    """Return a description; line breaks are written as two characters."""
    return row[column].replace("\\r\\n", "\n").replace("\\n", "\n")


def plain(text: str) -> str:
    """Return the words of a piece of HTML in one line."""
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())


def _is_on(row: Row) -> bool:
    begins, ends = _moment(row, "Date sale price starts"), _moment(row, "Date sale price ends")
    moment = now().replace(tzinfo=None)
    return (begins is None or begins <= moment) and (ends is None or moment <= ends)


def _moment(row: Row, column: str) -> datetime | None:
    if not row[column]:
        return None
    try:
        return datetime.fromisoformat(row[column]).replace(tzinfo=None)
    except ValueError:
        raise CellProblem(column, f"“{row[column][:40]}” is no date such as 2026-11-21.") from None
