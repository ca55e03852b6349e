"""Tables of the catalog. A product is read about; a variant is bought, priced and stocked."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column


class ProductStatus(enum.StrEnum):
    """Where a product stands; only an active one is public."""

    DRAFT = "draft"  # being written
    PENDING_REVIEW = "pending_review"  # written, to be checked by another pair of eyes
    APPROVED = "approved"  # checked, not yet on sale
    ACTIVE = "active"  # on sale
    INACTIVE = "inactive"  # taken off sale for a while
    DISCONTINUED = "discontinued"  # archived for good; its orders keep their own words


class ImageState(enum.StrEnum):
    """Whether the picture itself is at hand."""

    READY = "ready"  # files exist under its key
    PENDING = "pending"  # to be fetched from source_url by a job
    FAILED = "failed"  # could not be fetched; `problem` says why, it is tried again



product_category = Table(
    "catalog_product_category", Model.metadata,
    Column("product_id", Integer, ForeignKey("catalog_product.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", Integer, ForeignKey("catalog_category.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_catalog_product_category_category_id", "category_id", "product_id"),
)
variant_option_value = Table(
    "catalog_variant_option_value", Model.metadata,
    Column("variant_id", Integer, ForeignKey("catalog_variant.id", ondelete="CASCADE"), primary_key=True),
    Column("option_value_id", Integer, ForeignKey("catalog_option_value.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_catalog_variant_option_value_value", "option_value_id"),
)


class Brand(Model):
    """Who makes a product."""

    __tablename__ = "catalog_brand"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))

    def __str__(self) -> str:
        return self.name


class Category(Model):
    """A node of the category tree; `path` holds the slugs from the root, such as `ceramics/bowls`."""

    __tablename__ = "catalog_category"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("catalog_category.id", ondelete="RESTRICT"), index=True)
    slug: Mapped[str] = mapped_column(String(120))
    path: Mapped[str] = mapped_column(String(400), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    intro: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(default=0)
    is_published: Mapped[bool] = mapped_column(default=True)
    parent: Mapped[Category | None] = relationship(remote_side=[id])

    def __str__(self) -> str:
        return self.path


class Product(Model):
    """What a shopper reads about. `category_id` is the one whose breadcrumbs it shows."""

    __tablename__ = "catalog_product"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    subtitle: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")  # sanitized HTML, see richtext.py
    facts: Mapped[list[list[str]]] = mapped_column(JSON, default=list)  # [label, value] pairs
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    status: Mapped[ProductStatus] = mapped_column(enum_column(ProductStatus), default=ProductStatus.DRAFT)
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("catalog_brand.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("catalog_category.id"))
    tax_category: Mapped[str] = mapped_column(String(40), default="standard")
    seo_title: Mapped[str] = mapped_column(String(300), default="")
    seo_description: Mapped[str] = mapped_column(Text, default="")
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # import columns kept for export
    # The lowest price of the variants, kept by services so that listings sort on an index.
    lowest_amount: Mapped[int] = mapped_column(default=0)
    rating: Mapped[int] = mapped_column(default=0)  # hundredths of a star, 0-500
    review_count: Mapped[int] = mapped_column(default=0)
    view_count: Mapped[int] = mapped_column(default=0)
    sales_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    brand: Mapped[Brand | None] = relationship()
    category: Mapped[Category | None] = relationship()
    categories: Mapped[list[Category]] = relationship(secondary=product_category)
    options: Mapped[list[Option]] = relationship(order_by="Option.position", cascade="all, delete-orphan",
                                                 back_populates="product")
    variants: Mapped[list[Variant]] = relationship(order_by="Variant.position", cascade="all, delete-orphan",
                                                   back_populates="product")
    images: Mapped[list[Image]] = relationship(order_by="Image.position", cascade="all, delete-orphan",
                                               back_populates="product")
    __table_args__ = (
        Index("ix_catalog_product_newest", "status", "published_at", "id"),
        Index("ix_catalog_product_price", "status", "lowest_amount", "id"),
        Index("ix_catalog_product_name", "name"),  # where there are no trigrams, staff's words are looked for in it
        CheckConstraint("rating BETWEEN 0 AND 500", name="rating"),
    )

    def __str__(self) -> str:
        return self.name


class Option(Model):
    """A choice that a product offers, such as Size."""

    __tablename__ = "catalog_option"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)
    product: Mapped[Product] = relationship(back_populates="options")
    values: Mapped[list[OptionValue]] = relationship(order_by="OptionValue.position", cascade="all, delete-orphan",
                                                     back_populates="option")
    __table_args__ = (UniqueConstraint("product_id", "name"),)


class OptionValue(Model):
    """One answer to an option, such as Large; `swatch` is a #rrggbb color or empty."""

    __tablename__ = "catalog_option_value"
    id: Mapped[int] = mapped_column(primary_key=True)
    option_id: Mapped[int] = mapped_column(ForeignKey("catalog_option.id", ondelete="CASCADE"))
    value: Mapped[str] = mapped_column(String(120))
    swatch: Mapped[str] = mapped_column(String(7), default="")
    position: Mapped[int] = mapped_column(default=0)
    option: Mapped[Option] = relationship(back_populates="values")
    __table_args__ = (UniqueConstraint("option_id", "value"),)


