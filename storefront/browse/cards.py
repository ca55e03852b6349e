"""Cards and lists as pages show them: the catalog's cards with this moment's stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from storefront.browse.pages import Listing, ProductCard, SortChoice
from storefront.catalog.cards import Card
from storefront.catalog.listing import CardPage
from storefront.inventory.queries import Availability

NEWEST, PRICE, PRICE_DOWN, BEST = "newest", "price", "-price", "best"
LABELS = {NEWEST: "Newest", PRICE: "Price, low to high", PRICE_DOWN: "Price, high to low", BEST: "Most bought"}


def show_cards(cards: Iterable[Card], stock: Mapping[int, Availability]) -> list[ProductCard]:
    """Return the cards; a product is sold out when each of its variants is."""
    return [
        ProductCard(
            id=card.id, slug=card.slug, url=card.url, name=card.name, brand=card.brand, picture=card.picture,
            price=card.price, compare_at=card.compare_at, has_price_range=card.has_price_range,
            swatches=card.swatches, lowest_before=card.lowest_before,
            is_sold_out=all(variant_id not in stock or stock[variant_id].maximum == 0
                            for variant_id in card.variant_ids),
        )
        for card in cards
    ]


def variant_ids(cards: Iterable[Card]) -> list[int]:
    """Return the ids of all variants of the cards, for one read of their stock."""
    return [variant_id for card in cards for variant_id in card.variant_ids]


def list_url(path: str, *, query: str = "", sort: str = "", number: int = 1) -> str:
    """Return the address of a list: parameters in one fixed order, none that says the default."""
    said = [("q", query), ("sort", sort), ("page", str(number) if number > 1 else "")]
    kept = [(name, value) for name, value in said if value]
    return f"{path}?{urlencode(kept)}" if kept else path


def build_listing(found: CardPage, products: Sequence[ProductCard], *, title: str, intro: str, path: str,
                  sort: str, natural: tuple[str, str], query: str = "") -> Listing:
    """Return the list with its ways to turn the page and to sort.

    `sort` is empty for the list's own order, which `natural` names by value and label.
    """
    value, label = natural
    sorts = {value: label} | {other: words for other, words in LABELS.items() if other != value}
    current = sort or value

    def url(choice: str, number: int = 1) -> str:
        return list_url(path, query=query, sort="" if choice == value else choice, number=number)

    return Listing(
        title=title, intro=intro, products=products, total=found.total, sort=current, number=found.number,
        sorts=[SortChoice(choice, words, url(choice), choice == current) for choice, words in sorts.items()],
        pages=found.pages,
        previous_url=url(current, found.number - 1) if found.number > 1 else None,
        next_url=url(current, found.number + 1) if found.number < found.pages else None,
    )
