"""Categories and brands that an import made on the way: noted in its report, and gone with its undo while empty."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, delete, func, literal, not_, select, update

from storefront.catalog.addresses import category_url
from storefront.catalog.events import TreeChanged
from storefront.catalog.import_models import ImportLine, LineKind
from storefront.catalog.importer.places import slugify
from storefront.catalog.models import Brand, Category, Product, ProductStatus, product_category
from storefront.catalog.models import Collection as ProductCollection
from storefront.catalog.rules import InCategory, OfBrand, read_rule
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, gather_after_commit
from storefront.foundation.outbox import record
from storefront.foundation.page_files import SETS, drop_page
from storefront.foundation.page_marks import outrun

T = TypeVar("T")
CATEGORY, BRAND = "Category", "Brand"  # in the `column` of a line that tells of one; its `text` is path or slug
CHUNK = 500
RULED = "The rule of a collection names it."
RETIRED = "-undone-"  # before the id in the address of a product that an undo took out of the shop


def slug_of_brand(name: str) -> str:
    """Return the address under which saving finds the brand."""
    return slugify(name)[:120] or name[:120]


def read_brands(slugs: Collection[str]) -> dict[str, str]:
    """Return the names of the brands that there are, by slug."""
    if not slugs:
        return {}
    return dict(db.session.execute(select(Brand.slug, Brand.name).where(Brand.slug.in_(slugs))).all())


def lines_of_made(import_id: int, categories: Mapping[str, str], brands: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the report's rows for what is new, each once: a dry run makes the same ones in every batch."""
    lines = []
    for column, made in ((CATEGORY, categories), (BRAND, brands)):
        told = set(db.session.scalars(select(ImportLine.text).where(
            ImportLine.import_id == import_id, ImportLine.kind == LineKind.CREATED, ImportLine.column == column,
            ImportLine.text.in_(made)))) if made else set()
        lines += [{"kind": LineKind.CREATED, "line": 0, "column": column, "slug": "", "name": name, "text": key}
                  for key, name in made.items() if key not in told]
    return lines


def read_made(import_id: int, column: str) -> list[str]:
    """Return the names of the categories, or brands, that the import made or would make."""
    return list(db.session.scalars(
        select(ImportLine.name).where(ImportLine.import_id == import_id, ImportLine.kind == LineKind.CREATED,
                                      ImportLine.column == column).order_by(ImportLine.id)))


def undo_made(import_id: int) -> list[ImportLine]:
    """Take away what the import made and nobody uses, and return a line for each that tells of it."""
    lines = db.session.scalars(
        select(ImportLine).where(ImportLine.import_id == import_id, ImportLine.kind == LineKind.CREATED,
                                 ImportLine.column != "").order_by(ImportLine.id)).all()
    ruled = [condition for rule in db.session.scalars(
        select(ProductCollection.rule).where(ProductCollection.rule.is_not(None)))
        for condition in read_rule(rule).conditions]
    told = [*_undo_categories([line for line in lines if line.column == CATEGORY],
                              {one for rule in ruled if isinstance(rule, InCategory) for one in rule.category_ids}),
            *_undo_brands([line for line in lines if line.column == BRAND],
                          {one for rule in ruled if isinstance(rule, OfBrand) for one in rule.brand_ids})]
    if told:
        invalidate("catalog")
        record(TreeChanged())
    return told


def is_retired() -> ColumnElement[bool]:
    """Return the SQL of whether an undo took the product out of the shop for good."""
    return and_(Product.status == ProductStatus.DISCONTINUED,
                Product.slug.endswith(literal(RETIRED, String) + cast(Product.id, String)))


def _undo_categories(lines: list[ImportLine], ruled: set[int]) -> Iterable[ImportLine]:
    said = {line.text: line for line in lines}
    rows = {row.id: row for part in _parts(said)
            for row in db.session.scalars(select(Category).where(Category.path.in_(part)))}
    below = _count(Category.parent_id, Category.parent_id, rows)
    filed = product_category.c
    used = _count(filed.category_id, Product.id, rows, and_(filed.product_id == Product.id, not_(is_retired())))

    def drop(row: Category) -> None:
        if row.parent_id in below:
            below[row.parent_id] -= 1
        execute_counted(delete(product_category).where(filed.category_id == row.id))
        execute_counted(update(Product).where(Product.category_id == row.id).values(category_id=None))
        execute_counted(delete(Category).where(Category.id == row.id))
        gather_after_commit("categories", row.path, _drop_pages)

    for row in sorted(rows.values(), key=lambda row: -row.path.count("/")):
        line = said[row.path]
        is_edited = (row.name, row.intro, row.is_published) != (line.name, "", True)
        yield _decide(line, row, drop, {
            "It was edited after the import.": is_edited, "Products lie in it.": used.get(row.id),
            "Categories lie below it.": below.get(row.id), RULED: row.id in ruled})


def _undo_brands(lines: list[ImportLine], ruled: set[int]) -> Iterable[ImportLine]:
    said = {line.text: line for line in lines}
    rows = {row.id: row for part in _parts(said)
            for row in db.session.scalars(select(Brand).where(Brand.slug.in_(part)).order_by(Brand.id))}
    used = _count(Product.brand_id, Product.id, rows, not_(is_retired()))

    def drop(row: Brand) -> None:
        execute_counted(update(Product).where(Product.brand_id == row.id).values(brand_id=None))
        execute_counted(delete(Brand).where(Brand.id == row.id))

    for row in rows.values():
        line = said[row.slug]
        yield _decide(line, row, drop, {
            "It was edited after the import.": row.name != line.name, "Products are of it.": used.get(row.id),
            RULED: row.id in ruled})


def _decide(line: ImportLine, row: T, drop: Callable[[T], None], reasons: Mapping[str, object]) -> ImportLine:
    """Drop the row unless one of the reasons holds, and return the line that tells of it."""
    reason = next((reason for reason, holds in reasons.items() if holds), "")
    if not reason:
        drop(row)
    what = "brand" if line.column == BRAND else "category"
    return ImportLine(import_id=line.import_id, kind=LineKind.KEPT if reason else LineKind.UNDONE, column=line.column,
                      name=line.name, text=reason or f"The import had made the {what}; it is gone.")


def _parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Return the values by CHUNK: a statement takes only so many."""
    whole = list(values)
    return (whole[start:start + CHUNK] for start in range(0, len(whole), CHUNK))


def _count(key: Any, of: Any, rows: Collection[int], *conditions: ColumnElement[bool]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in _parts(rows):
        found |= dict(db.session.execute(select(key, func.count(of)).where(key.in_(part), *conditions)
                                         .group_by(key)).all())
    return found


def _drop_pages(paths: set[str]) -> None:
    addresses = [f"{category_url(path)}?{query}" if query else category_url(path) for path in paths for query in SETS]
    outrun(addresses=addresses, remove=drop_page)
