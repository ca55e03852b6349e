"""The forms of a product: its words, its choices, its variants, its stock, its pictures."""

from __future__ import annotations

import re
from typing import Any

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    MultipleFileField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from admin.fields import MAX_GRAMS, AmountField, Required, WholeField, check_slug, choices, line, text, trimmed
from admin.forms import Form
from storefront.inventory.models import StockPolicy

MAX_OPTIONS = 3
MAX_COMBINATIONS = 100
ACCEPTED = "image/jpeg,image/png,image/webp,image/avif,image/gif"
REASONS = ["received", "corrected", "returned", "damaged", "lost", "given away"]
POLICIES = [(StockPolicy.DENY.value, "Sell what is there"),
            (StockPolicy.CONTINUE.value, "Go on selling, made to order"),
            (StockPolicy.UNTRACKED.value, "Not counted")]


class NewProductForm(Form):
    """The little that a draft needs; everything else follows on its page."""

    name = line("Name", Required("Give the product a name."), most=300)
    amount = AmountField("Price", [Required("Enter a price, such as 48.00.")])
    sku = line("SKU", most=120, description="Your own number for it; must be unique. Can follow later.")
    category = SelectField("Category", coerce=str, validate_choice=True)


class FactForm(Form):
    """A line of the facts table, such as Material: Stoneware."""

    label = line("Label", most=80)
    value = line("Fact", most=500)


class ProductForm(Form):
    """What a shopper reads, and where the product stands."""

    name = line("Name", Required("Give the product a name."), most=300)
    subtitle = line("Subtitle", most=300, description="One line under the name.")
    slug = line("Address", Required("Give the product an address."), check_slug, most=200,
                description="The last part of its page's address. The old address keeps leading here.")
    description = text("Description", rows=10, description="Plain text: an empty line begins a paragraph. Simple HTML "
                       "(p, ul, li, strong, em, h2, a, table) is kept, everything else is removed.")
    facts = FieldList(FormField(FactForm), label="Facts", max_entries=40)
    brand = line("Brand", most=120, description="A new name makes a new brand.")
    category = SelectField("Main category", coerce=str)
    categories = SelectMultipleField("Also shown in", coerce=str, option_widget=CheckboxInput(),
                                     widget=ListWidget(prefix_label=False))
    tags = line("Tags", most=500, description="Words for searching, separated by commas.")
    tax_category = SelectField("Tax category")
    seo_title = line("Title for search engines", most=300, description="Left empty, the name is used.")
    seo_description = text("Description for search engines", most=1000, rows=2)


class ValueForm(Form):
    """A value of an option; `before` remembers which one it was, so that it can be renamed."""

    before = HiddenField()
    value = line("Value", most=120)
    swatch = line("Color", most=7)

    def validate_swatch(self, field: Any) -> None:
        if field.data and not re.fullmatch(r"#[0-9a-fA-F]{6}", field.data):
            raise ValidationError("A color looks like #87906a.")


class OptionForm(Form):
    """An option with its values; without a name it does not exist."""

    before = HiddenField()
    name = line("Name", most=80)
    values = FieldList(FormField(ValueForm), max_entries=60)


class OptionsForm(Form):
    """All options of a product."""

    options = FieldList(FormField(OptionForm), max_entries=MAX_OPTIONS)


class VariantForm(Form):
    """One combination of option values. `variant_id` is empty for one that was never offered."""

    variant_id = HiddenField()
    answers = HiddenField()  # the values joined by " / ", as the variant's title
    is_offered = BooleanField("Offered")
    sku = line("SKU", most=120)
    amount = AmountField("Price")
    compare_at_amount = AmountField("Compare-at price")
    weight_grams = WholeField("Weight (g)", high=MAX_GRAMS)
    gtin = line("Barcode (GTIN)", most=14)
    needs_shipping = BooleanField("Is sent by post")
    picture = SelectField("Picture", coerce=str, validate_choice=False)

    def validate_amount(self, field: Any) -> None:
        if self.is_offered.data and field.data is None and not field.errors:
            raise ValidationError("Enter a price, such as 48.00.")

    def validate_compare_at_amount(self, field: Any) -> None:
        if field.data is not None and self.amount.data is not None and field.data <= self.amount.data:
            raise ValidationError("The compare-at price is a former price: it must be above the price.")

    def validate_gtin(self, field: Any) -> None:
        if field.data and not (field.data.isascii() and field.data.isdigit() and len(field.data) in (8, 12, 13, 14)):
            raise ValidationError("A barcode has 8, 12, 13 or 14 digits.")


class VariantsForm(Form):
    """All combinations of a product."""

    variants = FieldList(FormField(VariantForm), label="Variant", max_entries=MAX_COMBINATIONS)


class LevelForm(Form):
    """A difference to a variant's stock, and its policy."""

    variant_id = HiddenField()
    answers = HiddenField()  # as in VariantForm: by it a sentence says which line it means
    delta = WholeField("Change by", [Optional()], low=-100_000, high=100_000)
    policy = SelectField("When none are left", choices=choices(POLICIES))


class StockForm(Form):
    """Differences, never absolute numbers: what was sold while the form was open stays counted."""

    reason = SelectField("Why", choices=choices((word, word.capitalize()) for word in REASONS))
    levels = FieldList(FormField(LevelForm), label="Variant", max_entries=MAX_COMBINATIONS)


class ImageForm(Form):
    """A picture of the product."""

    image_id = HiddenField()
    alt = StringField("What the picture shows", [Length(max=500, message="Use at most 500 characters.")],
                      filters=[trimmed])
    position = WholeField("Place", low=1, high=999)
    is_removed = BooleanField("Remove")


class ImagesForm(Form):
    """The pictures in their order."""

    images = FieldList(FormField(ImageForm), max_entries=60)


class UploadForm(Form):
    """Pictures to add."""

    files = MultipleFileField("Add pictures", render_kw={"accept": ACCEPTED})


