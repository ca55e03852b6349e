"""How a ProductEntry becomes rows: compare, write what differs, and remember what that was.

Called by services.save_product inside its transaction; options, variants and prices are in choices.py.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from slugify import slugify
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from storefront.catalog.changes import Changes
from storefront.catalog.choices import write_choices
from storefront.catalog.entries import ImageEntry, ProductEntry
from storefront.catalog.errors import UnknownCategory
from storefront.catalog.media import missing_files, read_stored
from storefront.catalog.models import (
    Brand,
    Category,
    Image,
    ImageState,
    Option,
    Product,
    ProductStatus,
    Redirect,
    Variant,
)
from storefront.catalog.states import nearest_status
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.richtext import clean_html


def find_product(entry: ProductEntry) -> Product | None:
    """Return the product that the entry means: by slug, by a slug it once had, by all of its SKUs."""
    whole = select(Product).options(
        selectinload(Product.options).selectinload(Option.values), selectinload(Product.categories),
        selectinload(Product.images), selectinload(Product.variants).selectinload(Variant.prices),
        selectinload(Product.variants).selectinload(Variant.option_values),
    )
    product = db.session.scalar(whole.where(Product.slug == entry.slug))
    if product is None:
        former = db.session.get(Redirect, entry.slug)
        product_id = former.product_id if former else _product_of_skus(entry)
        product = db.session.scalar(whole.where(Product.id == product_id)) if product_id else None
    return product


def _product_of_skus(entry: ProductEntry) -> int | None:
    """Return the one product that has all of the entry's SKUs, and on offer no other: one in common says little."""
    skus = {variant.sku for variant in entry.variants}
    owners = dict(db.session.execute(select(Variant.sku, Variant.product_id).where(Variant.sku.in_(skus - {""}))).all())
    if owners.keys() != skus or len(set(owners.values())) != 1:
        return None
    [found] = set(owners.values())
    offered = db.session.scalars(
        select(Variant.sku).where(Variant.product_id == found, Variant.is_archived.is_(False)))
    return found if set(offered) <= skus else None


