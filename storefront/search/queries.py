"""Reads of the search: which products a text means."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from storefront.catalog.queries import find_by_words
from storefront.catalog.words import tidy_query
from storefront.foundation.database import db
from storefront.search.analysis import read_code, read_words
from storefront.search.documents import current_reading, language
from storefront.search.engines import open_engine
from storefront.search.engines.port import Candidate, Expression
from storefront.search.matches import MAX_MATCHES, Matches
from storefront.search.models import SearchIndex
from storefront.search.ranking import rank
from storefront.search.reading import Question, read_question
from storefront.search.spelling import correct
from storefront.search.synonyms import read_synonyms

ENOUGH = 200  # candidates, after which no fewer words are asked for
MAX_SINGLE = 300  # candidates that a part of the words may bring in
MAX_BEGUN = 100  # candidates for suggestions
FEW = 3  # products; what finds no more may have been meant otherwise
RARER = 20  # times that a word is rarer than its neighbor, to be perhaps a slip
logger = logging.getLogger(__name__)


def match_products(text: str) -> Matches:
    """Return the products on sale that the text means, best first; any text is answered.

    Words may stand in any order and be inflected, begun, misspelled or synonyms; what fits all of them comes first.
    Not cached: anyone may type anything. Where the index is missing or broken, plain SQL finds words and their parts.
    """
    query = tidy_query(text)
    if not query:
        return Matches(query)
    try:
        index = read_index()
        if index is not None:
            return _match(query, index)
    except SQLAlchemyError:
        logger.exception("the search index is broken: plain SQL answers until `flask search rebuild`")
        db.session.rollback()
    return Matches(query, find_by_words(query, MAX_MATCHES))


def read_index() -> SearchIndex | None:
    """Return the index that serves; None when it was never built, or with another reading of words."""
    index = db.session.get(SearchIndex, 1)
    return index if index is not None and index.serving and index.reading == current_reading() else None


def find_begun(query: str, index: SearchIndex, limit: int) -> list[int]:
    """Return the products that a query means whose last word is still being typed, best first.

    It looks at fewer candidates than match_products: an answer at every letter is worth more than the last place.
    """
    question = _read(query, index, is_typing=True)
    engine = open_engine()
    found: dict[int, Candidate] = {}
    for expression in (question.whole(), question.rare()):
        if expression is not None and len(found) < limit:
            found.update((row.product_id, row) for row in engine.find(index.serving, expression, MAX_BEGUN))
    return rank(list(found.values()), found.keys(), question.features())[:limit]


def _match(query: str, index: SearchIndex) -> Matches:
    question = _read(query, index)
    ids, is_whole, by_code = _find(question, index.serving)
    if not ids:  # words that were known once, of products that have gone
        question = _read(query, index, doubted=True)
        ids, is_whole, by_code = _find(question, index.serving)
    meant = {asked.word.text: asked.meant.word for asked in question.words if asked.meant is not None}
    corrected = _say_again(query, meant) if meant and not by_code else ""
    hint = _hint(query, question, index.serving) if 0 < len(ids) <= FEW and not corrected else ""
    is_known = all(asked.word.term in asked.shares for asked in question.words)
    return Matches(query, ids, corrected, is_whole=is_whole and is_known, hint=hint)


def _read(query: str, index: SearchIndex, *, is_typing: bool = False, doubted: bool = False) -> Question:
    return read_question(query, side=index.serving, documents=max(index.documents, 1), language=language(),
                         synonyms=read_synonyms(language()), is_typing=is_typing, doubted=doubted)


def _find(question: Question, side: str) -> tuple[list[int], bool, bool]:
    """Ask for all words, then for fewer and fewer until enough is found; return the products best first.

    And whether any of them holds all words, and whether the query as a whole is the code of one.
    """
    engine = open_engine()
    found: dict[int, Candidate] = {}

    def ask(expression: Expression | None, limit: int) -> set[int]:
        rows = engine.find(side, expression, limit) if expression is not None else []
        found.update((row.product_id, row) for row in rows)
        return {row.product_id for row in rows}

    coded = ask(question.code(), MAX_SINGLE)
    whole = read_code(question.query)
    by_code = any(whole in found[product_id].head.split() for product_id in coded)
    complete = ask(question.whole(), MAX_MATCHES)
    if len(found) < ENOUGH:
        ask(question.rare(), MAX_MATCHES)
    for part in question.parts():
        if len(found) >= ENOUGH:
            break
        ask(part, MAX_SINGLE)
    return rank(list(found.values()), complete, question.features())[:MAX_MATCHES], bool(complete), by_code


def _hint(query: str, question: Question, side: str) -> str:
    """Return the query with words that are rare and near to common ones put right."""
    better = {}
    for asked in question.words:
        near = correct(side, asked.word.text) if asked.word.text.isalpha() and not asked.word.is_signs else None
        if near is not None and near.term != asked.word.term and near.uses >= RARER * max(asked.uses, 1):
            better[asked.word.text] = near.word
    return _say_again(query, better) if better else ""


def _say_again(query: str, meant: Mapping[str, str]) -> str:
    """Return the query with its words replaced, and everything else as it was typed."""
    said = []
    for part in query.split():
        words = [word.text for word in read_words(part, language())]
        said.append(" ".join(meant.get(word, word) for word in words) if meant.keys() & set(words) else part)
    return " ".join(said)
