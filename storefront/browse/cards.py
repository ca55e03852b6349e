"""Cards and lists as pages show them: the catalog's cards with this moment's stock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from storefront.browse.filter_form import SortChoice, build_form, count_choices
from storefront.browse.filters import ListQuery, write_url
from storefront.browse.pages import Listing, ProductCard
from storefront.catalog.cards import Card
from storefront.foundation.shop import facts
from storefront.inventory.queries import Availability
from storefront.search.facets import FilteredPage

NEWEST, PRICE, PRICE_DOWN, BEST = "newest", "price", "-price", "best"
NUMBERED = 20  # pages of a list that have numbers; what lies deeper is reached from place to place
LABELS = {NEWEST: "Newest", PRICE: "Price, low to high", PRICE_DOWN: "Price, high to low", BEST: "Most bought"}


def show_cards(cards: Iterable[Card], stock: Mapping[int, Availability]) -> list[ProductCard]:
    """Return the cards; a product is sold out when each of its variants is."""
    return [
        ProductCard(
            id=card.id, slug=card.slug, url=card.url, name=card.name, brand=card.brand, picture=card.picture,
            price=card.price, compare_at=card.compare_at, has_price_range=card.has_price_range,
            swatches=card.swatches, lowest_before=card.lowest_before, stars=card.stars,
            is_sold_out=all(variant_id not in stock or stock[variant_id].maximum == 0
                            for variant_id in card.variant_ids),
        )
        for card in cards
    ]


def variant_ids(cards: Iterable[Card]) -> list[int]:
    """Return the ids of all variants of the cards, for one read of their stock."""
    return [variant_id for card in cards for variant_id in card.variant_ids]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a list; `natural` names its own order by value and label."""

    title: str
    intro: str
    path: str
    natural: tuple[str, str]


def build_listing(frame: Frame, query: ListQuery, products: Sequence[ProductCard], *, total: int, pages: int,
                  found: FilteredPage | None = None, facets: Collection[str] = (), has_sales: bool = True) -> Listing:
    """Return the list with its ways to turn the page, to sort and, where search `found` it, to filter.

    `facets` are those that the address names and the shop has.
    """
    (value, label), path = frame.natural, frame.path
    current = query.sort or value
    # Before anybody bought anything there is no such order.
    sorts = {value: label} | {other: words for other, words in LABELS.items()
                              if other != value and (has_sales or other in (NEWEST, PRICE, PRICE_DOWN, current))}

    def url(wanted: ListQuery) -> str:
        return write_url(path, wanted, facts().currency, value)

    first = query.without_pages()
    following = None
    if query.after is None and query.number < min(pages, NUMBERED):
        following = replace(query, number=query.number + 1)
    elif found is not None and found.next is not None:
        following = replace(first, after=found.next)
    elif query.after is None and query.number < pages:
        following = replace(query, number=query.number + 1)
    before = first if query.after else replace(query, number=query.number - 1) if query.number > 1 else None
    return Listing(
        title=frame.title, intro=frame.intro, products=products, total=total, sort=current, number=query.number,
        sorts=[SortChoice(choice, words, url(replace(first, sort="" if choice == value else choice)),
                          choice == current) for choice, words in sorts.items()],
        pages=pages, is_deep=query.after is not None, previous_url=url(before) if before else None,
        next_url=url(following) if following else None, path=path, url=url(query), first_url=url(first),
        home_url=url(_at_home(query)), facets=facets,
        choices=count_choices(query.chosen), filters=build_form(path, query, found.facets, value) if found else None,
    )


def _at_home(query: ListQuery) -> ListQuery:
    """Return the list that search engines keep instead: in its own order, and of all prices, for these are endless."""
    if query.chosen.has_price:
        query = replace(query.without_pages(), chosen=replace(query.chosen, lowest=None, highest=None))
    return replace(query, sort="", after=None, typed=("", ""))
