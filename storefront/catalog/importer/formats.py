"""What a format of files is to the import, and what it makes of a product's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from storefront.catalog.entries import ProductEntry
from storefront.catalog.importer.groups import Group
from storefront.catalog.importer.places import CategoryPath
from storefront.catalog.importer.stock import Count
from storefront.foundation.csv_files import Rejection, Row


@dataclass(frozen=True, slots=True)
class Place:
    """Which product a row belongs to, by the name that the file uses; empty when the row does not say."""

    key: str
    names: tuple[str, ...] = ()  # of a product's own row: what other rows may call it, the key first
    is_part: bool = False  # it belongs to a product whose own row stands elsewhere


class Lookup(Protocol):
    """What a reader may ask about the rest of the file (index.py)."""

    unreadable: int

    def line_of_sku(self, sku: str, line: int) -> int: ...

    def free_slug(self, slug: str, line: int) -> str: ...


@dataclass
class ReadProduct:
    """What a group of rows says; `entry` is None when nothing of it can be sold."""

    line: int
    key: str
    entry: ProductEntry | None = None
    categories: tuple[CategoryPath, ...] = ()
    counts: tuple[Count, ...] = ()  # of the entry's variants
    former_slugs: tuple[str, ...] = ()
    says_slug: bool = True  # False: the address was derived from the name
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file. Columns named in `of_*` stay in `extra`: the next import compares them with its own."""

    name: str
    title: str
    required: tuple[str, ...]
    key_column: str
    joins_rows: bool  # rows with the same key are one product
    place: Callable[[Row], Place]
    skus: Callable[[Row], tuple[str, ...]]
    derive_slug: Callable[[Row], str]  # the address made of a product's first row, where the file says none
    read: Callable[[Group, str, Lookup], ReadProduct]  # rows, currency, the rest of the file
    decimals: tuple[str, ...]  # columns in which a comma may stand before decimals
    of_status: tuple[str, ...]
    of_categories: tuple[str, ...]
    of_stock: tuple[str, ...]  # columns of a variant
    # By field of ProductEntry and VariantEntry the columns that say it: without one in the file, what is so stays.
    fields: Mapping[str, tuple[str, ...]]
    variant_fields: Mapping[str, tuple[str, ...]]
    says_now: bool = False  # an export in this format says how a product stands now (remembering.py)
    prefix: str = ""  # before the file's column names in a product's `extra`, and in a variant's
    variant_prefix: str = ""
