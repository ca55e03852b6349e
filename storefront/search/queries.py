"""Reads of the search: which products a text means."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storefront.catalog.queries import find_by_words
from storefront.catalog.words import tidy_query
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.search.analysis import read_code, read_words
from storefront.search.documents import current_reading, language
from storefront.search.engines import open_engine
from storefront.search.engines.port import Candidate, TookTooLong
from storefront.search.matches import MAX_MATCHES, Matches
from storefront.search.models import SearchIndex
from storefront.search.ranking import rank, spaced
from storefront.search.reading import MAX_SINGLE, Question, read_question
from storefront.search.slips import LEAST, begins_askew
from storefront.search.spelling import Known, Speller
from storefront.search.synonyms import GROUP, Synonyms, read_synonyms

ENOUGH = 200  # candidates, after which no fewer words are asked for
MAX_BEGUN = 100  # candidates for suggestions
FEW = 3  # products; what finds no more may have been meant otherwise
MAX_DOUBTED = 5  # words that are looked at for one that products go by
RARER = 20  # times that a word is rarer than its neighbor, to be perhaps a slip
PATIENCE, PLAIN_PATIENCE = 0.4, 3.0  # seconds; see the engines: plain SQL reads every product
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """Of the row of models.SearchIndex, what readers need."""

    side: str
    reading: str
    documents: int


@dataclass(frozen=True, slots=True)
class Serving:
    """What a question is read by and put to."""

    side: str
    documents: int
    synonyms: Synonyms


@dataclass(frozen=True, slots=True)
class Begun:
    """What a query means that is still being typed."""

    product_ids: list[int]  # best first
    endings: list[Known]  # of its last word: those that names, brands, categories, options or tags hold
    corrected: str  # what was looked for instead
    code: str = ""  # see _by_code: some of the products' SKUs or GTINs are what is typed, or begin so


def match_products(text: str) -> Matches:
    """Return the products on sale that the text means, best first; any text is answered.

    Words may stand in any order and be inflected, begun, misspelled or synonyms; what fits all of them comes first.
    Not cached: anyone may type anything. Where the index is missing or broken, plain SQL finds words and their parts.
    """
    query = tidy_query(text)
    if not query:
        return Matches(query)
    found = _ask_index(query)
    return found if found is not None else _ask_plainly(query)


def read_index() -> Serving | None:
    """Return the index that serves; None when it was never built, or with another reading of words.

    Ask before the engine's patience begins: what is cached may begin a transaction of its own.
    """
    row = _read_row()
    if row is None or row.reading != current_reading():
        return None
    return Serving(row.side, max(row.documents, 1), read_synonyms(language()))


def find_begun(query: str, index: Serving, limit: int) -> Begun:
    """Return what a query means whose last word is still being typed.

    It looks at fewer candidates than match_products: an answer at every letter is worth more than the last place.
    Call it within the engine's patience.
    """
    question = _read(query, index, Speller(index.side, index.synonyms.words), is_typing=True)
    found, coded, _ = _find_all(question, index.side, MAX_BEGUN)
    rare = question.rare()
    if len(found) < limit and rare is not None:
        found |= {row[0]: row for row in open_engine().find(index.side, (rare, MAX_BEGUN))}
    named = {term for _, head, _, _ in found.values() for term in head.split()}
    features = question.features(with_codes=bool(coded))
    return Begun(rank(found.values(), found.keys(), features)[:limit],
                 [known for known in question.endings if known.term in named and known.uses * 2 <= index.documents + 1],
                 _correct(query, question) if not coded else "", _by_code(question, coded))


def _ask_index(query: str) -> Matches | None:
    """Return what the index finds; None when it is missing or broken."""
    try:
        index = read_index()
        if index is None:
            return None
        with open_engine().patience(PATIENCE):
            return _match(query, index)
    except TookTooLong:
        return Matches(query)
    except SQLAlchemyError:
        logger.exception("the search index is broken: plain SQL answers until `flask search rebuild`")
        db.session.rollback()
        return None


def _ask_plainly(query: str) -> Matches:
    try:
        with open_engine().patience(PLAIN_PATIENCE):
            return Matches(query, find_by_words(query, MAX_MATCHES))
    except TookTooLong:
        return Matches(query)


@cached(GROUP, seconds=60)
def _read_row() -> IndexRow | None:
    """The side that served a moment ago stays whole until the next rebuild begins, so a minute does no harm."""
    row = db.session.execute(select(SearchIndex.serving, SearchIndex.reading, SearchIndex.documents)
                             .where(SearchIndex.id == 1, SearchIndex.serving != "")).first()
    return IndexRow(*row) if row is not None else None


def _match(query: str, index: Serving) -> Matches:
    speller = Speller(index.side, index.synonyms.words)
    question = _read(query, index, speller)
    ids, is_whole, coded = _find(question, index.side)
    if not ids and question.known:  # words that were known once, of products that have gone
        question = _read(query, index, speller, doubted=True)
        ids, is_whole, coded = _find(question, index.side)
    by_code = coded == read_code(query) != ""
    corrected = _correct(query, question) if not coded else ""
    better = _doubt(question, speller) if len(ids) <= FEW and not coded and not corrected else {}
    hint = _say_again(query, better) if better else ""
    is_guess = not ids and bool(hint) and all(_is_near(word, other) for word, other in better.items())
    if is_guess:
        ids, _, _ = _find(_read(hint, index, speller), index.side)
    is_known = all(asked.word.term in asked.shares for asked in question.words)
    return Matches(query, ids, corrected if ids else "", is_whole=is_whole and is_known, hint=hint,
                   is_guess=is_guess and bool(ids), code=read_code(query) if by_code else "")


def _read(query: str, index: Serving, speller: Speller, *, is_typing: bool = False, doubted: bool = False) -> Question:
    return read_question(query, speller=speller, documents=index.documents, language=language(),
                         synonyms=index.synonyms, is_typing=is_typing, doubted=doubted)


def _correct(query: str, question: Question) -> str:
    meant = {asked.word.text: asked.meant.word for asked in question.words if asked.meant is not None}
    return _say_again(query, meant) if meant else ""


def _find(question: Question, side: str) -> tuple[list[int], bool, str]:
    """Ask for all words, then for fewer and fewer until enough is found; return the products best first.

    And whether any of them holds all words, and the code that the query is, see _by_code.
    """
    found, coded, complete = _find_all(question, side, MAX_MATCHES)
    for part, limit in question.fewer():
        if len(found) >= ENOUGH:
            break
        found |= {row[0]: row for row in open_engine().find(side, (part, limit))}
    features = question.features(with_codes=bool(coded))
    return rank(found.values(), complete, features)[:MAX_MATCHES], bool(complete), _by_code(question, coded)


def _find_all(question: Question, side: str, limit: int) -> tuple[dict[int, Candidate], list[Candidate], set[int]]:
    """Return what has the code or holds all words; of it what has the code, and the products that hold all words."""
    code, whole = question.code(), question.whole()
    asked = [(part, most) for part, most in ((code, MAX_SINGLE), (whole, limit)) if part is not None]
    rows = open_engine().find(side, *asked) if asked else []
    coded = [row for row in rows if row[3] == 0] if code is not None else []
    complete = {row[0] for row in rows if row[3] == len(asked) - 1} if whole is not None else set()
    return {row[0]: row for row in rows}, coded, complete


def _by_code(question: Question, coded: Collection[Candidate]) -> str:
    """Return the term of the query, with a `*` where one's code begins so, if it is as a whole the code of one."""
    whole = read_code(question.query)
    heads = [f"{head} " for _, head, _, _ in coded]
    return next((code for code in question.codes if code.rstrip("*") == whole
                 and any(spaced(code) in head for head in heads)), "")


