"""What stands beside a product: what others bought with it, what is like it, else the newest of its category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.browse.cards import show_cards, variant_ids
from storefront.browse.pages import ProductCard
from storefront.catalog.cards import Card
from storefront.catalog.details import ProductDetail
from storefront.catalog.queries import read_newest_of_category
from storefront.catalog.tree import CategoryNode
from storefront.inventory.queries import Availability, read_availability
from storefront.recommendations.queries import SHOWN, SPARE, read_beside, read_goes_with

TITLES = {"bought": "Often bought together", "alike": "More like this"}
NEWEST = 2
WITH_CART = range(2, 4)  # cards: one alone is no choice, four push the totals away


@dataclass(frozen=True, slots=True)
class Beside:
    """A section's title and more cards than it shows: some of them may be sold out."""

    title: str
    cards: Sequence[Card]
    shown: int


def choose_beside(product: ProductDetail, node: CategoryNode | None) -> Beside:
    """Return what to show beside the product; without cards where nothing is known and it has no category."""
    why, cards = read_beside(product.id)
    if cards:
        return Beside(TITLES[why], cards, SHOWN)
    if node is None:
        return Beside("", [], 0)
    newest = [card for card in read_newest_of_category(node.id) if card.id != product.id]
    return Beside(f"New in {node.name}", newest[:NEWEST], NEWEST)


def show_beside(beside: Beside, stock: Mapping[int, Availability]) -> list[ProductCard]:
    """Return the cards to show: what can be bought first, otherwise as they stand."""
    return sorted(show_cards(beside.cards, stock), key=lambda card: card.is_sold_out)[:beside.shown]


def show_goes_with(product_ids: Sequence[int]) -> list[ProductCard]:
    """Return two or three cards that can be bought of what others bought with these; none, which costs one query."""
    cards = read_goes_with(product_ids, SPARE)
    stock = read_availability(variant_ids(cards)) if cards else {}
    found = [card for card in show_cards(cards, stock) if not card.is_sold_out][:WITH_CART[-1]]
    return found if len(found) in WITH_CART else []
