"""The choices of a ProductEntry written to rows: options, their values, variants and prices.

Variants are never deleted, because carts, orders and the stock ledger know them by id: one that the entry no
longer names is archived, and wakes up when an entry names it again.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from storefront.catalog.changes import WORDS_OF_VARIANT, Changes
from storefront.catalog.entries import OptionEntry, ProductEntry, VariantEntry
from storefront.catalog.errors import DuplicateSku
from storefront.catalog.models import Image, Option, OptionValue, Price, PriceChange, Product, Variant
from storefront.foundation.database import db
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts

# An option value by the place of its option in the product and its own words.
Values = Mapping[tuple[int, str], OptionValue]


def write_choices(product: Product, entry: ProductEntry, images: list[Image], currency: str,
                  changes: Changes) -> None:
    """Make the product's options, variants and prices what the entry says; `images` stand in its order."""
    _refuse_foreign_skus(product, entry)
    values = _write_options(product, entry, changes)
    matched = match_variants(product.variants, entry.variants)
    written: list[Variant] = []
    for position, (said, known) in enumerate(zip(entry.variants, matched, strict=True)):
        variant = known or Variant()
        if known is None:
            product.variants.append(variant)
            changes.said.append(f"new variant {label_of(said)}")
        # A new variant's facts are no changes to tell one by one.
        _write_facts(variant, said, position, changes if known else Changes())
        _write_answers(variant, [values[place, value] for place, value in enumerate(said.values)], changes)
        if entry.images is not None:
            image_id = images[said.image_index].id if said.image_index is not None else None
            changes.put(variant, "image_id", image_id, f"picture of {label_of(said)}")
        write_price(variant, currency, said.amount, said.compare_at_amount, changes)
        written.append(variant)
    said_now = {id(variant) for variant in written}
    for variant in product.variants:
        if entry.is_complete and id(variant) not in said_now and not variant.is_archived:
            changes.put(variant, "is_archived", True, f"{_name(variant)} no longer on offer")
    db.session.flush()


def label_of(said: VariantEntry) -> str:
    """Return what a report calls the variant."""
    return said.sku or " / ".join(said.values) or "the variant"


def _name(variant: Variant) -> str:
    return str(variant) or "the variant"


def match_variants(known: list[Variant], said: tuple[VariantEntry, ...]) -> list[Variant | None]:
    """Return, for each entry, the variant that it means: by SKU first, then by its option values."""
    by_sku = {variant.sku: variant for variant in known if variant.sku}
    matched: list[Variant | None] = [by_sku.get(entry.sku) if entry.sku else None for entry in said]
    taken = {variant.id for variant in matched if variant}
    by_title = {variant.title: variant for variant in known if variant.id not in taken}
    return [variant or by_title.get(" / ".join(entry.values)) for entry, variant in zip(said, matched, strict=True)]


def _write_facts(variant: Variant, said: VariantEntry, position: int, changes: Changes) -> None:
    facts = {"sku": said.sku or None, "gtin": said.gtin, "title": " / ".join(said.values), "position": position,
             "weight_grams": said.weight_grams, "needs_shipping": said.needs_shipping, "is_archived": False,
             "extra": dict(said.extra)}
    for attribute, value in facts.items():
        word = WORDS_OF_VARIANT[attribute]
        changes.put(variant, attribute, value, f"{word}{'' if word.endswith(':') else ' of'} {label_of(said)}")


def _write_answers(variant: Variant, wanted: list[OptionValue], changes: Changes) -> None:
    if set(variant.option_values) != set(wanted):
        variant.option_values = wanted
        changes.said.append(f"options of {_name(variant)}")


def write_price(variant: Variant, currency: str, amount: int, compare_at: int | None, changes: Changes) -> None:
    """Set what the variant costs in the currency, in minor units, and keep what it cost in its history."""
    price = next((row for row in variant.prices if row.currency == currency), None)
    if price is not None and (price.amount, price.compare_at_amount) == (amount, compare_at):
        return
    db.session.add(PriceChange(variant=variant, currency=currency, amount=amount, compare_at_amount=compare_at))
    if price is None:
        variant.prices.append(Price(currency=currency, amount=amount, compare_at_amount=compare_at))
        changes.said.append(f"price of {_name(variant)}")
        return
    for attribute, after, what in (("amount", amount, "price"), ("compare_at_amount", compare_at, "compare-at price")):
        before = _say_amount(getattr(price, attribute), currency)
        changes.put(price, attribute, after,
                    f"{what} of {_name(variant)} from {before} to {_say_amount(after, currency)}")


def _say_amount(amount: int | None, currency: str) -> str:
    return "none" if amount is None else format_money(Money(amount, currency), facts().locale)


def _write_options(product: Product, entry: ProductEntry, changes: Changes) -> Values:
    known = {option.name: option for option in product.options}
    found: dict[tuple[int, str], OptionValue] = {}
    for place, said in enumerate(entry.options):
        option = known.pop(said.name, None)
        if option is None:
            option = Option(name=said.name, position=place)
            product.options.append(option)
            changes.said.append(f"new option {said.name}")
        changes.put(option, "position", place, "option order")
        left = _write_values(option, said, changes)
        found |= {(place, value.value): value for value in option.values}
        if entry.is_complete:
            _drop_values(product, left, changes)
            for value in left:
                option.values.remove(value)
    if entry.is_complete:
        for option in known.values():
            _drop_values(product, option.values, changes)
            product.options.remove(option)
    db.session.flush()
    return found


def _write_values(option: Option, said: OptionEntry, changes: Changes) -> list[OptionValue]:
    """Make the option offer the entry's values; returns those that it no longer names."""
    known = {value.value: value for value in option.values}
    for place, value_said in enumerate(said.values):
        value = known.pop(value_said.value, None)
        if value is None:
            value = OptionValue(value=value_said.value, swatch=value_said.swatch, position=place)
            option.values.append(value)
            changes.said.append(f"new {said.name} {value_said.value}")
        changes.put(value, "position", place, "option order")
        changes.put(value, "swatch", value_said.swatch)
    return list(known.values())


def _drop_values(product: Product, gone: list[OptionValue], changes: Changes) -> None:
    """Take values from the variants before they go; a variant's title still says what it was."""
    for variant in product.variants:
        variant.option_values = [value for value in variant.option_values if value not in gone]
    changes.said.extend(f"option value {value.value} gone" for value in gone)


def _refuse_foreign_skus(product: Product, entry: ProductEntry) -> None:
    skus = [variant.sku for variant in entry.variants if variant.sku]
    if not skus:
        return
    foreign = db.session.execute(
        select(Variant.sku, Product.name).join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_(skus), Variant.product_id != product.id).order_by(Variant.id)
    ).first()
    if foreign:
        raise DuplicateSku(f"SKU {foreign.sku} belongs to {foreign.name}. Every variant has an SKU of its own.")
