"""Words that no document holds: what was probably meant. Asks the vocabulary for the neighbors of a word, in few reads.

Every word one slip away is written down and looked for by equality, which any index answers; two slips are allowed
in long words, and compared with the words that look alike. One request writes down and compares so many and no more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
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
from storefront.search.slips import LONG, LONGEST, count_slips, distance, halve, is_sure, may_be_slip, slips

MAX_NEAR = 100
MAX_NEIGHBORS = 4000  # of all words of a request together: written down, or read to be compared
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
    near: tuple[Known, ...] = ()  # where it is not sure: all that begin like the word, the most used one first

    @property
    def word(self) -> str:
        return " ".join(known.word for known in self.parts)

    @property
    def uses(self) -> int:
        return min(known.uses for known in self.parts)


@dataclass(slots=True)
class Speller:
    """Corrects the words of one request, each once. What goes beyond its budget is left as it was typed."""

    side: str
    others: Mapping[str, str]  # words that are known though no document may hold them, with their terms: synonyms
    budget: int = MAX_NEIGHBORS
    found: dict[str, Correction | None] = field(default_factory=dict)

    def complete_or_correct(self, word: str) -> tuple[list[Known], Correction | None]:
        """Return what `complete` does and, where that is nothing, what `correct` does: mostly in one statement."""
        if not may_be_slip(word) or word in self.found:
            begun = complete(self.side, word)
            return begun, None if begun else self.correct(word)
        wanted = self._write_down(word)
        rows = db.session.execute(_select_begun_or_near(_dialect()), _begin(self.side, word) | {
            "limit": MAX_PREFIXED, "near": MAX_NEAR, "words": _listed(wanted)}).all()
        begun = [Known(*row[:3]) for row in rows if not row[3]]
        if begun:
            return sorted(begun, key=lambda known: (-known.uses, known.word)), None
        self.found[word] = self._judge(word, wanted, (Known(*row[:3]) for row in rows))
        return [], self.found[word]

    def correct(self, word: str) -> Correction | None:
        """Return what was probably meant: a word one slip away, two in one, or, of a long word, one two slips away."""
        if word not in self.found:
            self.found[word] = self._correct(word) if may_be_slip(word) else None
        return self.found[word]

    def _correct(self, word: str) -> Correction | None:
        wanted = self._write_down(word)
        rows = db.session.execute(_select_near(_dialect()), {
            "side": self.side, "near": MAX_NEAR, "words": _listed(wanted)}) if wanted else ()
        return self._judge(word, wanted, (Known(*row) for row in rows))

    def _write_down(self, word: str) -> set[str]:
        """Return the words one slip away, as long as there is budget for them, and all halves."""
        near = slips(word) if count_slips(word) <= self.budget else set()
        self.budget -= len(near)
        return near.union(*halve(word))

    def _judge(self, word: str, wanted: Collection[str], found: Iterable[Known]) -> Correction | None:
        """Return the correction, of what was found of the words one slip away and of those that it may be made of."""
        known = {other: Known(other, self.others[other], 1) for other in self.others.keys() & wanted}
        known |= {each.word: each for each in found}
        near = _choose(word, [each for each in known.values() if distance(each.word, word, 1) == 1])
        divided = _divide(word, known)
        if divided is not None and (near is None or not near.is_sure
                                    or (divided.is_sure and near.uses < divided.uses)):
            return divided
        if near is not None or not LONG <= len(word) <= LONGEST or self.budget <= 0:
            return near
        alike = _read(self.side, _is_alike(word), func.length(SearchWord.word).between(len(word) - 2, len(word) + 2),
                      limit=min(MAX_ALIKE, self.budget))
        self.budget -= len(alike)
        letters = set(word)
        return _choose(word, [each for each in alike if len(letters ^ set(each.word)) <= 4
                              and distance(each.word, word, 2) <= 2])


def read_uses(side: str, terms: Collection[str]) -> dict[str, int]:
    """Return in how many documents each of the terms stands; those in none are absent."""
    rows = db.session.execute(_select_uses(_dialect()), {"side": side, "terms": _listed(terms)})
    return {term: int(uses) for term, uses in rows}


def complete(side: str, beginning: str, limit: int = MAX_PREFIXED) -> list[Known]:
    """Return the most used words that begin so."""
    rows = db.session.execute(_select_begun(), _begin(side, beginning) | {"limit": limit})
    return [Known(*row) for row in rows]


def contain(side: str, part: str) -> list[Known]:
    """Return the most used words that hold the part: a `kanne` is in `teekanne`. PostgreSQL asks pg_trgm's index."""
    return _read(side, SearchWord.word.contains(part, autoescape=True), limit=MAX_PREFIXED)


def _choose(word: str, near: Collection[Known]) -> Correction | None:
    judged = ((found, is_sure(word, found.word)) for found in near)
    fit = sorted([(is_certain, found.word[0] == word[0], found.uses, found.word, found)
                  for found, is_certain in judged if is_certain is not None], reverse=True)
    if not fit or fit[0][0]:
        return Correction((fit[0][-1],), is_sure=True) if fit else None
    return Correction((fit[0][-1],), is_sure=False, near=tuple(found for _, is_alike, _, _, found in fit if is_alike))


def _is_alike(word: str) -> ColumnElement[bool]:
    """Return the SQL of what may be two slips away: by trigrams where there are, else by the first letter."""
    if has_trigrams():
        return SearchWord.word.bool_op("%")(word)
    return and_(SearchWord.word >= word[:1], SearchWord.word < word[:1] + "\U0010ffff")


def _divide(word: str, known: Mapping[str, Known]) -> Correction | None:
    """Return the word as two known ones that were written together."""
    both = [(known[left], known[right]) for left, right in halve(word) if left in known and right in known]
    if not both:
        return None
    parts = max(both, key=lambda pair: (min(pair[0].uses, pair[1].uses), pair[0].word))
    return Correction(parts, is_sure=len(word) >= LONG)


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
