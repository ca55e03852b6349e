"""Addresses of lists: what a shopper chose, read from a query string and written to one in one fixed order. Pure.

`?q=&brand=a&brand=b&<option>=…&price=10-50&in_stock=1&on_sale=1&rating=4&sort=…&page=2` (or `after=` for what lies
deeper): brand first, then the other facets by name, values by name. So every list has one address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from storefront.catalog.listing import SORTS
from storefront.catalog.words import tidy_query
from storefront.foundation.errors import ShopError
from storefront.foundation.money import Money, decimal_text, read_typed_amount
from storefront.foundation.pagination import read_page_number
from storefront.search.facets import Chosen, Place

BRAND, PRICE, IN_STOCK, ON_SALE, RATING = "brand", "price", "in_stock", "on_sale", "rating"
PRICE_FROM, PRICE_TO = "price-from", "price-to"  # the form's fields; their address is `price`
QUERY, SORT, PAGE, AFTER = "q", "sort", "page", "after"
OWN_ORDER = "ours"  # what places of a collection's own order are called; a search has none, for it ends soon
OURS = frozenset({QUERY, PRICE, PRICE_FROM, PRICE_TO, IN_STOCK, ON_SALE, RATING, SORT, PAGE, AFTER})
STARS = {str(stars): stars for stars in (2, 3, 4)}
MAX_FIELDS = 60  # of an address; what comes after them is not read
MAX_TEXT = 80  # characters of a value; no facet's are longer
Range = tuple[int | None, int | None]
_DASH = re.compile("[-–—]")  # what stands between two prices: phones make a long one of it
_AFTER = re.compile(r"(-?[a-z]+)\.(\d{1,12})\.(\d{1,10})")


class UnknownPlace(ShopError):
    """A place in another list, or in none; `query` is the list from its first page."""

    status = 400

    def __init__(self, query: ListQuery) -> None:
        super().__init__("This address leads to a place that this list does not have. Start from its first page.")
        self.query = query


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What an address asks of a list. `sort` is empty for the list's own order.

    `typed` are the form's two prices as they stood there, while one of them cannot be read; else both are empty.
    """

    text: str = ""
    chosen: Chosen = field(default_factory=Chosen)
    sort: str = ""
    number: int = 1
    after: Place | None = None
    typed: tuple[str, str] = ("", "")

    def without_pages(self) -> ListQuery:
        """Return the same from its first page."""
        return replace(self, number=1, after=None)


def read_list_query(args: MultiDict[str, str], currency: str, natural: str, locale: str = "en") -> ListQuery:
    """Read an address; `natural` is the sort that a list has by itself, or empty.

    What makes no sense is passed over. Raises NotFound for a page that is no number, UnknownPlace for a place that
    this list, sorted so, cannot have.
    """
    fields = [(name, value.strip()) for name, value in list(args.items(multi=True))[:MAX_FIELDS]
              if len(name) <= MAX_TEXT and (len(value) <= MAX_TEXT or name == QUERY)]
    said = dict(reversed(fields))  # the first of a name counts
    values: dict[str, set[str]] = {}
    for name, value in fields:
        if name not in OURS and value:
            values.setdefault(name, set()).add(value)
    sort = next((sort for sort in SORTS if sort == said.get(SORT)), "")
    (lowest, highest), typed = _read_price(said, currency, locale)
    chosen = Chosen(
        {name: frozenset(kept) for name, kept in values.items()}, lowest, highest, in_stock=said.get(IN_STOCK) == "1",
        on_sale=said.get(ON_SALE) == "1", rating=STARS.get(said.get(RATING, ""), 0))
    query = ListQuery(tidy_query(said.get(QUERY, "")), chosen, "" if sort == natural else sort, typed=typed)
    if args.get(AFTER):
        return replace(query, after=_read_after(args[AFTER], _order(query, natural), query))
    return replace(query, number=read_page_number(args.get(PAGE)))


