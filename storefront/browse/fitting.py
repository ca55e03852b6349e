"""Cards of a list whose shopper asked for something that only some variants are: each shows what fits.

Which products a list holds is search's to say; which of their variants fit is asked of the tables once more. So a
card never shows a price that has changed meanwhile, nor another variant because the order of them has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from storefront.browse.cards import show_cards, variant_ids
from storefront.browse.choice import Stock
from storefront.browse.pages import ProductCard
from storefront.catalog.addresses import variant_url
from storefront.catalog.cards import Card
from storefront.catalog.history import read_lowest_prices
from storefront.catalog.media import Picture
from storefront.catalog.offers import Offer, read_offers, read_own_pictures
from storefront.foundation.money import Money
from storefront.inventory.queries import SOLD_OUT, read_availability
from storefront.search.analysis import read_code
from storefront.search.facets import Chosen
from storefront.search.facets_facts import BRAND, slug_facet, slug_value


def is_about_variants(chosen: Chosen, code: str = "") -> bool:
    """Tell whether the choices, or the code that was searched for, may mean some variants of a product and not all."""
    return bool(code or chosen.values.keys() - {BRAND} or chosen.lowest is not None or chosen.highest is not None
                or chosen.in_stock or chosen.on_sale)


def show_fitting(cards: Sequence[Card], chosen: Chosen, code: str = "") -> list[ProductCard]:
    """Return the cards; one of which not all variants fit shows those that do and can be bought, if any of them can.

    In two queries for all of them, two more where cards differ and are reduced.
    """
    offers = read_offers([card.id for card in cards])
    stock = read_availability({*variant_ids(cards), *(offer.variant_id for group in offers.values()
                                                      for offer in group)})
    fitting = {product_id: [offer for offer in fits if _is_in_stock(offer, stock)] or fits
               for product_id, group in offers.items()
               if 0 < len(fits := find_fitting(group, chosen, code, stock)) < len(group)}
    pictures = read_own_pictures([fits[0].variant_id for fits in fitting.values()])
    lowest = read_lowest_prices([cheapest.variant_id for cheapest in map(_cheapest, fitting.values())
                                 if cheapest.compare_at is not None])
    return [_narrow(card, fitting[card.id], pictures, stock, lowest) if card.id in fitting else card
            for card in show_cards(cards, stock)]


def find_fitting(offers: Sequence[Offer], chosen: Chosen, code: str, stock: Stock) -> list[Offer]:
    """Return what of one product fits the choices; of it what has the code, and can be bought if that was asked for.

    Where none has the code or can be bought any more, all that fits otherwise. Nothing when the product has changed
    since the list was made.
    """
    left = list(offers)
    for facet, values in chosen.values.items():
        answering = {offer.variant_id for offer in offers if any(
            slug_facet(name) == facet and slug_value(value) in values for name, value in offer.values)}
        if answering:  # else it is said of the product as a whole, such as what it is made of
            left = [offer for offer in left if offer.variant_id in answering]
    left = [offer for offer in left if _is_in_range(offer.amount, chosen) and (offer.compare_at or not chosen.on_sale)]
    if code:
        left = [offer for offer in left if code in map(read_code, offer.codes)] or left
    if chosen.in_stock:
        left = [offer for offer in left if _is_in_stock(offer, stock)] or left
    return left


def _narrow(card: ProductCard, fits: Sequence[Offer], pictures: Mapping[int, Picture], stock: Stock,
            lowest: Mapping[int, int]) -> ProductCard:
    cheapest, currency = _cheapest(fits), card.price.currency
    before = lowest.get(cheapest.variant_id)
    return replace(
        card, url=variant_url(card.slug, fits[0].variant_id), picture=pictures.get(fits[0].variant_id, card.picture),
        price=Money(cheapest.amount, currency),
        compare_at=Money(cheapest.compare_at, currency) if cheapest.compare_at is not None else None,
        lowest_before=Money(before, currency) if before is not None else None,
        has_price_range=any(offer.amount != cheapest.amount for offer in fits),
        is_sold_out=not any(_is_in_stock(offer, stock) for offer in fits),
        version=fits[0].title if len(fits) == 1 else "")


def _cheapest(offers: Iterable[Offer]) -> Offer:
    return min(offers, key=lambda offer: offer.amount)


def _is_in_range(amount: int, chosen: Chosen) -> bool:
    return ((chosen.lowest is None or amount >= chosen.lowest)
            and (chosen.highest is None or amount <= chosen.highest))


def _is_in_stock(offer: Offer, stock: Stock) -> bool:
    return stock.get(offer.variant_id, SOLD_OUT).maximum > 0
