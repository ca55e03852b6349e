"""What may be chosen of a list, as the form beside it and as the chips that take a choice back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from storefront.browse.filters import (
    BRAND,
    IN_STOCK,
    ON_SALE,
    RATING,
    ListQuery,
    can_read_amount,
    write_amount,
    write_url,
)
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts
from storefront.search.facets import Chosen, Facet, Facets

SHOWN_AT_ONCE = 7  # values of a facet; the others stand behind "more"


@dataclass(frozen=True, slots=True)
class FilterOption:
    """A box to tick; without a count where there is nothing to count. One that would leave nothing cannot be ticked."""

    id: str
    name: str
    value: str
    label: str
    count: int | None
    is_chosen: bool
    swatch: str = ""

    @property
    def is_dead(self) -> bool:
        return self.count == 0 and not self.is_chosen


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """Boxes under one title; `more` of them are shown when asked for, at once when one of them is chosen.

    Where they include each other, one of them `is_single`: buttons of which one is pressed.
    """

    name: str
    label: str
    options: Sequence[FilterOption]
    more: Sequence[FilterOption] = ()
    is_single: bool = False

    @property
    def is_open(self) -> bool:
        return any(option.is_chosen for option in self.more)


@dataclass(frozen=True, slots=True)
class PriceFields:
    """The range of prices: what was chosen or typed, and what there is under the other choices.

    `problem` says what was typed and is no price, `wrong` in which of the two fields ("from", "to").
    """

    lowest: str
    highest: str
    least: str
    most: str
    problem: str = ""
    wrong: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice in words, and the address of the list without it."""

    id: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SortChoice:
    """One order of a list and the address of the list in it."""

    value: str
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form of a list; `hidden` are the fields that stay as they are."""

    action: str
    hidden: Sequence[tuple[str, str]]
    availability: FilterGroup
    price: PriceFields | None
    groups: Sequence[FilterGroup]
    chips: Sequence[Chip]
    clear_url: str


def build_form(path: str, query: ListQuery, found: Facets, natural: str) -> FilterForm:
    """Return the form of the list under the choices of the query."""
    hidden = [pair for pair in (("q", query.text), ("sort", query.sort)) if pair[1]]
    groups = [*(_group(facet) for facet in found.facets), _ratings(query.chosen, found)]
    bare = ListQuery(query.text, sort=query.sort)
    return FilterForm(
        path, hidden, _availability(query.chosen, found), _price(query, found),
        [group for group in groups if group.options], _chips(path, query, found, natural),
        write_url(path, bare, facts().currency, natural))


def count_choices(chosen: Chosen) -> int:
    """Return how many boxes are ticked; a range of prices is one."""
    return (sum(map(len, chosen.values.values())) + chosen.in_stock + chosen.on_sale + bool(chosen.rating)
            + (chosen.lowest is not None or chosen.highest is not None))


def _availability(chosen: Chosen, found: Facets) -> FilterGroup:
    options = [FilterOption("f-in-stock", IN_STOCK, "1", "In stock", found.in_stock, chosen.in_stock)]
    if found.on_sale is not None:
        options.append(FilterOption("f-on-sale", ON_SALE, "1", "Reduced", found.on_sale, chosen.on_sale))
    return FilterGroup("availability", "Availability", options)


def _group(facet: Facet) -> FilterGroup:
    options = [FilterOption(f"f-{facet.name}-{choice.value}", facet.name, choice.value, choice.label, choice.count,
                            choice.is_chosen, choice.swatch) for choice in facet.choices]
    # One more than fits is shown all the same: "1 more" would take as much room.
    cut = SHOWN_AT_ONCE if len(options) > SHOWN_AT_ONCE + 1 else len(options)
    return FilterGroup(facet.name, facet.label, options[:cut], options[cut:])


def _ratings(chosen: Chosen, found: Facets) -> FilterGroup:
    levels = [FilterOption(f"f-rating-{stars}", RATING, str(stars), f"{stars} stars and more", count,
                           chosen.rating == stars) for stars, count in found.ratings]
    if levels:
        levels.append(FilterOption("f-rating-any", RATING, "", "Any", None, not chosen.rating))
    return FilterGroup(RATING, "Rating", levels, is_single=True)


def _price(query: ListQuery, found: Facets) -> PriceFields | None:
    chosen, currency = query.chosen, facts().currency
    is_chosen = chosen.lowest is not None or chosen.highest is not None
    if not is_chosen and not any(query.typed) and found.lowest == found.highest:
        return None
    lowest, highest, least, most = (write_amount(amount, currency)
                                    for amount in (chosen.lowest, chosen.highest, found.lowest, found.highest))
    wrong = [(name, text) for name, text in zip(("from", "to"), query.typed, strict=True)
             if not can_read_amount(text, currency, facts().locale)]
    if not wrong:
        return PriceFields(lowest, highest, least, most)
    said = " and ".join(f"“{text}”" for _, text in wrong)
    return PriceFields(*query.typed, least, most, f"We cannot read {said} as a price. Write it like 12.50.",
                       [name for name, _ in wrong])


def _chips(path: str, query: ListQuery, found: Facets, natural: str) -> list[Chip]:
    """Return a chip for every choice, in the order of the address."""
    chosen = query.chosen
    labels = {(facet.name, choice.value): choice.label for facet in found.facets for choice in facet.choices}
    chips = []

    def add(chip_id: str, label: str, left: Chosen) -> None:
        url = write_url(path, replace(query.without_pages(), chosen=left), facts().currency, natural)
        chips.append(Chip(f"chip-{chip_id}", label, url))

    for facet in sorted(chosen.values, key=lambda facet: (facet != BRAND, facet)):
        for value in sorted(chosen.values[facet]):
            rest = {name: kept - {value} if name == facet else kept for name, kept in chosen.values.items()}
            add(f"{facet}-{value}", labels.get((facet, value), value),
                replace(chosen, values={name: kept for name, kept in rest.items() if kept}))
    if chosen.lowest is not None or chosen.highest is not None:
        add("price", _price_words(chosen), replace(chosen, lowest=None, highest=None))
    if chosen.in_stock:
        add("in-stock", "In stock", replace(chosen, in_stock=False))
    if chosen.on_sale:
        add("on-sale", "Reduced", replace(chosen, on_sale=False))
    if chosen.rating:
        add("rating", f"{chosen.rating} stars and more", replace(chosen, rating=0))
    return chips


def _price_words(chosen: Chosen) -> str:
    shop = facts()
    lowest, highest = (format_money(Money(amount, shop.currency), shop.locale) if amount is not None else ""
                       for amount in (chosen.lowest, chosen.highest))
    if lowest and highest:
        return f"{lowest} to {highest}"
    return f"From {lowest}" if lowest else f"Up to {highest}"
