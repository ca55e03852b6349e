"""Words that mean the same, as staff wrote them down: read when something is asked, so no index is made anew."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.search.analysis import read_words
from storefront.search.engines.port import AllOf
from storefront.search.models import SynonymGroup

if TYPE_CHECKING:
    from storefront.search.reading import Asked

GROUP = "search"  # of the cache: left behind when staff change a group
MAX_WORDS = 20  # words and phrases of one group
MAX_PHRASE, MAX_LENGTH = 4, 60  # words and characters of one of them
SHARE, SHARE_OF_PHRASE = 0.9, 0.6  # of a word's worth when a synonym stands for it
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonyms:
    """For each phrase (its terms in their order) the other phrases of its groups."""

    of: dict[Phrase, list[Phrase]]
    words: dict[str, str]  # each of their words as it is written, with its term: spelling knows them too

    def add_to(self, asked: Sequence[Asked]) -> None:
        """Let the synonyms of every phrase in the words stand for each word of the phrase.

        A sign of writing without spaces stands for the phrases that it is a part of.
        """
        terms = tuple(item.said for item in asked)
        for start in range(len(terms) if self.of else 0):
            for stop in range(start + 1, len(terms) + 1):
                for other in self.of.get(terms[start:stop], ()):
                    for item in asked[start:stop]:
                        _let_stand(item, other)
        for item in asked:
            if item.word.is_single_sign:
                for phrase, others in self.of.items():
                    for other in others if any(item.said in term for term in phrase) else ():
                        _let_stand(item, other)


def _let_stand(item: Asked, other: Phrase) -> None:
    if len(other) == 1:
        item.shares.setdefault(other[0], SHARE)
    elif AllOf(other) not in item.others:
        item.others.append(AllOf(other))
        for term in other:
            item.shares_of_phrases.setdefault(term, SHARE_OF_PHRASE)


def read_synonyms(language: str) -> Synonyms:
    """Return all groups as terms of the language, and their words."""
    return _read_groups(tuple(map(tuple, list_groups())), language)


@functools.lru_cache(maxsize=4)
def _read_groups(groups: tuple[tuple[str, ...], ...], language: str) -> Synonyms:
    of: dict[Phrase, list[Phrase]] = defaultdict(list)
    known: dict[str, str] = {}
    for words in groups:
        read = [read_words(phrase, language) for phrase in words]
        known |= {word.text: word.term for phrase in read for word in phrase}
        phrases = [tuple(word.term for word in phrase) for phrase in read]
        for phrase in phrases:
            of[phrase] += [other for other in phrases if other and other != phrase]
    of.pop((), None)
    return Synonyms(dict(of), known)


@cached(GROUP)
def list_groups() -> list[list[str]]:
    """Return the groups, each with its words and phrases as staff wrote them."""
    rows = db.session.scalars(select(SynonymGroup.words).order_by(SynonymGroup.id))
    return [split_words(words) for words in rows]


def find_fault(words: Sequence[str]) -> str:
    """Return what keeps the words from being a group, as a sentence for staff; empty when nothing does."""
    known = [phrase for phrase in words if read_words(phrase, "")]
    if len(known) < 2:
        return "A group needs at least two words that mean the same, divided by commas."
    if len(words) > MAX_WORDS:
        return f"These are {len(words)} words: a group holds at most {MAX_WORDS}."
    for phrase in words:
        if phrase not in known:
            return f"“{phrase[:MAX_LENGTH]}” has neither letters nor figures: nobody can look for it."
        if len(phrase) > MAX_LENGTH or len(read_words(phrase, "")) > MAX_PHRASE:
            return f"“{phrase[:MAX_LENGTH]}” is too long: at most {MAX_PHRASE} words and {MAX_LENGTH} characters."
    return ""


def split_words(text: str) -> list[str]:
    """Return the words and phrases of a group, which commas and line ends divide."""
    parts = [" ".join(part.split()) for part in text.replace("\n", ",").replace(";", ",").split(",")]
    return list(dict.fromkeys(part for part in parts if part))
