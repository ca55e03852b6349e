"""The forms of collections: products picked by hand, and plain fields that make a rule."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, or_, select, union
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    ValidationError,
)
from wtforms.validators import Optional

from admin.fields import AmountField, Required, WholeField, check_slug, choices, line, text
from admin.forms import Form
from storefront.catalog.collections import MAX_PLACED
from storefront.catalog.models import Brand, Product, Variant
from storefront.catalog.rules import (
    MAX_DAYS,
    Condition,
    InCategory,
    InStock,
    OfBrand,
    Priced,
    PublishedBetween,
    PublishedLately,
    Reduced,
    Rule,
    Tagged,
)
from storefront.foundation.database import db

ORDERS = {"newest": "The newest first", "best": "The most bought first", "price": "Price, low to high",
          "-price": "Price, high to low"}


class EntryForm(Form):
    """A product that was placed by hand."""

    slug = HiddenField()
    position = WholeField("Place", low=1, high=10_000)
    is_removed = BooleanField("Take out")


class CollectionForm(Form):
    """A collection that exists."""

    name = line("Name", Required("Give it a name."), most=120)
    intro = text("Introduction", most=2000, rows=3)
    is_published = BooleanField("Shown in the shop", default=True)
    entries = FieldList(FormField(EntryForm), label="Products", max_entries=2 * MAX_PLACED)
    added = text("Add products", rows=3, most=40 * MAX_PLACED,
                 description=f"SKUs, or the last parts of their pages' addresses, separated by commas or lines. "
                             f"At most {MAX_PLACED} in all.")
    has_rule = BooleanField("Also every product that fits a rule",
                            description="Those placed by hand stand first; the rule finds the rest, day by day.")
    # Not called `matches`: a form's field hides the method of that name, which htmx asks forms by.
    joined = RadioField("A product fits when", choices=choices([("all", "all of these are so"),
                                                                 ("any", "any of these is so")]), default="all")
    brands = line("Brand", most=2000, description="Names, separated by commas: any of them.")
    tags = line("Tag", most=2000, description="Separated by commas: any of them.")
    categories = SelectMultipleField("Category, with all below it", coerce=int,
                                     description="Hold Ctrl or Cmd to choose several: any of them.")
    lowest = AmountField("Price from")
    highest = AmountField("Price to")
    is_in_stock = BooleanField("It is in stock", description="Follows what is sold and what comes in within seconds.")
    is_reduced = BooleanField("It is reduced",
                              description="One of its variants has a compare-at price above its price.")
    days = WholeField("New: in the shop for at most so many days", low=1, high=MAX_DAYS,
                      description="1 is today (UTC). What grows older leaves at midnight.")
    first = DateField("Came into the shop from", [Optional()])
    last = DateField("Came into the shop until", [Optional()])
    order = SelectField("The rest is shown", choices=choices(ORDERS.items()), default="newest")

    def validate_added(self, field: Any) -> None:
        words = split_words(field.data)
        known = read_slugs(words)
        unknown = [word for word in words if word not in known]
        if unknown:
            raise ValidationError(f"There is no product {_some(unknown)}.")

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid: bool = super().validate(*args, **kwargs)
        # Only when every field has been read: one that cannot be read is something said all the same.
        if self.has_rule.data and not any(self[name].errors for name in CONDITIONS) and not conditions_of(self):
            self.has_rule.errors.append("Say at least one thing that must be so, or every product would fit.")
            return False
        return is_valid

    def validate_brands(self, field: Any) -> None:
        words = split_words(field.data)
        known = _read_brands(words)
        unknown = [word for word in words if word.lower() not in known]
        if unknown:
            raise ValidationError(f"There is no brand {_some(unknown)}.")

    def validate_tags(self, field: Any) -> None:
        if len(split_words(field.data)) > 50 or any(len(word) > 120 for word in split_words(field.data)):
            raise ValidationError("Use at most 50 tags of at most 120 characters each.")

    def validate_highest(self, field: Any) -> None:
        if field.data is not None and self.lowest.data is not None and field.data < self.lowest.data:
            raise ValidationError("This is below “Price from”: no product fits between them.")

    def validate_last(self, field: Any) -> None:
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError("This day is before the first one: no product fits between them.")


CONDITIONS = ("brands", "tags", "categories", "lowest", "highest", "is_in_stock", "is_reduced", "days", "first", "last")


class NewCollectionForm(CollectionForm):
    """A new collection."""

    slug = line("Address", Required("Give it an address."), check_slug, most=120,
                description="The page will stand at /collections/ and this. It cannot be changed later.")


def rule_of(form: CollectionForm) -> Rule | None:
    """Return the rule that a valid form says, None when it is for hands alone."""
    if not form.has_rule.data:
        return None
    return Rule(conditions=conditions_of(form), matches=form.joined.data or "all", order=form.order.data)


def conditions_of(form: CollectionForm) -> tuple[Condition, ...]:
    """Return what the fields say must be so; empty fields say nothing."""
    brands = _read_brands(split_words(form.brands.data))
    said: list[tuple[Any, Condition]] = [
        (brands, OfBrand(tuple(sorted(brands.values())))),
        (form.tags.data, Tagged(tuple(split_words(form.tags.data)))),
        (form.categories.data, InCategory(tuple(form.categories.data or ()))),
        (form.lowest.data is not None or form.highest.data is not None, Priced(form.lowest.data, form.highest.data)),
        (form.is_in_stock.data, InStock()),
        (form.is_reduced.data, Reduced()),
        (form.days.data, PublishedLately(form.days.data or 1)),
        (form.first.data or form.last.data, PublishedBetween(form.first.data, form.last.data)),
    ]
    return tuple(condition for is_said, condition in said if is_said)


def fields_of(rule: Rule) -> dict[str, Any]:
    """Return what the form's fields say when the rule is edited."""
    said: dict[str, Any] = {"has_rule": True, "joined": rule.matches, "order": rule.order}
    for condition in rule.conditions:
        match condition:
            case OfBrand(brand_ids):
                names = db.session.scalars(select(Brand.name).where(Brand.id.in_(brand_ids)).order_by(Brand.name))
                said["brands"] = ", ".join(names)
            case Tagged(tags):
                said["tags"] = ", ".join(tags)
            case InCategory(category_ids):
                said["categories"] = list(category_ids)
            case Priced(lowest, highest):
                said |= {"lowest": lowest, "highest": highest}
            case InStock():
                said["is_in_stock"] = True
            case Reduced():
                said["is_reduced"] = True
            case PublishedLately(days):
                said["days"] = days
            case PublishedBetween(first, last):
                said |= {"first": first, "last": last}
    return said


