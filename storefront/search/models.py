"""What search keeps of the catalog. None of it is truth: `flask search rebuild` makes all of it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime
from storefront.foundation.database import Model


class FacetState(Model):
    """The one row that tells which blocks are served. Whoever writes blocks holds it, so there is one writer."""

    __tablename__ = "search_facet_state"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(default=0)  # 0: never built; lists then come without filters
    building: Mapped[int] = mapped_column(default=0)  # the generation that a rebuild fills; 0 when none does
    version: Mapped[int] = mapped_column(default=0)  # grows with every block that is written
    attributes: Mapped[list[str]] = mapped_column(JSON, default=list)  # labels of product facts that filters offer
    others: Mapped[dict[str, dict[str, list[int]] | None]] = mapped_column(  # other labels, see facets_labels.py
        JSON, default=dict, server_default="{}")


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


class SearchIndex(Model):
    """The one row that tells which side of the engine serves. Whoever writes documents holds it."""

    __tablename__ = "search_index"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serving: Mapped[str] = mapped_column(String(1), default="")  # a or b; empty: plain SQL answers
    building: Mapped[str] = mapped_column(String(1), default="")  # the side that a rebuild fills
    reading: Mapped[str] = mapped_column(String(20), default="")  # how the words were read: version and language
    next_reading: Mapped[str] = mapped_column(String(20), default="")  # the same of the side that is filled
    attempt: Mapped[int] = mapped_column(default=0)  # counts rebuilds, so that one knows when another overtook it
    documents: Mapped[int] = mapped_column(default=0)  # in the side that serves
    built_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SearchWord(Model):
    """A word of the documents of one side: what spelling is corrected to and prefixes are completed to."""

    __tablename__ = "search_word"
    side: Mapped[str] = mapped_column(String(1), primary_key=True)
    # By code points, so that a prefix is a range of the key in every locale of the server.
    word: Mapped[str] = mapped_column(String(40).with_variant(String(40, collation="C"), "postgresql"),
                                      primary_key=True)
    term: Mapped[str] = mapped_column(String(40))  # as documents hold it, see analysis.py
    uses: Mapped[int] = mapped_column(default=0)  # documents that hold it; exact after a rebuild, near it later
    __table_args__ = (Index("ix_search_word_term", "side", "term"),)


class SynonymGroup(Model):
    """Words and phrases that mean the same, as staff wrote them; asking for one finds the others."""

    __tablename__ = "search_synonym_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(Text)  # divided by commas
