"""Search by plain words: what people type made into words, and words into a rank that SQL can compute."""

from __future__ import annotations

import json
import re
import unicodedata

from sqlalchemy import ColumnElement, Integer, String, case, cast, exists, literal, or_

from storefront.catalog.models import Brand, Product, Variant

MAX_QUERY = 100  # characters; what comes after them is not read
MAX_WORDS = 6
MAX_WORD = 40
# Hyphens, dots and apostrophes stand inside words: SKUs, 2.5, o'clock.
_WORD = re.compile(r"\w(?:[\w'’.-]*\w)?")
# One word found is worth more than any field it is found in.
HIT = 100


def tidy_query(text: str) -> str:
    """Return what was typed as it is shown again: one line, no control characters, at most MAX_QUERY long."""
    plain = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text[: MAX_QUERY * 4])
    return " ".join(unicodedata.normalize("NFC", plain).split())[:MAX_QUERY].rstrip()


def read_words(text: str) -> list[str]:
    """Return the words to look for, without doubles; single ASCII letters count only when nothing else is said."""
    found = [word[:MAX_WORD] for word in _WORD.findall(tidy_query(text).lower())]
    longer = [word for word in found if len(word) > 1 or not word.isascii()]
    return list(dict.fromkeys(stem(word) for word in longer or found))[:MAX_WORDS]


def stem(word: str) -> str:
    """Return an English plural without its ending, so that `bowls` finds a bowl; other words as they are."""
    if not (word.isascii() and word.isalpha() and len(word) > 3) or word.endswith("ss"):
        return word
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def rank(words: list[str]) -> ColumnElement[int]:
    """Return the SQL of how well a product (joined with its brand) fits the words; 0 when none is found."""
    return sum((_rank_word(word) for word in words), start=literal(0, Integer))


def _rank_word(word: str) -> ColumnElement[int]:
    # Tags are kept as JSON, which writes é as \u00e9.
    tag = json.dumps(word)[1:-1]
    of_sku = exists().where(Variant.product_id == Product.id, Variant.is_archived.is_(False), _holds(Variant.sku, word))
    return case(
        (_holds(Product.name, word), HIT + 9),
        (or_(_holds(cast(Product.tags, String), tag), _holds(Brand.name, word)), HIT + 5),
        (_holds(Product.subtitle, word), HIT + 3),
        (of_sku, HIT + 1),
        else_=0,
    )


def _holds(column: object, word: str) -> ColumnElement[bool]:
    return column.icontains(word, autoescape=True)  # type: ignore[attr-defined, no-any-return]