def _doubt(question: Question, speller: Speller) -> dict[str, str]:
    """Return for words that are unknown, or rare and near to common ones, what was perhaps meant."""
    if not any(asked.uses for asked in question.words):
        doubted = ((asked.word.text, asked.doubted) for asked in question.words if asked.doubted is not None)
        return {word: other for word, meant in doubted
                if (other := _find_named(meant.near, speller.side) if meant.near else meant.word)}
    better = {asked.word.text: asked.doubted.word for asked in question.words
              if asked.doubted is not None and len(asked.word.text) > LEAST}
    for asked in question.words:
        word = asked.word.text
        near = speller.correct(word) if word.isalpha() and not asked.word.is_signs else None
        if near is None or near.parts[0].term == asked.word.term or (len(word) == LEAST and not near.is_sure):
            continue
        if near.uses >= RARER * max(asked.uses, 1):
            better[word] = near.word
    return better


def _find_named(near: Sequence[Known], side: str) -> str:
    """Return the first of the words that products go by: at least half of those that hold it have it in their name.

    One letter makes `vase` of `vaze`, but also `back` of `black` and `soft` of `sofa`, which are other words of the
    language: those stand in descriptions.
    """
    near = near[:MAX_DOUBTED]
    rows = open_engine().find(side, *((known.term, MAX_BEGUN) for known in near))
    for place, known in enumerate(near):
        names = [head.split("\t")[0] for _, head, _, found_by in rows if found_by == place]
        if names and 2 * sum(spaced(known.term) in f" {name} " for name in names) >= len(names):
            return known.word
    return ""


def _is_near(word: str, other: str) -> bool:
    """Tell whether what the other word finds may be shown below the question.

    Of five letters what is most likely a slip is put right without asking; what is left is a word of its own.
    """
    return len(word) == LEAST or begins_askew(word, other)


def _say_again(query: str, meant: Mapping[str, str]) -> str:
    """Return the query with its words replaced, and everything else as it was typed."""
    said = []
    for part in query.split():
        words = [word.text for word in read_words(part, language())]
        said.append(" ".join(meant.get(word, word) for word in words) if meant.keys() & set(words) else part)
    return " ".join(said)
