"""Shipping in the panel: zones, the methods of a zone, and what a parcel costs by weight."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from wtforms import BooleanField, FieldList, FormField, SelectField, ValidationError

from admin.fields import (
    MAX_GRAMS,
    TERRITORIES,
    AmountField,
    CountriesField,
    Required,
    WholeField,
    check_slug,
    choices,
    line,
)
from admin.forms import Form
from admin.views import TableView
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import Event
from storefront.shipping.events import ShippingChanged
from storefront.shipping.models import ShippingMethod, ShippingZone
from storefront.shipping.services import save_method
from storefront.taxes import queries as taxes

MAX_TIERS = 12


class ZoneForm(Form):
    """Countries that are served alike."""

    name = line("Name", Required("Give the zone a name."), most=80)
    countries = CountriesField("Countries", [Required("Name at least one country, or * for all others.")],
                               description="Two letters each, such as IE, FR, DE. A single * means every country in no "
                               "other zone.")


class TierForm(Form):
    """What a parcel costs up to a weight."""

    up_to_grams = WholeField("Up to (g)", low=1, high=MAX_GRAMS)
    amount = AmountField("Price")

    def validate_amount(self, field: Any) -> None:
        if (field.data is None) != (self.up_to_grams.data is None) and not self.up_to_grams.errors and not field.errors:
            raise ValidationError("Give both a weight and a price, or clear both.")


class MethodForm(Form):
    """A way to send; its zone and code stay."""

    name = line("Name", Required("Give it the name that shoppers read."), most=80)
    detail = line("Detail", most=200, description="Such as “Two to four working days, with tracking”.")
    min_days = WholeField("Fastest (days)", [Required("Enter the days.")], high=365, default=1)
    max_days = WholeField("Slowest (days)", [Required("Enter the days.")], high=365, default=5)
    free_from_amount = AmountField("Free from goods worth", description="Leave empty when it is never free.")
    tax_category = SelectField("Tax category")
    tiers = FieldList(FormField(TierForm), label="Price by weight", max_entries=MAX_TIERS)
    position = WholeField("Place", [Required("Enter a number; smaller ones come first.")], high=10_000, default=0,
                          description="Smaller numbers come first.")
    is_published = BooleanField("Offered in the shop", default=True)

    def validate_max_days(self, field: Any) -> None:
        if field.data is not None and self.min_days.data is not None and field.data < self.min_days.data:
            raise ValidationError("The slowest cannot be faster than the fastest.")

    def validate_tiers(self, field: Any) -> None:
        weights = [row["up_to_grams"] for row in field.data if row["up_to_grams"] is not None]
        if not weights:
            raise ValidationError(f"Enter at least one weight and price; one up to {MAX_GRAMS} g serves every parcel.")
        if len(set(weights)) < len(weights):
            raise ValidationError("A weight stands twice.")


class NewMethodForm(MethodForm):
    """A new way to send."""

    zone_id = SelectField("Zone", coerce=int)
    code = line("Code", Required("Give it a code."), check_slug, most=40,
                description="Short and unique within the zone, such as standard. It cannot be changed later.")


class Zones(TableView):
    """Shipping zones."""

    group, noun, form = "shipping", "zone", ZoneForm
    hint = "Where the shop sends to. A country in no zone cannot be chosen at the checkout, unless one zone has *."
    column_list = ("name", "countries")

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the zone; a country of two zones would be offered the methods of both, at both prices."""
        said = set(form.countries.data)
        for zone in db.session.scalars(select(ShippingZone).order_by(ShippingZone.name)):
            twice = sorted(said.intersection(zone.countries))
            if twice and zone.id != row_id:
                raise ShopError(f"{_name_countries(twice)} in the zone {zone.name} already. A country stands in one "
                                "zone: take it out there first.")
        return super().save(form, row_id)

    def announce(self, row: Any) -> Event | None:
        return ShippingChanged()


class Methods(TableView):
    """Shipping methods with their prices by weight."""

    group, noun, form = "shipping", "method", NewMethodForm
    column_list = ("name", "zone", "code", "position", "is_published")
    column_labels = {"is_published": "Offered", "position": "Place"}  # Flask-Admin reads it so
    column_default_sort = [("zone_id", False), ("position", False)]
    edit_template = create_template = "admin/method.html"

    def get_edit_form(self) -> Any:
        return MethodForm

    def create_form(self, obj: Any = None) -> Any:
        form = _filled(super().create_form(obj))
        zones = db.session.scalars(select(ShippingZone).order_by(ShippingZone.name))
        form.zone_id.choices = choices((zone.id, zone.name) for zone in zones)
        return form

    def form_of(self, row: Any, sent: Any = None) -> Any:
        return _filled(super().form_of(row, sent))

    def announce(self, row: Any) -> Event | None:
        return ShippingChanged()

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the method by its zone and code, which an edit never changes."""
        if row_id is None:
            zone_id, code = form.zone_id.data, form.code.data
            taken = select(ShippingMethod.id).where(ShippingMethod.zone_id == zone_id, ShippingMethod.code == code)
            if db.session.scalar(taken) is not None:
                raise ShopError(f"This zone has a method with the code {code} already.")
        else:
            row = self.get_one(str(row_id))
            zone_id, code = row.zone_id, row.code
        words = {name: value for name, value in self.values(form).items() if name not in ("tiers", "zone_id", "code")}
        tiers = [(tier["up_to_grams"], tier["amount"]) for tier in form.tiers.data if tier["up_to_grams"] is not None]
        return save_method(zone_id=zone_id, code=code, tiers=tiers, **words)


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    return [
        Zones(ShippingZone, db, name="Shipping zones", category="Settings", endpoint="admin_zones", url="/admin/zones"),
        Methods(ShippingMethod, db, name="Shipping methods", category="Settings", endpoint="admin_methods",
                url="/admin/methods"),
    ]


def _name_countries(codes: list[str]) -> str:
    names = [TERRITORIES.get(code, "Every other country (*)") for code in codes]
    return f"{', '.join(names)} {'stands' if len(names) == 1 else 'stand'}"


def _filled(form: Any) -> Any:
    """Give the form its choices and two empty tiers."""
    kinds = taxes.list_categories()
    present = form.tax_category.data
    unknown = [(present, present)] if present and present not in dict(kinds) else []
    form.tax_category.choices = choices([*kinds, *unknown])
    while len(form.tiers.entries) < MAX_TIERS and sum(not row.up_to_grams.raw_data and row.up_to_grams.data is None
                                                      for row in form.tiers) < 2:
        form.tiers.append_entry()
    return form