class Variant(Model):
    """What is bought, priced and stocked. A product without choices has exactly one."""

    __tablename__ = "catalog_variant"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str | None] = mapped_column(String(120), unique=True)
    gtin: Mapped[str] = mapped_column(String(14), default="")
    title: Mapped[str] = mapped_column(String(300), default="")  # option values joined by " / "
    position: Mapped[int] = mapped_column(default=0)
    weight_grams: Mapped[int] = mapped_column(default=0)
    needs_shipping: Mapped[bool] = mapped_column(default=True)
    is_archived: Mapped[bool] = mapped_column(default=False)
    image_id: Mapped[int | None] = mapped_column(ForeignKey("catalog_image.id", ondelete="SET NULL"))
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    product: Mapped[Product] = relationship(back_populates="variants")
    prices: Mapped[list[Price]] = relationship(cascade="all, delete-orphan", back_populates="variant")
    option_values: Mapped[list[OptionValue]] = relationship(secondary=variant_option_value)
    image: Mapped[Image | None] = relationship(foreign_keys=[image_id])
    __table_args__ = (CheckConstraint("weight_grams BETWEEN 0 AND 100000000", name="weight"),)

    def __str__(self) -> str:
        return self.sku or self.title


class Price(Model):
    """What a variant costs in a currency, in minor units; compare-at is a former price, shown struck."""

    __tablename__ = "catalog_price"
    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("catalog_variant.id", ondelete="CASCADE"))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    compare_at_amount: Mapped[int | None]
    variant: Mapped[Variant] = relationship(back_populates="prices")
    __table_args__ = (
        UniqueConstraint("variant_id", "currency"),
        CheckConstraint("amount BETWEEN 0 AND 1000000000000", name="amount"),
        CheckConstraint("compare_at_amount IS NULL OR compare_at_amount >= 0", name="compare_at"),
    )


class PriceChange(Model):
    """What a variant cost from a moment on. Append-only: the lowest price before a reduction is told by it."""

    __tablename__ = "catalog_price_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int]  # no foreign key: the history outlives what it tells of
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    compare_at_amount: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    variant: Mapped[Variant] = relationship(primaryjoin="foreign(PriceChange.variant_id) == Variant.id")
    __table_args__ = (Index("ix_catalog_price_change_history", "variant_id", "currency", "at"),)


class Image(Model):
    """A picture of a product. `key` names its files in the media store by their content's hash."""

    __tablename__ = "catalog_image"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    alt: Mapped[str] = mapped_column(String(500), default="")
    key: Mapped[str] = mapped_column(String(80), default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    # {"avif": [320, 640, 1200], "webp": [...], "jpg": [...]}: the files that exist under the key
    renditions: Mapped[dict[str, list[int]]] = mapped_column(JSON, default=dict)
    source_url: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[ImageState] = mapped_column(enum_column(ImageState), default=ImageState.READY)
    problem: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    product: Mapped[Product] = relationship(back_populates="images", foreign_keys=[product_id])


class Collection(Model):
    """A list of products with a page of its own: picked by hand, or by a rule with some picked by hand before."""

    __tablename__ = "catalog_collection"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    intro: Mapped[str] = mapped_column(Text, default="")
    is_published: Mapped[bool] = mapped_column(default=True)
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # see rules.py; None: by hand alone
    version: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # counts what moved in its entries
    aged_on: Mapped[date | None]  # the day up to which products that grew too old for the rule were asked for
    # Those picked by hand: a rule may find a hundred thousand. Written by collections.py alone.
    entries: Mapped[list[CollectionEntry]] = relationship(
        primaryjoin="and_(Collection.id == CollectionEntry.collection_id, CollectionEntry.is_pinned)",
        order_by="CollectionEntry.position, CollectionEntry.product_id", viewonly=True)

    def __str__(self) -> str:
        return self.name


class CollectionEntry(Model):
    """A product's place in a collection. What a rule finds is kept here too, so that every reader joins one table."""

    __tablename__ = "catalog_collection_entry"
    collection_id: Mapped[int] = mapped_column(ForeignKey("catalog_collection.id", ondelete="CASCADE"),
                                               primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"), primary_key=True,
                                            index=True)
    position: Mapped[int] = mapped_column(default=0)
    # Picked by hand; False: the rule found it, and takes it out again.
    is_pinned: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class Redirect(Model):
    """An address that a product once had; it leads to the present one for ever."""

    __tablename__ = "catalog_redirect"
    slug: Mapped[str] = mapped_column(String(200), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"), index=True)
