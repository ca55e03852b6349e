"""What goes with what: products beside products. Counts alone, nobody who bought is in it."""

from __future__ import annotations

import enum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.database import Model, enum_column


class Ground(enum.StrEnum):
    """Why a product is recommended beside another."""

    BOUGHT = "bought"  # the same shoppers bought it
    ALIKE = "alike"  # it is of the same kind; only where too few bought anything


class Recommendation(Model):
    """A product worth showing beside another; `rank` counts from 1 within its ground."""

    __tablename__ = "recommendations_recommendation"
    product_id: Mapped[int] = mapped_column(primary_key=True)  # catalog_product.id
    ground: Mapped[Ground] = mapped_column(enum_column(Ground), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    other_id: Mapped[int]
    score: Mapped[float]
    __table_args__ = (Index("ix_recommendations_recommendation_other_id", "other_id", "product_id"),)
