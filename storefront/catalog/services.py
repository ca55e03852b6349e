"""The writes of the catalog. Each is one transaction, leaves the cached reads behind and records what happened."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from storefront.catalog.addresses import product_url
from storefront.catalog.changes import Changes
from storefront.catalog.choices import write_price
from storefront.catalog.collections import follow_products
from storefront.catalog.entries import MAX_AMOUNT, SLUG, ProductEntry, SaveResult, check_entry
from storefront.catalog.errors import (
    IllegalStatus,
    InvalidPrice,
    InvalidProduct,
    SlugTaken,
    UnknownCategory,
    UnknownProduct,
)
from storefront.catalog.events import (
    CategoryChanged,
    CategoryLeft,
    CategoryRenamed,
    ImageAdded,
    ProductChanged,
    ProductRenamed,
    TreeChanged,
)
from storefront.catalog.models import (
    Category,
    Product,
    ProductStatus,
    Redirect,
    Variant,
)
from storefront.catalog.saving import find_product, free_slug, keep_lowest_amount, write_product
from storefront.catalog.states import MOVES, way_between
from storefront.foundation.bell import ring
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import after_commit, db, gather_after_commit, transactional
from storefront.foundation.outbox import record
from storefront.foundation.page_files import drop_page
from storefront.foundation.page_marks import outrun
from storefront.foundation.shop import facts

GROUP = "catalog"
logger = logging.getLogger(__name__)


@transactional
def create_product(*, entry: ProductEntry, actor: str) -> SaveResult:
    """Make a new product and leave every other one as it is, whatever the entry has in common with it.

    Its address is numbered where a product has it or once had it, also when two people add the same at once.
    Raises InvalidProduct, DuplicateSku, UnknownCategory, UnknownPicture.
    """
    check_entry(entry)
    return save_found(entry=replace(entry, slug=free_slug(entry.slug)), product=None, actor=actor)


@transactional
def save_product(*, entry: ProductEntry, actor: str) -> SaveResult:
    """Make the product what the entry says, found by its slug, by a slug it once had, or by its SKUs.

    For whoever describes products from outside; what staff add is for create_product. A second call with the same
    entry changes nothing and answers "unchanged". Found by SKUs (exactly those on offer of one product, and the
    slug unknown) it moves to the entry's slug and its old address leads there. A variant
    that the entry does not name is archived, never deleted. The status may take several legal moves at once;
    what was on sale goes off sale rather than back to draft, what was discontinued stays so (see `notes`).
    Raises InvalidProduct, DuplicateSku, UnknownCategory, UnknownPicture.
    """
    check_entry(entry)
    return save_found(entry=entry, product=find_product(entry), actor=actor)


@transactional
def save_found(*, entry: ProductEntry, product: Product | None, actor: str) -> SaveResult:
    """Do what save_product does for a checked entry whose product was found already; None makes a new one."""
    is_new = product is None
    if product is None:
        product = Product(slug=entry.slug, name=entry.name, facts=[], tags=[], extra={})
        db.session.add(product)
        db.session.flush()
    elif product.slug != entry.slug and not _is_former_slug(entry.slug):
        rename_product(product_id=product.id, slug=entry.slug, actor=actor)
    was_public = product.status is ProductStatus.ACTIVE
    changes = write_product(product, entry, facts().currency)
    if not is_new and not changes.said:
        return SaveResult(product.id, "unchanged", (), tuple(changes.notes))
    product.updated_at = now()
    db.session.flush()
    _tell(product, changes, was_public=was_public)
    logger.info("product saved", extra={"product_id": product.id, "slug": product.slug, "actor": actor})
    return SaveResult(product.id, "created" if is_new else "updated", tuple(changes.said), tuple(changes.notes))


@transactional
def save_category(*, path: str, name: str, intro: str = "", position: int = 0, is_published: bool = True) -> int:
    """Make the category at the path (`ceramics/bowls`) say this and return its id.

    The category above must exist: raises UnknownCategory. Raises InvalidProduct for a path that is no path.
    A second call changes nothing.
    """
    above, _, slug = path.rpartition("/")
    if not SLUG.fullmatch(slug) or len(path) > 400 or len(slug) > 120 or not 0 < len(name) <= 120:
        raise InvalidProduct(f"“{path[:60]}” makes no category: it needs a path of slugs, and a name of at most 120.")
    parent = db.session.scalar(select(Category).where(Category.path == above)) if above else None
    if above and parent is None:
        raise UnknownCategory(f"There is no category {above} to put {slug} under.")
    category = db.session.scalar(select(Category).where(Category.path == path))
    if category is None:
        category = Category(path=path, slug=slug, parent_id=parent.id if parent else None, name="", intro="",
                            position=0, is_published=is_published)
        db.session.add(category)
    changes = Changes()
    words = {"name": name, "intro": intro, "position": position, "is_published": is_published}
    for attribute, value in words.items():
        changes.put(category, attribute, value)
    if changes.said:
        db.session.flush()
        invalidate(GROUP)
        record(CategoryChanged(category.id))
        if {"name", "is published"} & set(changes.said):
            record(CategoryRenamed(category.id))
        record(TreeChanged())
    return category.id


@transactional
def count_sales(*, counts: Mapping[int, int]) -> list[int]:
    """Keep how often the products were bought, by id; returns those whose number is another one now, by id.

    Orders of lists follow it and no page shows it: nothing is recorded, and `updated_at` stays.
    """
    kept = dict(db.session.execute(select(Product.id, Product.sales_count).where(Product.id.in_(counts))).all())
    changed = [product_id for product_id in sorted(kept) if kept[product_id] != counts[product_id]]
    if changed:
        statement = update(Product).where(Product.id == bindparam("product")).values(
            sales_count=bindparam("count"), updated_at=Product.updated_at)
        db.session.connection().execute(
            statement, [{"product": product_id, "count": counts[product_id]} for product_id in changed])
        invalidate("sales")
    return changed


@transactional
def change_status(*, product_id: int, status: ProductStatus | str, actor: str) -> None:
    """Move the product one step along states.MOVES; to its present status changes nothing.

    The first time on sale sets published_at. Raises UnknownProduct, IllegalStatus.
    """
    product = _product(product_id)
    wanted = ProductStatus(status)
    if product.status is wanted:
        return
    if wanted not in MOVES[product.status]:
        raise IllegalStatus(f"“{product.name}” is {product.status}: from there it cannot become {wanted}.")
    product.status = wanted
    if wanted is ProductStatus.ACTIVE and product.published_at is None:
        product.published_at = now()
    _tell_all(product)
    logger.info("product status changed", extra={"product_id": product_id, "status": wanted.value, "actor": actor})


@transactional
def archive_product(*, product_id: int, actor: str) -> None:
    """Discontinue the product for good, taking it off sale first; a second call changes nothing."""
    product = _product(product_id)
    for status in way_between(product.status, ProductStatus.DISCONTINUED):
        change_status(product_id=product_id, status=status, actor=actor)


@transactional
def change_price(*, variant_id: int, currency: str, amount: int, compare_at_amount: int | None, actor: str) -> bool:
    """Set what the variant costs, in minor units; returns whether anything changed.

    Raises UnknownProduct, and InvalidPrice when the amount is out of range or not below the compare-at price.
    """
    variant = db.session.get(Variant, variant_id)
    if variant is None:
        raise UnknownProduct("There is no such variant.")
    if not 0 <= amount <= MAX_AMOUNT:
        raise InvalidPrice("A price cannot be below zero or above what the shop can keep.")
    if compare_at_amount is not None and not amount < compare_at_amount <= MAX_AMOUNT:
        raise InvalidPrice("The compare-at price is a former, higher price: it must be above the price.")
    changes = Changes()
    write_price(variant, currency, amount, compare_at_amount, changes)
    if not changes.said:
        return False
    product = variant.product
    keep_lowest_amount(product, facts().currency)
    product.updated_at = now()
    _tell_all(product)
    logger.info("price changed", extra={"variant_id": variant_id, "amount": amount, "actor": actor})
    return True


@transactional
def rename_product(*, product_id: int, slug: str, actor: str) -> None:
    """Give the product another address; the one it had leads there for ever.

    Raises SlugTaken when another product has it or once had it, InvalidProduct when it is no address.
    """
    product = _product(product_id)
    old = product.slug
    if slug == old:
        return
    if not SLUG.fullmatch(slug):
        raise InvalidProduct(f"“{slug[:60]}” cannot be the product's address: letters, digits and hyphens.")
    if db.session.scalar(select(Product.id).where(Product.slug == slug)) is not None:
        raise SlugTaken(f"Another product has the address {slug}.")
    former = db.session.get(Redirect, slug)
    if former is not None and former.product_id != product_id:
        raise SlugTaken(f"Another product once had the address {slug}, and people still follow it.")
    if former is not None:
        db.session.delete(former)
    product.slug = slug
    product.updated_at = now()
    db.session.add(Redirect(slug=old, product_id=product_id))
    _tell_all(product)
    record(ProductRenamed(product_id, old))
    logger.info("product renamed", extra={"product_id": product_id, "slug": slug, "actor": actor})


def _product(product_id: int) -> Product:
    product = db.session.get(Product, product_id)
    if product is None:
        raise UnknownProduct("There is no such product.")
    return product


def _is_former_slug(slug: str) -> bool:
    return db.session.get(Redirect, slug) is not None


def _tell(product: Product, changes: Changes, *, was_public: bool) -> None:
    """Record what follows; a product that was never public moves no category's page."""
    invalidate(GROUP)
    gather_after_commit("pages", product_url(product.slug), drop_pages)
    after_commit("relay", ring)  # the other pages that show it
    record(ProductChanged(product.id))
    follow_products([product.id])
    if was_public or product.status is ProductStatus.ACTIVE:
        for category_id in sorted(changes.touched_categories):
            record(CategoryChanged(category_id))
    for category_id in sorted(changes.left_categories):
        record(CategoryLeft(category_id))
    for image in changes.new_images:
        record(ImageAdded(image.id))


def drop_pages(addresses: set[str]) -> None:
    """Take the products' own pages away at once; the workers do it too, a moment later."""
    try:
        outrun(addresses=addresses, remove=drop_page)
    except SQLAlchemyError as error:
        problem = f"{type(error).__name__}: {len(addresses)} pages"
        logger.warning("pages are left to the workers", extra={"problem": problem})


def _tell_all(product: Product) -> None:
    """The same where no entry was compared: all its categories show it."""
    changes = Changes(touched_categories={category.id for category in product.categories})
    _tell(product, changes, was_public=True)
