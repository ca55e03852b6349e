"""Tax rates by country and tax category."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.database import Model


class TaxCategory(Model):
    """A kind of goods that the law taxes alike; products name it by its code."""

    __tablename__ = "taxes_tax_category"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))

    def __str__(self) -> str:
        return self.name


class TaxRate(Model):
    """A rate in basis points (2300 = 23 %). Inclusive: the prices shown already hold it."""

    __tablename__ = "taxes_tax_rate"
    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    tax_category: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(40), default="VAT")
    basis_points: Mapped[int]
    is_inclusive: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (
        UniqueConstraint("country", "tax_category"),
        CheckConstraint("basis_points BETWEEN 0 AND 10000", name="basis_points"),
    )
