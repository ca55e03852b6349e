"""What search keeps of the catalog. None of it is truth: `flask search rebuild` makes all of it again."""

from __future__ import annotations

from sqlalchemy import JSON, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.database import Model


class FacetState(Model):
    """The one row that tells which blocks are served. Whoever writes blocks holds it, so there is one writer."""

    __tablename__ = "search_facet_state"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(default=0)  # 0: never built; lists then come without filters
    building: Mapped[int] = mapped_column(default=0)  # the generation that a rebuild fills; 0 when none does
    version: Mapped[int] = mapped_column(default=0)  # grows with every block that is written
    attributes: Mapped[list[str]] = mapped_column(JSON, default=list)  # labels of product facts that filters offer


class FacetBlock(Model):
    """About a thousand products as bitmaps, one bit for each variant; see facets_block.py."""

    __tablename__ = "search_facet_block"
    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]  # of the state when it was written
    size: Mapped[int]  # products in it
    body: Mapped[bytes] = mapped_column(LargeBinary)


class FacetPlace(Model):
    """In which block a product lies."""

    __tablename__ = "search_facet_place"
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # catalog_product.id
    block_id: Mapped[int]


class StaleProduct(Model):
    """A product of which search does not know the present facts yet; touching it twice makes one row, counted."""

    __tablename__ = "search_stale_product"
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # catalog_product.id
    version: Mapped[int] = mapped_column(default=1)