def write_pairs(query: ListQuery, currency: str, natural: str) -> list[tuple[str, str]]:
    """Return the names and values of the address, in their order; nothing that says the default."""
    chosen = query.chosen
    facets = sorted(chosen.values, key=lambda facet: (facet != BRAND, facet))
    number = "" if query.after or query.number == 1 else str(query.number)
    pairs = [
        (QUERY, query.text), *((facet, value) for facet in facets for value in sorted(chosen.values[facet])),
        (PRICE, write_price(chosen, currency)), (PRICE_FROM, query.typed[0]), (PRICE_TO, query.typed[1]),
        (IN_STOCK, "1" if chosen.in_stock else ""), (ON_SALE, "1" if chosen.on_sale else ""),
        (RATING, str(chosen.rating or "")), (SORT, query.sort), (PAGE, number),
        (AFTER, _write_after(query.after, _order(query, natural))),
    ]
    return [(name, value) for name, value in pairs if value]


def write_url(path: str, query: ListQuery, currency: str, natural: str) -> str:
    """Return the one address of the list."""
    pairs = write_pairs(query, currency, natural)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def is_written_so(args: MultiDict[str, str], pairs: Sequence[tuple[str, str]], natural: str,
                  facets: Collection[str] = ()) -> bool:
    """Tell whether the address says the pairs in this order; names that mean nothing to lists do not count.

    `facets` are those that it names and the shop has: of them only the pairs' values may stand there.
    To name the list's own order, or none that there is, is needless and no harm.
    """
    meant = OURS | {name for name, _ in pairs} | set(facets)
    said = [(name, value) for name, value in args.items(multi=True)
            if name in meant and not (name == SORT and (value == natural or value not in SORTS))]
    return said == list(pairs)


def write_price(chosen: Chosen, currency: str) -> str:
    """Return the range of prices as addresses say it: `10-50`, `10-`, `-49.90`; empty without one."""
    if chosen.lowest is None and chosen.highest is None:
        return ""
    return "-".join(write_amount(amount, currency) for amount in (chosen.lowest, chosen.highest))


def write_amount(amount: int | None, currency: str) -> str:
    """Return the plain decimal without needless zeros, as fields and addresses hold it."""
    if amount is None:
        return ""
    text = decimal_text(Money(amount, currency))
    whole, _, rest = text.partition(".")
    return text if rest.strip("0") else whole


def _read_price(said: dict[str, str], currency: str, locale: str) -> tuple[Range, tuple[str, str]]:
    """Read the form's two fields, or the address's one, and return the range and what of the fields is none.

    Ends that are the wrong way round are turned. Nobody typed the address's, so what cannot be read there is dropped.
    """
    is_form = PRICE_FROM in said or PRICE_TO in said
    ends = [said.get(PRICE_FROM, ""), said.get(PRICE_TO, "")] if is_form else _DASH.split(said.get(PRICE, ""))
    if len(ends) != 2:
        return (None, None), ("", "")
    try:
        lowest, highest = (read_typed_amount(end, currency, locale) if end.strip() else None for end in ends)
    except ShopError:
        return (None, None), (ends[0], ends[1]) if is_form else ("", "")
    if lowest is not None and highest is not None and lowest > highest:
        lowest, highest = highest, lowest
    return (lowest, highest), ("", "")


def can_read_amount(text: str, currency: str, locale: str) -> bool:
    """Tell whether the text of a price field is empty or an amount."""
    try:
        return not text or read_typed_amount(text, currency, locale) >= 0
    except ShopError:
        return False


def _order(query: ListQuery, natural: str) -> str:
    return query.sort or natural or ("" if query.text else OWN_ORDER)


def _read_after(text: str, sort: str, query: ListQuery) -> Place:
    found = _AFTER.fullmatch(text) if text.isascii() else None
    if found is None or found[1] != sort:
        raise UnknownPlace(query)
    return Place(int(found[2]), int(found[3]))


def _write_after(place: Place | None, sort: str) -> str:
    return f"{sort}.{place.number}.{place.product_id}" if place else ""
