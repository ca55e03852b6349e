"""Which variant a visitor means, and what the product's page offers beside it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from storefront.browse.pages import Choice, OptionChoice, OptionGroup, VariantRow
from storefront.catalog.addresses import variant_url
from storefront.catalog.details import OptionDetail, ProductDetail, VariantDetail
from storefront.inventory.queries import SOLD_OUT, Availability

Stock = Mapping[int, Availability]
NOT_MADE = "not made"
NO_STOCK = "sold out"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form or an address asks for; ids may be anything."""

    variant_id: int | None = None
    value_ids: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The variant to show, and a sentence when it is not the one asked for."""

    variant: VariantDetail
    notice: str = ""


def choose(product: ProductDetail, wish: Wish, stock: Stock) -> Chosen:
    """Return the variant that the wish means, or the nearest one that is made.

    Ids that are not this product's are passed over; without a wish it is the first variant in stock.
    """
    base = next((variant for variant in product.variants if variant.id == wish.variant_id), None)
    start = base or _first(product, stock)
    option_of = {value.id: option.id for option in product.options for value in option.values}
    said = {option_of[value_id]: value_id for value_id in wish.value_ids if value_id in option_of}
    wanted = start.values | said
    exact = next((variant for variant in product.variants if variant.values == wanted), None)
    if exact is not None and said:
        return Chosen(exact)
    if not said:
        return Chosen(start)
    changed = {option: value for option, value in said.items() if start.values.get(option) != value}
    nearest = max(product.variants, key=lambda variant: (
        _agreeing(variant, changed), _agreeing(variant, wanted), not is_sold_out(variant, stock)))
    return Chosen(nearest, f"We do not make it in {_words(product, wanted)}. The nearest is {nearest.title}.")


def build_choice(product: ProductDetail, chosen: Chosen, stock: Stock, tax_note: str) -> Choice:
    """Return the chosen variant with its options as the template shows them."""
    variant = chosen.variant
    return Choice(
        variant_id=variant.id, sku=variant.sku, title=variant.title, price=variant.price,
        compare_at=variant.compare_at, tax_note=tax_note, availability=stock.get(variant.id, SOLD_OUT),
        options=_groups(product, variant, stock), pictures_first=variant.picture or 0, notice=chosen.notice,
        lowest_before=variant.lowest_before, is_sent=variant.is_sent,
    )


def list_versions(product: ProductDetail, stock: Stock) -> list[VariantRow]:
    """Return every variant as the list below the product shows it."""
    return [VariantRow(variant.title or product.name, variant_url(product.slug, variant.id), variant.price,
                       stock.get(variant.id, SOLD_OUT)) for variant in product.variants]


def is_sold_out(variant: VariantDetail, stock: Stock) -> bool:
    """Tell whether nobody can buy the variant now."""
    return stock.get(variant.id, SOLD_OUT).maximum == 0


def _first(product: ProductDetail, stock: Stock) -> VariantDetail:
    return next((variant for variant in product.variants if not is_sold_out(variant, stock)), product.variants[0])


def _agreeing(variant: VariantDetail, values: Mapping[int, int]) -> int:
    return sum(variant.values.get(option) == value for option, value in values.items())


def _words(product: ProductDetail, values: Mapping[int, int]) -> str:
    return " / ".join(value.value for option in product.options for value in option.values
                      if values.get(option.id) == value.id)


def _groups(product: ProductDetail, current: VariantDetail, stock: Stock) -> list[OptionGroup]:
    """One option: each answer is a variant. Several: each answer is a value, and the server finds the variant."""
    if len(product.variants) == 1 and not current.values:
        return []
    if len(product.options) >= 2:
        return [_group(product, option, current, stock) for option in product.options]
    option = product.options[0] if product.options else None
    swatches = {value.id: value.swatch for value in option.values} if option else {}
    values = [
        OptionChoice(
            value=variant.id, label=variant.title or variant.sku or f"No. {place}",
            swatch=swatches.get(next(iter(variant.values.values()), 0), ""), is_selected=variant.id == current.id,
            is_available=not is_sold_out(variant, stock), note=NO_STOCK if is_sold_out(variant, stock) else "",
        )
        for place, variant in enumerate(product.variants, start=1)
    ]
    return [OptionGroup(option.id if option else 0, option.name if option else "Version", "variant_id", values)]


def _group(product: ProductDetail, option: OptionDetail, current: VariantDetail, stock: Stock) -> OptionGroup:
    by_values = {tuple(sorted(variant.values.items())): variant for variant in product.variants}

    def answer(value_id: int, label: str, swatch: str) -> OptionChoice:
        wanted = tuple(sorted((current.values | {option.id: value_id}).items()))
        variant = by_values.get(wanted)
        note = NOT_MADE if variant is None else NO_STOCK if is_sold_out(variant, stock) else ""
        return OptionChoice(value_id, label, swatch, current.values.get(option.id) == value_id, not note, note)

    values = [answer(value.id, value.value, value.swatch) for value in option.values]
    return OptionGroup(option.id, option.name, f"option_{option.id}", values)
