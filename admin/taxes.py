"""Taxes in the panel: kinds of goods that the law taxes alike, and the rate of each country."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from wtforms import BooleanField, SelectField

from admin.fields import CountryField, PercentField, Required, check_slug, choices, line
from admin.forms import Form
from admin.tax_files import TaxFilePages
from admin.views import TableView
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.taxes.models import TaxCategory, TaxRate
from storefront.taxes.queries import list_categories
from storefront.taxes.services import save_category, save_rate


class TaxCategoryForm(Form):
    """A kind of goods that exists; its code stays, because products name it."""

    name = line("Name", Required("Give it a name."), most=120)


class NewTaxCategoryForm(TaxCategoryForm):
    """A new kind of goods."""

    code = line("Code", Required("Give it a code."), check_slug, most=40,
                description="Such as books. Products name it by this; it cannot be changed later.")


class TaxRateForm(Form):
    """A rate that exists; its country and kind of goods stay."""

    name = line("Name", Required("Say how the tax is called, such as VAT."), most=40, default="VAT")
    basis_points = PercentField("Rate in percent", [Required("Enter a percentage, such as 23.")])
    is_inclusive = BooleanField("The prices in the shop already hold it", default=True)


class NewTaxRateForm(TaxRateForm):
    """A new rate."""

    country = CountryField("Country", [Required("Enter a country code, such as IE.")],
                           description="Two letters, such as IE.")
    tax_category = SelectField("Kind of goods")


class TaxCategories(TableView):
    """Kinds of goods."""

    group, noun, form = "taxes", "tax category", NewTaxCategoryForm
    column_list = ("name", "code")
    can_delete = False  # products name it by its code

    def get_edit_form(self) -> Any:
        return TaxCategoryForm

    def save(self, form: Any, row_id: Any) -> Any:
        if row_id is None and db.session.get(TaxCategory, form.code.data) is not None:
            raise ShopError(f"There is a tax category {form.code.data} already.")
        save_category(code=row_id or form.code.data, name=form.name.data)


class TaxRates(TaxFilePages, TableView):
    """Rates by country."""

    group, noun, form = "taxes", "tax rate", NewTaxRateForm
    list_template = "admin/taxes/list.html"
    hint = "A country without a rate is charged no tax. Placed orders keep the rate they were placed with."
    column_list = ("country", "tax_category", "name", "basis_points", "is_inclusive")
    column_labels = {"basis_points": "Rate", "is_inclusive": "In the price", "tax_category": "Kind of goods"}
    column_formatters = {"basis_points": lambda view, context, row, name: f"{row.basis_points / 100:g} %"}
    column_searchable_list = ("country",)
    column_default_sort = [("country", False), ("tax_category", False)]

    def title_of(self, row: Any) -> str:
        return f"{row.name} in {row.country}, {row.tax_category}"

    def get_edit_form(self) -> Any:
        return TaxRateForm

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        form.tax_category.choices = choices(list_categories())
        return form

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the rate by its country and kind of goods, which an edit never changes."""
        if row_id is None:
            country, kind = form.country.data, form.tax_category.data
            taken = select(TaxRate.id).where(TaxRate.country == country, TaxRate.tax_category == kind)
            if db.session.scalar(taken) is not None:
                raise ShopError(f"{country} has a rate for {kind} already: change that one.")
        else:
            row = self.get_one(str(row_id))
            country, kind = row.country, row.tax_category
        save_rate(country=country, tax_category=kind, basis_points=form.basis_points.data,
                  is_inclusive=form.is_inclusive.data, name=form.name.data)


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    return [
        TaxRates(TaxRate, db, name="Tax rates", category="Settings", endpoint="admin_tax_rates",
                 url="/admin/tax-rates"),
        TaxCategories(TaxCategory, db, name="Tax categories", category="Settings", endpoint="admin_tax_categories",
                      url="/admin/tax-categories"),
    ]
