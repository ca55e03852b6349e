"""Reads of tax rates."""

from __future__ import annotations

from sqlalchemy import select

from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.taxes.models import TaxCategory, TaxRate
from storefront.taxes.rates import Rate


@cached("taxes")
def read_rates(country: str) -> dict[str, Rate]:
    """Return the country's rates by tax category; empty where none is set (no tax is then charged)."""
    rows = db.session.scalars(select(TaxRate).where(TaxRate.country == country)).all()
    return {row.tax_category: Rate(row.basis_points, row.is_inclusive, row.name) for row in rows}


def read_tax_note(country: str, tax_category: str) -> str:
    """Return what a shown price says about tax: `Including VAT`, `Plus VAT` or nothing."""
    rate = read_rates(country).get(tax_category)
    if rate is None or rate.basis_points == 0:
        return ""
    return f"Including {rate.name}" if rate.is_inclusive else f"Plus {rate.name}"


def list_categories() -> list[tuple[str, str]]:
    """Return (code, name) of every tax category, for choices."""
    rows = db.session.scalars(select(TaxCategory).order_by(TaxCategory.code)).all()
    return [(row.code, row.name) for row in rows]
