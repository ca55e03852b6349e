"""Words that no document holds: what was probably meant. Asks the vocabulary for the neighbors of a word, in few reads.

Every word one slip away is written down and looked for by equality, which any index answers; two slips are allowed
in long words, and compared with the words that look alike.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Select,
    String,
    and_,
    any_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from storefront.foundation.database import db
from storefront.search.engines import has_trigrams
from storefront.search.models import SearchWord

LEAST = 4  # letters; shorter words have too many neighbors
LEAST_PART = 3  # letters of a word that was written together with another
LONG = 8  # letters from which two slips are forgiven, or one that is the first letter
MAX_NEAR = 100
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
FIGURES = "0123456789"
MAX_ALIKE = 4000  # words read to find one two slips away
MAX_PREFIXED = 24
MAX_BEGUN = 10_000  # words looked through for the most used ones: serial numbers may begin alike by the million


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A word of the vocabulary."""

    word: str
    term: str
    uses: int


@dataclass(frozen=True, slots=True)
class Correction:
    """What stands for a word that nobody knows: a word, or two that were written together."""

    parts: tuple[Known, ...]
    is_sure: bool  # otherwise it may be asked for, but not put in the word's place

    @property
    def word(self) -> str:
        return " ".join(known.word for known in self.parts)

    @property
    def uses(self) -> int:
        return min(known.uses for known in self.parts)


def read_uses(side: str, terms: Collection[str]) -> dict[str, int]:
    """Return in how many documents each of the terms stands; those in none are absent."""
    rows = db.session.execute(_select_uses(_dialect()), {"side": side, "terms": _listed(terms)})
    return {term: int(uses) for term, uses in rows}


def complete(side: str, beginning: str, limit: int = MAX_PREFIXED) -> list[Known]:
    """Return the most used words that begin so."""
    rows = db.session.execute(_select_begun(), _begin(side, beginning) | {"limit": limit})
    return [Known(*row) for row in rows]


def complete_or_correct(side: str, word: str) -> tuple[list[Known], Correction | None]:
    """Return what `complete` does and, where that is nothing, what `correct` does: mostly in one statement."""
    if not _may_be_slip(word):
        return complete(side, word), None
    halves = _halve(word)
    rows = db.session.execute(_select_begun_or_near(_dialect()), _begin(side, word) | {
        "limit": MAX_PREFIXED, "near": MAX_NEAR, "words": _listed(slips(word).union(*halves))}).all()
    begun = [Known(*row[:3]) for row in rows if not row[3]]
    if begun:
        return sorted(begun, key=lambda known: (-known.uses, known.word)), None
    return [], _correct(side, word, halves, [Known(*row[:3]) for row in rows])


def contain(side: str, part: str) -> list[Known]:
    """Return the most used words that hold the part: a `kanne` is in `teekanne`. PostgreSQL asks pg_trgm's index."""
    return _read(side, SearchWord.word.contains(part, autoescape=True), limit=MAX_PREFIXED)


def correct(side: str, word: str) -> Correction | None:
    """Return what was probably meant: a word one slip away, two known ones in one, or a long word two slips away."""
    if not _may_be_slip(word):
        return None
    halves = _halve(word)
    rows = db.session.execute(_select_near(_dialect()), {
        "side": side, "near": MAX_NEAR, "words": _listed(slips(word).union(*halves))})
    return _correct(side, word, halves, [Known(*row) for row in rows])


def _correct(side: str, word: str, halves: Collection[tuple[str, str]], found: Iterable[Known]) -> Correction | None:
    """The same, of what was found of the words one slip away and of those that it may be made of."""
    known = {each.word: each for each in found}
    near = _choose(word, [each for each in known.values() if distance(each.word, word, 1) == 1])
    divided = _divide(halves, known)
    if divided is not None and (near is None or not near.is_sure or near.uses < divided.uses):
        return divided
    if near is not None or len(word) < LONG:
        return near
    alike = _read(side, _is_alike(word), func.length(SearchWord.word).between(len(word) - 2, len(word) + 2),
                  limit=MAX_ALIKE)
    letters = set(word)
    return _choose(word, [each for each in alike if len(letters ^ set(each.word)) <= 4
                          and distance(each.word, word, 2) <= 2])


def _may_be_slip(word: str) -> bool:
    return len(word) >= LEAST and not word.isdigit()


def _halve(word: str) -> list[tuple[str, str]]:
    return [(word[:at], word[at:]) for at in range(LEAST_PART, len(word) - LEAST_PART + 1)]


def _choose(word: str, near: Collection[Known]) -> Correction | None:
    judged = [(found, _is_sure(word, found.word)) for found in near]
    fit = [(is_sure, found.word[0] == word[0], found.uses, found.word, found)
           for found, is_sure in judged if is_sure is not None]
    return Correction((max(fit)[-1],), max(fit)[0]) if fit else None


