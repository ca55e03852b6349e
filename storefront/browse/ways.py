"""Ways on from a search: categories, collections and pages that go by the words that were looked for."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from storefront.browse.pages import Link
from storefront.catalog import queries as catalog
from storefront.content import queries as content
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.search.analysis import read_words
from storefront.search.documents import language
from storefront.search.synonyms import Phrase, read_synonyms
from storefront.search.tables import lacks_table

MAX_WAYS = 4
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class ListTerms:
    """What a category or a collection is called."""

    label: str
    url: str
    terms: list[str]


@dataclass(frozen=True, slots=True)
class PageTerms:
    """What a content page is found by."""

    title: str
    url: str
    named: list[str]  # terms of its title
    said: list[str]  # terms of everything on it


def find_ways(query: str, *, is_found: bool) -> list[Link]:
    """Return where the query, or a synonym of it, is the name of a category, a collection or a page.

    Where no product is found (`is_found`), a page that only speaks of it is a way too. What it reads is cached.
    """
    asked = tuple(_terms(query, language()))
    phrases = [phrase for phrase in (asked, *_same_as(asked)) if phrase]
    found = [Link(row.label, row.url) for row in _read_lists(language()) if tuple(row.terms) in phrases]
    pages = _read_pages(language())
    found += [Link(page.title, page.url) for page in pages if any(_is_of(phrase, page) for phrase in phrases)]
    if not found and not is_found:
        found = [Link(page.title, page.url) for page in pages
                 if any(set(phrase) <= set(page.said) for phrase in phrases)]
    return found[:MAX_WAYS]


def _is_of(phrase: Sequence[str], page: PageTerms) -> bool:
    return not set(phrase).isdisjoint(page.named) and set(phrase) <= set(page.said)


def _same_as(asked: Phrase) -> Sequence[Phrase]:
    try:
        return read_synonyms(language()).of.get(asked, ())
    except DBAPIError as error:
        if not lacks_table(error):
            raise
    db.session.rollback()
    return ()


def _terms(text: str, spoken: str) -> list[str]:
    return [word.term for word in read_words(text, spoken)]


@cached("catalog")
def _read_lists(spoken: str) -> list[ListTerms]:
    categories = [ListTerms(f"Category: {node.name}", node.url, _terms(node.name, spoken))
                  for node in catalog.read_tree()]
    return categories + [ListTerms(f"Collection: {row.name}", row.url, _terms(row.name, spoken))
                         for row in catalog.list_collections()]


@cached("content")
def _read_pages(spoken: str) -> list[PageTerms]:
    found = []
    for page in content.read_pages():
        body = html.unescape(_TAG.sub(" ", f"{page.title} {page.summary} {page.body}"))
        found.append(PageTerms(page.title, f"/pages/{page.slug}",
                               named=[word.term for word in read_words(page.title, spoken) if len(word.text) > 3],
                               said=sorted(set(_terms(body, spoken)))))
    return found
