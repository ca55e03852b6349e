"""The values of cells; CellProblem says which column cannot be taken and why."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from urllib.parse import urlsplit

from storefront.catalog.entries import MAX_AMOUNT, MAX_GRAMS
from storefront.foundation.csv_files import Row
from storefront.foundation.decimals import HINT
from storefront.foundation.money import InvalidAmount, parse_amount

GRAMS = {"g": Decimal(1), "kg": Decimal(1000), "lb": Decimal("453.59237"), "oz": Decimal("28.349523125")}
MAX_QUANTITY = 1_000_000_000
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*/[\w./%?=&~+-]*", re.ASCII)  # most are: no need to take it apart
_WHOLE = re.compile(r"-?\d{1,10}(\.0+)?", re.ASCII)
_parse_amount = lru_cache(maxsize=4096)(parse_amount)  # a file says the same few prices again and again


class CellProblem(ValueError):
    """A cell that cannot be taken."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def read_amount(row: Row, column: str, currency: str) -> int | None:
    """Return minor units of a plain decimal such as 9.99; None when the cell is empty."""
    text = row[column]
    if not text:
        return None
    try:
        amount = _parse_amount(text, currency)
    except InvalidAmount as error:
        raise CellProblem(column, f"{error}{HINT if ',' in text else ''}") from None
    if amount > MAX_AMOUNT:
        raise CellProblem(column, f"“{text[:40]}” is more than a price can be.")
    return amount


def read_flag(row: Row, column: str, default: bool) -> bool:
    """Return true or false as exports write them."""
    text = row[column].lower()
    if text not in ("", "true", "false"):
        raise CellProblem(column, f"“{text[:40]}” is neither true nor false.")
    return text == "true" if text else default


def read_quantity(row: Row, column: str) -> int:
    """Return a whole number, which may be below zero where more was sold than there was."""
    text = row[column] or "0"
    number = int(Decimal(text)) if _WHOLE.fullmatch(text) else None
    if number is None or abs(number) > MAX_QUANTITY:
        raise CellProblem(column, f"“{text[:40]}” is no number of pieces.")
    return number


def read_grams(row: Row) -> int:
    """Return the weight in whole grams: of `Variant Grams`, else of `Variant Weight` in its unit."""
    if row["Variant Grams"]:
        return grams_of(row["Variant Grams"], "g", "Variant Grams")
    unit = row["Variant Weight Unit"].lower() or "kg"
    if row["Variant Weight"] and unit not in GRAMS:
        raise CellProblem("Variant Weight Unit", f"“{unit[:40]}” is none of g, kg, lb, oz.")
    return grams_of(row["Variant Weight"], unit, "Variant Weight") if row["Variant Weight"] else 0


def grams_of(text: str, unit: str, column: str) -> int:
    """Return the whole grams of a plain decimal in a unit of GRAMS."""
    try:
        grams = Decimal(text) * GRAMS[unit] if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        grams = None
    if grams is None or grams > MAX_GRAMS:
        raise CellProblem(column, f"“{text[:40]}” is no weight.{HINT if ',' in text else ''}")
    return int(grams.to_integral_value())


def read_url(row: Row, column: str) -> str:
    """Return the address of a picture; empty when the cell is."""
    return check_url(row[column], column) if row[column] else ""


def check_url(text: str, column: str) -> str:
    """Return the address when a picture can be fetched from it."""
    if len(text) <= 2000 and _PLAIN_URL.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(text) > 2000 or len(text.split()) != 1:
        raise CellProblem(column, f"“{text[:80]}” is no address that begins with http:// or https://.")
    return text


def read_words(row: Row, column: str, limit: int) -> str:
    """Return the text; too long a one is not cut but refused."""
    text = row[column]
    if len(text) > limit:
        raise CellProblem(column, f"The text has {len(text)} characters; at most {limit} fit.")
    return text