def _is_sure(word: str, other: str) -> bool | None:
    """Tell whether nothing else can have been meant; None where two short words are just two words (sale, safe)."""
    if not word.isalpha():
        return True
    is_begun_alike, is_swapped = word[0] == other[0], sorted(word) == sorted(other)
    if len(word) < LEAST + 2 and (not is_begun_alike or (len(word) == LEAST and not is_swapped)):
        return None
    if len(word) < LEAST + 2:
        return is_swapped or len(word) < len(other) or _once(word) == _once(other)
    return is_begun_alike or (len(word) >= LONG and distance(word, other, 1) == 1)


def begins_askew(word: str, other: str) -> bool:
    """Tell whether a longer word is the other but for a letter too many at its beginning, or two in a wrong order."""
    return len(word) >= LEAST + 2 and (word[1:] == other or (word[1::-1], word[2:]) == (other[:2], other[2:]))


def _once(word: str) -> list[str]:
    """Return the letters without those that repeat the one before: `bowll`."""
    return [sign for sign, _ in groupby(word)]


def slips(word: str) -> set[str]:
    """Return every text that is one letter more, less, other or swapped away."""
    letters = "".join(sorted({*(ALPHABET if word.isascii() else _script(word)),
                              *(FIGURES if any(sign.isdigit() for sign in word) else "")}))
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    other = {left + sign + right[1:] for left, right in splits if right for sign in letters}
    more = {left + sign + right for left, right in splits for sign in letters}
    return (less | swapped | other | more) - {word}


def distance(left: str, right: str, most: int) -> int:
    """Return how many slips lie between two words, or more than `most` as soon as that is sure."""
    before2: list[int] = []
    before = list(range(len(right) + 1))
    for row, sign in enumerate(left, start=1):
        now = [row]
        for column, other in enumerate(right, start=1):
            cost = min(before[column] + 1, now[-1] + 1, before[column - 1] + (sign != other))
            if row > 1 and column > 1 and sign == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before2[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before2, before = before, now
    return before[-1]


def _is_alike(word: str) -> ColumnElement[bool]:
    """Return the SQL of what may be two slips away: by trigrams where there are, else by the first letter."""
    if has_trigrams():
        return SearchWord.word.bool_op("%")(word)
    return and_(SearchWord.word >= word[:1], SearchWord.word < word[:1] + "\U0010ffff")


def _divide(halves: Collection[tuple[str, str]], known: Mapping[str, Known]) -> Correction | None:
    """Return the word as two known ones that were written together."""
    both = [(known[left], known[right]) for left, right in halves if left in known and right in known]
    if not both:
        return None
    parts = max(both, key=lambda pair: (min(pair[0].uses, pair[1].uses), pair[0].word))
    return Correction(parts, is_sure=len(parts[0].word + parts[1].word) >= LONG)


def _script(word: str) -> Iterable[str]:
    """Return the letters of the block that the word is written in: Cyrillic, Greek, Hebrew …"""
    first = ord(word[0]) & ~0x7F
    return [chr(first + offset) for offset in range(128) if chr(first + offset).isalpha()]


def _read(side: str, *conditions: object, limit: int) -> list[Known]:
    rows = db.session.execute(
        select(SearchWord.word, SearchWord.term, SearchWord.uses).where(SearchWord.side == side, *conditions)  # type: ignore[arg-type]
        .order_by(SearchWord.uses.desc(), SearchWord.word).limit(limit))
    return [Known(*row) for row in rows]


def _dialect() -> str:
    return db.engine.dialect.name


def _listed(texts: Collection[str]) -> list[str] | str:
    """Return the texts as the one value that `_is_among` takes: of hundreds, a parameter each costs more than the rest.
    """
    return sorted(texts) if _dialect() == "postgresql" else json.dumps(sorted(texts))


def _is_among(column: InstrumentedAttribute[str], name: str, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def _begin(side: str, beginning: str) -> dict[str, Any]:
    return {"side": side, "first": beginning, "last": beginning + "\U0010ffff", "begun": MAX_BEGUN}


# Statements are made once: to build one costs more than to run it.
@cache
def _select_uses(dialect: str) -> Select[str, int]:
    return (select(SearchWord.term, func.sum(SearchWord.uses))
            .where(SearchWord.side == bindparam("side"), _is_among(SearchWord.term, "terms", dialect))
            .group_by(SearchWord.term))


@cache
def _select_begun() -> Select[str, str, int]:
    begun = (select(SearchWord.word, SearchWord.term, SearchWord.uses)
             .where(SearchWord.side == bindparam("side"), SearchWord.word >= bindparam("first"),
                    SearchWord.word < bindparam("last"))
             .order_by(SearchWord.word).limit(bindparam("begun")).subquery())
    return (select(begun.c.word, begun.c.term, begun.c.uses).order_by(begun.c.uses.desc(), begun.c.word)
            .limit(bindparam("limit")))


@cache
def _select_near(dialect: str) -> Select[str, str, int]:
    return (select(SearchWord.word, SearchWord.term, SearchWord.uses)
            .where(SearchWord.side == bindparam("side"), _is_among(SearchWord.word, "words", dialect))
            .order_by(SearchWord.uses.desc(), SearchWord.word).limit(bindparam("near")))


@cache
def _select_begun_or_near(dialect: str) -> Executable:
    begun, near = _select_begun().subquery(), _select_near(dialect).subquery()
    return union_all(select(begun, literal(0)), select(near, literal(1)))
