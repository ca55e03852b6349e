"""A product's options, and its variants with their prices."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from admin.access import actor
from admin.fields import choices
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.product_edits import edit_product, find_product
from admin.product_forms import MAX_COMBINATIONS, MAX_OPTIONS, OptionsForm, VariantsForm
from admin.views import Answer
from storefront.catalog.entries import OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.errors import InvalidProduct
from storefront.catalog.models import Price, Product, Variant
from storefront.catalog.portrait import answers_of, offered
from storefront.foundation.errors import ShopError
from storefront.foundation.shop import facts

BLANK_VALUES = 3


class ChoicePages:
    """Two tabs of a product: what one can choose, and what each choice costs."""

    page_of: Any

    @expose("/<int:product_id>/options", methods=("GET", "POST"))
    def options(self, product_id: int) -> Answer:
        """Options and their values; a value can be renamed without losing what was sold of it."""
        form = _options_form(find_product(product_id), request.form if request.method == "POST" else None)
        problem: str | list[str] = ""
        if request.method == "POST" and form.validate():
            try:
                edit_product(product_id=product_id, actor=actor(),
                             check=lambda row: check_shown(form, _options_form(row), "product"),
                             change=lambda entry, row: _with_options(entry, form.options.data))
                flash("The options are saved. Check prices and stock of new combinations.", "success")
                return redirect(url_for(".variants", product_id=product_id), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        answer: Answer = self.page_of(product_id, "options", form=form, problem=problem)
        return answer

    @expose("/<int:product_id>/variants", methods=("GET", "POST"))
    def variants(self, product_id: int) -> Answer:
        """One row for each combination; a combination that is not offered is archived, never deleted."""
        form = _variants_form(find_product(product_id), request.form if request.method == "POST" else None)
        problem: str | list[str] = ""
        if request.method == "POST" and form.validate():
            try:
                rows = form.variants.data
                edit_product(product_id=product_id, actor=actor(), replaces_variants=True,
                             check=lambda row: check_shown(form, _variants_form(row), "product"),
                             change=lambda entry, current: _with_variants(entry, current, rows))
                flash("Prices and variants are saved.", "success")
                return redirect(url_for(".variants", product_id=product_id), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        answer: Answer = self.page_of(product_id, "variants", form=form, problem=problem)
        return answer


def _options_form(product: Product, sent: Any = None) -> OptionsForm:
    """Return the form with what was sent, else with what the product offers."""
    known = [
        {"before": option.name, "name": option.name,
         "values": [{"before": value.value, "value": value.value, "swatch": value.swatch} for value in option.values]
         + [{}] * BLANK_VALUES}
        for option in product.options
    ]
    blanks = max(0, min(2, MAX_OPTIONS - len(known)))
    return OptionsForm(sent, data={"options": known + [{"values": [{}] * BLANK_VALUES}] * blanks})


def _with_options(entry: ProductEntry, rows: list[dict[str, Any]]) -> ProductEntry:
    """Return the entry with these options and with its variants answering them.

    A renamed value takes its variants along, a removed one archives them, a new option is answered by its
    first value. Raises InvalidProduct when nothing would be left to buy or too much to choose from.
    """
    wanted = [(row, [value for value in row["values"] if value["value"]]) for row in rows if row["name"]]
    for row, values in wanted:
        if not values:
            raise InvalidProduct(f"Give the option {row['name']} at least one value, or clear its name to remove it.")
    options = tuple(
        OptionEntry(name=row["name"], values=tuple(
            OptionValueEntry(value=value["value"], swatch=value["swatch"]) for value in values))
        for row, values in wanted)
    places = {option.name: place for place, option in enumerate(entry.options)}
    variants: dict[tuple[str, ...], VariantEntry] = {}
    for variant in entry.variants:
        answers = tuple(_answer(variant, places.get(row["before"]), values) for row, values in wanted)
        if "" not in answers:
            variants.setdefault(answers, replace(variant, values=answers))
    if not variants:
        raise InvalidProduct("With these values no variant would be left to buy. Keep at least one that is on sale.")
    moved = any(variant.values != old.values for variant, old in zip(variants.values(), entry.variants, strict=False))
    if moved and not all(variant.sku for variant in variants.values()):
        raise InvalidProduct("Give every variant a SKU first (under Variants and prices): by it the shop knows "
                             "which variant is which while its options change.")
    return replace(entry, options=options, variants=tuple(variants.values()))


def _answer(variant: VariantEntry, place: int | None, values: list[dict[str, Any]]) -> str:
    if place is None:
        return str(values[0]["value"])
    old = variant.values[place]
    return next((str(value["value"]) for value in values if value["before"] == old), "")


def _combinations(product: Product) -> list[tuple[tuple[str, ...], Variant | None]]:
    """Return every combination of option values with its variant: on offer, archived or not there yet."""
    known: dict[tuple[str, ...], Variant] = {}
    for variant in sorted(product.variants, key=lambda row: not row.is_archived):
        known[answers_of(product, variant)] = variant
    every = itertools.product(*([value.value for value in option.values] for option in product.options))
    rows = [(answers, known.get(answers)) for answers in itertools.islice(every, MAX_COMBINATIONS)]
    shown = {variant.id for _, variant in rows if variant}
    # What is on sale is always shown, also when it answers its options in no way that is offered any more.
    return rows + [(answers_of(product, row), row) for row in offered(product) if row.id not in shown]


def _variants_form(product: Product, sent: Any = None) -> VariantsForm:
    """Return the form with what was sent, else with what the variants are."""
    usual = next((price for row in offered(product) if (price := _price(row))), None)
    rows = [_variant_data(answers, variant, usual) for answers, variant in _combinations(product)]
    form = VariantsForm(sent, data={"variants": rows})
    pictures = [("", "As the product"), *((str(image.id), image.alt or f"Picture {place}")
                                          for place, image in enumerate(product.images, start=1))]
    for row in form.variants:
        row.form.picture.choices = choices(pictures)
    return form


def _variant_data(answers: tuple[str, ...], variant: Variant | None, usual: Price | None) -> dict[str, Any]:
    price = _price(variant) if variant else usual
    return {
        "variant_id": str(variant.id) if variant else "", "answers": " / ".join(answers),
        "is_offered": variant is not None and not variant.is_archived, "sku": variant.sku if variant else "",
        "amount": price.amount if price else None,
        "compare_at_amount": price.compare_at_amount if price and variant else None,
        "weight_grams": variant.weight_grams if variant else 0, "gtin": variant.gtin if variant else "",
        "needs_shipping": variant.needs_shipping if variant else True,
        "picture": str(variant.image_id or "") if variant else "",
    }


def _price(variant: Variant) -> Price | None:
    return next((row for row in variant.prices if row.currency == facts().currency), None)


def _with_variants(entry: ProductEntry, product: Product, rows: list[dict[str, Any]]) -> ProductEntry:
    """Return the entry with the offered rows as its variants; raises InvalidProduct for an unknown combination."""
    answers = {" / ".join(values): values for values, _ in _combinations(product)}
    kept = {str(variant.id): variant for variant in product.variants}
    places = {str(image.id): place for place, image in enumerate(product.images)}
    variants = []
    for row in rows:
        if not row["is_offered"]:
            continue
        if row["answers"] not in answers:
            raise InvalidProduct("The options were changed while this page was open. Reload it and try again.")
        variant = kept.get(row["variant_id"])
        variants.append(VariantEntry(
            sku=row["sku"], values=answers[row["answers"]], amount=row["amount"],
            compare_at_amount=row["compare_at_amount"], weight_grams=row["weight_grams"] or 0, gtin=row["gtin"],
            needs_shipping=row["needs_shipping"], image_index=places.get(row["picture"]),
            extra=variant.extra if variant else {}))
    if not variants:
        raise InvalidProduct("Offer at least one variant. To stop selling the product, take it off sale.")
    return replace(entry, variants=tuple(variants))
