"""Reads of the search: which products a text means."""

from __future__ import annotations

from storefront.catalog.queries import find_by_words
from storefront.catalog.words import tidy_query
from storefront.search.matches import MAX_MATCHES, Matches


def match_products(text: str) -> Matches:
    """Return the products on sale that the text means, best first; any text is answered.

    Not cached: anyone may type anything.
    """
    query = tidy_query(text)
    return Matches(query, find_by_words(query, MAX_MATCHES))
