"""`flask catalog fill`: a believable catalog of any size, the same for the same seed, written in bulk.

Rows go past the services, a few thousand products at a time, so it is for shops that are tried out and measured.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import click
from slugify import slugify
from sqlalchemy import select

from demo.filling_rows import Goods, Ids, Leaf, Rows, Writer, product_rows
from demo.filling_words import COLORS, FIRST, LAST, SHELVES
from storefront.catalog.models import Brand, Category
from storefront.catalog.services import save_category
from storefront.foundation import page_marks
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, transactional
from storefront.foundation.progress import telling
from storefront.inventory.services import save_location
from storefront.search.services import rebuild_search

BATCH = 2000  # products of one transaction
BRANDS_OF_A_SHELF = 40


@click.command("fill")
@click.option("--products", type=click.IntRange(1, 3_000_000), required=True, help="How many; about 3.3 variants each.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes other goods.")
def command(products: int, seed: int) -> None:
    """Fill the shop with made-up products: brands, three levels of categories, options, prices, stock and texts.

    For trying and measuring; the products stay until you delete them. A second run adds as many again.

    \b
    Example: flask catalog fill --products 300000
    """
    began = time.monotonic()
    done = variants = 0
    with telling("products") as tell:
        for made, count in fill(products, seed):
            done, variants = done + made, variants + count
            tell(done, products)
    # No event tells of these rows, and lists that are files do not show them yet.
    page_marks.touch(subjects=dict.fromkeys(["home", *map("category:{}".format, db.session.scalars(
        select(Category.id).order_by(Category.id)))], False))
    click.echo(f"{products} products with {variants} variants in {time.monotonic() - began:.0f} s.")
    with telling("search and filters") as tell:
        rebuild_search(tell)
    click.echo(f"Found by search and filters after {time.monotonic() - began:.0f} s. Next: flask pages render --all.")


def fill(products: int, seed: int = 1) -> Iterator[tuple[int, int]]:
    """Write so many products; yields (products, variants) of each committed batch."""
    chance = random.Random(seed)
    writer = Writer()
    leaves = _make_shelves(chance=chance)
    ids = Ids()
    for start in range(0, products, BATCH):
        many = min(BATCH, products - start)
        yield many, _write_batch(writer=writer, ids=ids, leaves=leaves, chance=chance, many=many)
    _finish(writer=writer)


@transactional
def _write_batch(*, writer: Writer, ids: Ids, leaves: list[Leaf], chance: random.Random, many: int) -> int:
    rows = Rows()
    for leaf in chance.choices(leaves, weights=[leaf.weight for leaf in leaves], k=many):
        product_rows(Goods.of(leaf, chance), leaf, ids, rows, chance)
    writer.write(rows)
    return len(rows.of["catalog_variant"])


@transactional
def _finish(*, writer: Writer) -> None:
    writer.finish()
    invalidate("catalog")


@transactional
def _make_shelves(*, chance: random.Random) -> list[Leaf]:
    """Make the categories, brands and the stock location that are missing; returns the leaves."""
    save_location(code="main", name="Main stock")
    leaves = []
    for place, shelf in enumerate(SHELVES):
        root = _category("", shelf.name, place)
        names = chance.sample([f"{one}{other}" for one in FIRST for other in LAST], BRANDS_OF_A_SHELF)
        brands = [(_brand(name), name) for name in names]
        for middle, ends in shelf.below.items():
            above = _category(root.path, middle)
            leaves += [Leaf(_category(above.path, end).id, end, shelf, brands, list(COLORS), chance.uniform(0.3, 2.0))
                       for end in ends]
    return leaves


def _category(above: str, name: str, position: int = 0) -> Category:
    path = f"{above}/{slugify(name)}".strip("/")
    known = db.session.scalar(select(Category).where(Category.path == path))
    return known or db.session.get_one(Category, save_category(path=path, name=name, position=position))


def _brand(name: str) -> int:
    brand = db.session.scalar(select(Brand).where(Brand.slug == slugify(name)))
    if brand is None:
        brand = Brand(slug=slugify(name), name=name)
        db.session.add(brand)
        db.session.flush()
    return brand.id
