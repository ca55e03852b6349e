"""What is offered while somebody types: products, categories and queries that go on from there."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError

from storefront.catalog import queries as catalog
from storefront.catalog.media import Picture
from storefront.catalog.offers import read_offers
from storefront.catalog.words import tidy_query
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.search.analysis import fold, is_code, read_words
from storefront.search.documents import language
from storefront.search.engines import open_engine
from storefront.search.engines.port import TookTooLong
from storefront.search.popular import read_popular
from storefront.search.queries import PATIENCE, Begun, find_begun, read_index
from storefront.search.spelling import Known

LEAST = 2  # letters; one letter means everything
PRODUCTS, CATEGORIES, QUERIES = 5, 3, 3
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """Words that lead somewhere."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A product, or the variant of it whose code is typed."""

    name: str
    url: str
    picture: Picture | None
    price: Money
    compare_at: Money | None
    has_price_range: bool = False
    version: str = ""  # of a variant: what it is like and its code


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What goes on from a text, the nearest first."""

    query: str
    products: list[Offered]
    categories: list[Way]
    queries: list[Way]
    corrected: str = ""  # what was looked for instead

    @property
    def count(self) -> int:
        return len(self.products) + len(self.categories) + len(self.queries)


def suggest(text: str) -> Suggestions:
    """Return what the text may become; nothing for less than two letters. Any text is answered."""
    query = tidy_query(text)
    if len(query) < LEAST and query.isascii():
        return Suggestions(query, [], [], [])
    categories = _categories(query)
    try:
        index = read_index()
        if index is None:
            return Suggestions(query, [], categories, _queries(query, []))
        with open_engine().patience(PATIENCE):
            begun = find_begun(query, index, PRODUCTS)
            ways = _queries(begun.corrected or query, begun.endings)
            if ways or categories or begun.product_ids:
                ways.append(_search(query, f"Everything for “{query}”"))
            return Suggestions(query, _offer(begun), categories, ways, begun.corrected)
    except TookTooLong:
        pass
    except SQLAlchemyError:
        logger.exception("no suggestions: the search index is broken")
        db.session.rollback()
    return Suggestions(query, [], categories, [])


def _offer(begun: Begun) -> list[Offered]:
    """Return the variants whose codes are typed or begin so, then the products that fit otherwise."""
    fits = _find_variants(begun.product_ids, begun.code) if begun.code else {}
    codes = {variant_id: code for group in fits.values() for variant_id, code in group.items()}
    described = catalog.read_variants(list(codes)[:PRODUCTS])
    found = [Offered(info.name, info.url, info.picture, info.price, info.compare_at,
                     version=" · ".join(part for part in (info.title, codes[variant_id]) if part))
             for variant_id, info in ((one, described[one]) for one in codes if one in described) if info.is_sellable]
    cards = catalog.read_cards([product_id for product_id in begun.product_ids if product_id not in fits])
    found += [Offered(card.name, card.url, card.picture, card.price, card.compare_at, card.has_price_range)
              for card in cards]
    return found[:PRODUCTS]


def _find_variants(product_ids: Sequence[int], term: str) -> dict[int, dict[int, str]]:
    """Return of each product the variants on sale with a code that the term means, each with that code."""
    offers = read_offers(product_ids)
    found: dict[int, dict[int, str]] = {}
    for product_id in product_ids:
        for offer in offers.get(product_id, ()):
            code = next((code for code in offer.codes if is_code(code, term)), "")
            if code:
                found.setdefault(product_id, {})[offer.variant_id] = code
    return found


def _categories(query: str) -> list[Way]:
    """Return categories in whose names every word begins one."""
    spoken = language()
    wanted = _words(query, spoken)
    found = []
    for node in catalog.read_tree() if wanted else ():
        names = _words(node.name, spoken)
        if all(any(name.startswith(word) for name in names) for word in wanted):
            found.append(Way(node.name, node.url))
    return found[:CATEGORIES]


@functools.lru_cache(maxsize=5000)
def _words(text: str, spoken: str) -> list[str]:
    return [word.text for word in read_words(text, spoken)]


def _queries(query: str, endings: Sequence[Known]) -> list[Way]:
    """Return what many asked for, then the word that is being typed in full."""
    found = dict.fromkeys(read_popular(query, QUERIES))
    begun, _, last = fold(query).rpartition(" ")
    words: dict[str, str] = {}  # term → the form of it that is used most
    for known in endings:
        if known.word.startswith(last):
            words.setdefault(known.term, known.word)
    found |= dict.fromkeys(f"{begun} {word}".strip() for word in words.values() if word != last)
    return [_search(said, said) for said in list(found)[:QUERIES]]


def _search(query: str, label: str) -> Way:
    return Way(label, f"/search?{urlencode({'q': query})}")
