"""Writes of tax rates."""

from __future__ import annotations

from sqlalchemy import select, update

from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record
from storefront.taxes.events import TaxesChanged
from storefront.taxes.models import TaxCategory, TaxRate


@transactional
def save_category(*, code: str, name: str) -> None:
    """Create or rename a tax category."""
    db.session.merge(TaxCategory(code=code, name=name))
    _tell()


@transactional
def save_rate(*, country: str, tax_category: str, basis_points: int, is_inclusive: bool, name: str = "VAT") -> None:
    """Set the one rate of a country and tax category. Placed orders keep the rate they were placed with.

    The rates of a country are alike within its prices or on top of them, so the last word counts for all: an
    order's sums need one flag, and nobody reads prices of which some hold the tax and some do not.
    """
    row = db.session.scalar(
        select(TaxRate).where(TaxRate.country == country, TaxRate.tax_category == tax_category)
    ) or TaxRate(country=country, tax_category=tax_category)
    row.basis_points, row.is_inclusive, row.name = basis_points, is_inclusive, name
    db.session.add(row)
    execute_counted(update(TaxRate).where(TaxRate.country == country).values(is_inclusive=is_inclusive))
    _tell()


def _tell() -> None:
    invalidate("taxes")
    record(TaxesChanged())