def split_words(said: str | None) -> list[str]:
    """Return what stands between commas and line ends, each once."""
    return list(dict.fromkeys(word.strip() for word in re.split(r"[,\n]", said or "") if word.strip()))


def read_slugs(words: list[str]) -> dict[str, str]:
    """Return the product's slug for each word that is a slug or a SKU, in capitals or not; what is spelled so first."""
    small = [word.lower() for word in words]
    # Three questions, each of which has an index; an OR of them would read every variant.
    slugs = db.session.scalars(select(Product.slug).where(Product.slug.in_([*words, *small]))).all()
    meant = union(select(Variant.id).where(Variant.sku.in_(words)),
                  select(Variant.id).where(func.lower(Variant.sku).in_(small)))
    rows = db.session.execute(select(Variant.sku, Product.slug).join(Product, Product.id == Variant.product_id)
                              .where(Variant.id.in_(meant)).order_by(Variant.id.desc()))
    exact = {row.sku: row.slug for row in rows if row.sku} | dict(zip(slugs, slugs, strict=True))
    found = {name.lower(): slug for name, slug in exact.items()} | exact
    return {word: found.get(word) or found[word.lower()] for word in words if {word, word.lower()} & found.keys()}


def _some(words: list[str]) -> str:
    """Name the first few of them."""
    named = ", ".join(f"“{word[:60]}”" for word in words[:5])
    return f"{named} and {len(words) - 5} more" if len(words) > 5 else named


def _read_brands(words: list[str]) -> dict[str, int]:
    """Return the brands' ids by their names in small letters."""
    wanted = {*words, *(word.lower() for word in words)}
    rows = db.session.execute(select(Brand.name, Brand.id).where(or_(Brand.name.in_(wanted),
                                                                     func.lower(Brand.name).in_(wanted))))
    return {name.lower(): brand_id for name, brand_id in rows}
