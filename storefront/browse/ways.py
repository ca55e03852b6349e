"""Ways on from a search: categories, collections and pages that go by the words that were looked for."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from storefront.browse.pages import Link
from storefront.catalog import queries as catalog
from storefront.content import queries as content
from storefront.foundation.cache import cached
from storefront.search.analysis import read_words
from storefront.search.documents import language
from storefront.search.synonyms import Phrase, read_synonyms

MAX_WAYS = 4
_TAG = re.compile(r"<[^>]*>")


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
    asked = _terms(query)
    phrases = [phrase for phrase in (asked, *read_synonyms(language()).of.get(asked, ())) if phrase]
    found = [Link(f"Category: {node.name}", node.url) for node in catalog.read_tree() if _terms(node.name) in phrases]
    found += [Link(f"Collection: {row.name}", row.url) for row in catalog.list_collections()
              if _terms(row.name) in phrases]
    pages = _read_pages(language())
    found += [Link(page.title, page.url) for page in pages if any(_is_of(phrase, page) for phrase in phrases)]
    if not found and not is_found:
        found = [Link(page.title, page.url) for page in pages
                 if any(set(phrase) <= set(page.said) for phrase in phrases)]
    return found[:MAX_WAYS]


def _is_of(phrase: Sequence[str], page: PageTerms) -> bool:
    return not set(phrase).isdisjoint(page.named) and set(phrase) <= set(page.said)


def _terms(text: str) -> Phrase:
    return tuple(word.term for word in read_words(text, language()))


@cached("content")
def _read_pages(spoken: str) -> list[PageTerms]:
    found = []
    for page in content.read_pages():
        body = html.unescape(_TAG.sub(" ", f"{page.title} {page.summary} {page.body}"))
        found.append(PageTerms(page.title, f"/pages/{page.slug}",
                               named=[word.term for word in read_words(page.title, spoken) if len(word.text) > 3],
                               said=sorted({word.term for word in read_words(body, spoken)})))
    return found