def free_slug(wanted: str) -> str:
    """Return the slug, numbered where a product has it or once had it."""
    taken = {slug for table in (Product, Redirect)
             for slug in db.session.scalars(select(table.slug).where(table.slug.startswith(wanted, autoescape=True)))}
    numbered = (f"{wanted}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)


def write_product(product: Product, entry: ProductEntry, currency: str) -> Changes:
    """Make the product what the entry says; the row is in the session and flushed already."""
    changes = Changes()
    _write_words(product, entry, changes)
    if entry.categories is not None:
        _write_categories(product, entry.categories, changes)
    changes.touched_categories |= {category.id for category in product.categories}
    images = _write_images(product, entry, changes)
    write_choices(product, entry, images, currency, changes)
    _write_status(product, entry, changes)
    keep_lowest_amount(product, currency)
    return changes


def keep_lowest_amount(product: Product, currency: str) -> None:
    """Set the lowest price of the variants on sale, by which listings sort; 0 without any."""
    amounts = [price.amount for variant in product.variants if not variant.is_archived
               for price in variant.prices if price.currency == currency]
    lowest = min(amounts, default=0)
    if product.lowest_amount != lowest:
        product.lowest_amount = lowest


def _write_words(product: Product, entry: ProductEntry, changes: Changes) -> None:
    words: dict[str, Any] = {
        "name": entry.name.strip(), "subtitle": entry.subtitle, "description": clean_html(entry.description),
        "facts": [list(fact) for fact in entry.facts], "tags": list(entry.tags), "tax_category": entry.tax_category,
        "seo_title": entry.seo_title, "seo_description": entry.seo_description, "extra": dict(entry.extra),
        "brand_id": _brand_id(entry.brand),
    }
    for attribute, value in words.items():
        changes.put(product, attribute, value, "brand" if attribute == "brand_id" else "")
    if entry.created_at is not None:
        changes.put(product, "created_at", entry.created_at)


def _brand_id(name: str) -> int | None:
    if not name:
        return None
    slug = slugify(name)[:120] or name[:120]
    brands = db.session.scalars(select(Brand).where(or_(Brand.name == name, Brand.slug == slug)).order_by(Brand.id))
    brand = min(brands, key=lambda row: row.name != name, default=None)  # staff may give it another address
    if brand is None:
        brand = Brand(slug=slug, name=name)
        db.session.add(brand)
        db.session.flush()
    return brand.id


def _write_categories(product: Product, paths: tuple[str, ...], changes: Changes) -> None:
    found = {row.path: row for row in db.session.scalars(select(Category).where(Category.path.in_(paths)))}
    for path in paths:
        if path not in found:
            raise UnknownCategory(f"There is no category {path}.")
    wanted = [found[path] for path in dict.fromkeys(paths)]
    before = {category.id for category in product.categories}
    after = {category.id for category in wanted}
    if before != after:
        product.categories = wanted
        changes.said.append("categories")
    changes.touched_categories |= before
    changes.left_categories |= before - after
    changes.put(product, "category_id", wanted[0].id if wanted else None, "main category")


def _write_images(product: Product, entry: ProductEntry, changes: Changes) -> list[Image]:
    """Return the images in the entry's order; those that it does not name go."""
    if entry.images is None:
        return list(product.images)
    left = list(product.images)
    images = []
    for position, said in enumerate(entry.images):
        image = next((row for row in left if _is_same_image(row, said)), None)
        if image is None:
            image = Image(position=position, source_url=said.source_url, state=ImageState.PENDING, key="",
                          alt=said.alt, renditions={})
            product.images.append(image)
            changes.said.append(f"new image {said.source_url or said.key}")
            changes.new_images.append(image)
        else:
            left.remove(image)
        changes.put(image, "alt", said.alt, "image text")
        changes.put(image, "position", position, "image order")
        _write_key(image, said.key, changes)
        images.append(image)
    kept = [row for row in left if not entry.is_complete or (entry.keeps_uploads and not row.source_url)]
    for offset, image in enumerate(kept, start=len(images)):
        changes.put(image, "position", offset, "image order")
    for image in left:
        if image not in kept:
            product.images.remove(image)
            changes.said.append(f"image {image.source_url or image.key} gone")
    db.session.flush()
    return images


def _is_same_image(image: Image, said: ImageEntry) -> bool:
    if said.source_url:
        return image.source_url == said.source_url
    return image.key == said.key


def _write_key(image: Image, key: str, changes: Changes) -> None:
    """Point the image at files of the media store; without a key it waits to be fetched."""
    if not key or (image.key == key and image.state is ImageState.READY):
        return
    stored = read_stored(key)
    image.key, image.width, image.height, image.renditions = stored.key, stored.width, stored.height, stored.renditions
    image.state, image.problem = ImageState.READY, ""
    if image not in changes.new_images:
        changes.said.append(f"image {key} at hand")
        changes.new_images.append(image)
    if not missing_files(stored):
        changes.new_images.remove(image)  # there is nothing for the job to do


def _word(status: ProductStatus) -> str:
    return status.value.replace("_", " ")


def _write_status(product: Product, entry: ProductEntry, changes: Changes) -> None:
    """An entry speaks for staff, so it may take several moves at once; it never revives the discontinued."""
    before = product.status
    if entry.status is not None:
        reached = nearest_status(before, entry.status)
        changes.put(product, "status", reached)
        if reached is not entry.status:
            stays = "stays" if reached is before else "becomes"
            changes.notes.append(f"“{entry.slug}” {stays} {_word(reached)}: what is {_word(before)} does not become "
                                 f"{_word(entry.status)}.")
    if entry.published_at is not None:
        changes.put(product, "published_at", entry.published_at)
    elif product.status is ProductStatus.ACTIVE and product.published_at is None:
        product.published_at = now()
