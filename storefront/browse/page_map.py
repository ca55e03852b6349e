"""The map of what shows what: from things that changed to the addresses of the pages that show them.

Set-based: ten thousand subjects cost as many statements as one. It marks rather too much than too little, for a
page that is rendered in vain costs milliseconds and one that is forgotten lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storefront.catalog.addresses import category_url, collection_url, product_url
from storefront.catalog.cards import is_on_sale
from storefront.catalog.models import Category, Product, ProductStatus, Variant, product_category
from storefront.catalog.models import Collection as ProductCollection
from storefront.catalog.places import read_places
from storefront.catalog.queries import NEWEST
from storefront.content.queries import list_pages
from storefront.foundation.database import db
from storefront.foundation.page_files import SETS
from storefront.foundation.page_marks import OWN, REBUILD, SHOWN, Mark, Subject
from storefront.foundation.shop import facts
from storefront.recommendations.queries import list_shown_beside

ALL = "all"
HOME, SITEMAP = "/", "/sitemap.xml"
NEAR = 3  # of a category's newest, which its products' pages show (browse/queries.py)
MANY = 10_000  # ids in one statement
GATHER = timedelta(seconds=60)  # the map of the site may be a minute late, and is rendered once for many changes
CATEGORY_SORTS = tuple(query for query in SETS if query != "sort=newest")  # a category's own order has no query
COLLECTION_SORTS = tuple(SETS)
# Product ids → ids of the products whose pages show them, for sections of a product's page that are not its
# category's newest: whoever adds such a section adds its query here.
SHOWN_BESIDE: list[Callable[[Collection[int]], Collection[int]]] = [list_shown_beside]


@dataclass
class _Touched:
    """The subjects sorted: id or name → whether files lie."""

    products: dict[int, bool] = field(default_factory=dict)  # everything that shows them
    stock: dict[int, bool] = field(default_factory=dict)  # their own pages
    variants: dict[int, bool] = field(default_factory=dict)
    stock_variants: dict[int, bool] = field(default_factory=dict)
    categories: dict[int, bool] = field(default_factory=dict)
    left: dict[int, bool] = field(default_factory=dict)
    beside: dict[int, bool] = field(default_factory=dict)  # products whose pages show others beside them
    collections: dict[int, bool] = field(default_factory=dict)
    others: dict[str, bool] = field(default_factory=dict)


def find_pages(subjects: Iterable[Subject]) -> dict[str, Mark]:
    """Return the pages that show the subjects, in a fixed number of queries; ALL is not for here."""
    touched = _sort(subjects)
    marks: dict[str, Mark] = {}
    _read_variants(touched)
    _add_products(marks, touched)
    _add_categories(marks, touched.categories)
    _add_collections(marks, touched.collections)
    _add_near(marks, touched.left, touched.beside)
    for name, lies in touched.others.items():
        kind, _, rest = name.partition(":")
        if kind == "home":
            _put(marks, HOME, Mark("home", OWN, lies))
        elif kind == "page":
            _put(marks, f"/pages/{rest}", Mark("page", OWN, lies))
            _put(marks, SITEMAP, Mark("sitemap", delay=GATHER))
        elif kind == "address":
            _put(marks, rest, Mark("product", OWN, lies))
    return marks


def list_pages_of_shop() -> dict[str, Mark]:
    """Return every page that is rendered ahead, as a rebuild marks it."""
    paths = db.session.scalars(select(Category.path).where(Category.is_published)).all()
    lists = [*((category_url(path), "category", CATEGORY_SORTS) for path in paths),
             *((collection_url(slug), "collection", COLLECTION_SORTS) for slug in db.session.scalars(
                 select(ProductCollection.slug).where(ProductCollection.is_published)))]
    slugs = db.session.scalars(select(Product.slug).where(is_on_sale(facts().currency)))
    singles = [(HOME, "home"), (SITEMAP, "sitemap"), *((page.url, "page") for page in list_pages()),
               *((product_url(slug), "product") for slug in slugs)]
    return ({address: Mark(kind, REBUILD) for address, kind in singles}
            | {address: Mark(kind, REBUILD) for url, kind, sorts in lists for address in _sorted(url, sorts)})


def _sort(subjects: Iterable[Subject]) -> _Touched:
    touched = _Touched()
    places = {"product": touched.products, "variant": touched.variants, "stock": touched.stock_variants,
              "category": touched.categories, "left": touched.left, "beside": touched.beside,
              "collection": touched.collections}
    for subject in subjects:
        kind, _, rest = subject.name.partition(":")
        if kind in places and rest.isdigit():
            places[kind][int(rest)] = subject.lies
        else:
            touched.others[subject.name] = subject.lies
    return touched


def _read_variants(touched: _Touched) -> None:
    """Lead from variants to their products."""
    ids = {*touched.variants, *touched.stock_variants}
    if not ids:
        return
    for variant_id, product_id in db.session.execute(
            select(Variant.id, Variant.product_id).where(Variant.id.in_(ids))):
        for said, found in ((touched.variants, touched.products), (touched.stock_variants, touched.stock)):
            if variant_id in said:
                found[product_id] = found.get(product_id, False) or said[variant_id]


def _add_products(marks: dict[str, Mark], touched: _Touched) -> None:
    """Their own pages, and for those that changed in more than the stock's number all that show them."""
    ids = {*touched.products, *touched.stock}
    if not ids:
        return
    rows = db.session.execute(
        select(Product.id, Product.slug, Product.published_at).where(Product.id.in_(ids))).all()
    for product_id, slug, _ in rows:
        lies = touched.products.get(product_id, False) or touched.stock.get(product_id, False)
        _put(marks, product_url(slug), Mark("product", OWN, lies))
    if not touched.products:
        return
    published = {row[0]: row[2] for row in rows if row[0] in touched.products and row[2] is not None}
    places = read_places(list(touched.products))
    for product_id, place in places.items():
        lies = touched.products[product_id]
        for category_id in place.category_ids:
            touched.categories[category_id] = touched.categories.get(category_id, False) or lies
        for collection_id in place.collection_ids:
            touched.collections[collection_id] = touched.collections.get(collection_id, False) or lies
    _put(marks, SITEMAP, Mark("sitemap", delay=GATHER))
    newest = (select(Product.published_at).where(is_on_sale(facts().currency), Product.published_at.is_not(None))
              .order_by(Product.published_at.desc(), Product.id.desc()).limit(1).offset(NEWEST - 1))
    last_shown = db.session.scalar(newest)
    for product_id, moment in published.items():
        if last_shown is None or moment >= last_shown:
            _put(marks, HOME, Mark("home", SHOWN, touched.products[product_id]))
    _add_near(marks, *_near(published, touched.products))


def _near(published: Mapping[int, datetime], lies: Mapping[int, bool]) -> tuple[dict[int, bool], dict[int, bool]]:
    """Return the categories whose newest hold one of the products, and products that show one of them besides."""
    filed = product_category.c
    mine = db.session.execute(
        select(filed.product_id, filed.category_id).where(filed.product_id.in_(published))).all()
    place = func.row_number().over(partition_by=filed.category_id,
                                   order_by=(Product.published_at.desc(), Product.id.desc()))
    ranked = (select(filed.category_id, Product.published_at, place.label("place")).select_from(product_category)
              .join(Product, Product.id == filed.product_id)
              .where(filed.category_id.in_({row[1] for row in mine}), is_on_sale(facts().currency))).subquery()
    shown = db.session.execute(select(ranked.c.category_id, ranked.c.published_at).where(ranked.c.place == NEAR))
    last_shown = {category_id: moment for category_id, moment in shown}  # noqa: C416  # of Rows
    categories: dict[int, bool] = defaultdict(bool)
    for product_id, category_id in mine:
        if category_id not in last_shown or published[product_id] >= last_shown[category_id]:
            categories[category_id] |= lies[product_id]
    beside: dict[int, bool] = {}
    for show in SHOWN_BESIDE:
        beside |= dict.fromkeys(show(list(lies)), any(lies.values()))
    return dict(categories), beside


def _add_near(marks: dict[str, Mark], categories: Mapping[int, bool], products: Mapping[int, bool]) -> None:
    """The pages of the products of these categories, which show their newest, and of these products."""
    if not categories and not products:
        return
    ids = sorted(products)  # a bestseller stands beside more products than one statement may name
    conditions = [Product.category_id.in_(categories),
                  *(Product.id.in_(ids[start:start + MANY]) for start in range(0, len(ids), MANY))]
    for condition in conditions:
        rows = db.session.execute(select(Product.id, Product.slug, Product.category_id)
                                  .where(condition, Product.status == ProductStatus.ACTIVE))
        for product_id, slug, category_id in rows:
            is_near = category_id is not None and categories.get(category_id, False)
            lies = is_near or products.get(product_id, False)
            _put(marks, product_url(slug), Mark("product", SHOWN, lies))


def _add_categories(marks: dict[str, Mark], categories: Mapping[int, bool]) -> None:
    """Each list and those above it, whose counts say how much lies below."""
    if not categories:
        return
    rows = {row[0]: row for row in db.session.execute(select(Category.id, Category.parent_id, Category.path))}
    for category_id, lies in categories.items():
        row = rows.get(category_id)
        while row is not None:
            for address in _sorted(category_url(row[2]), CATEGORY_SORTS):
                _put(marks, address, Mark("category", SHOWN, lies))
            row = rows.get(row[1]) if row[1] is not None else None


def _add_collections(marks: dict[str, Mark], collections: Mapping[int, bool]) -> None:
    if not collections:
        return
    rows = db.session.execute(select(ProductCollection.id, ProductCollection.slug)
                              .where(ProductCollection.id.in_(collections)))
    for collection_id, slug in rows:
        for address in _sorted(collection_url(slug), COLLECTION_SORTS):
            _put(marks, address, Mark("collection", SHOWN, collections[collection_id]))
    _put(marks, SITEMAP, Mark("sitemap", delay=GATHER))


def _sorted(url: str, sorts: Iterable[str]) -> list[str]:
    return [f"{url}?{query}" if query else url for query in sorts]


def _put(marks: dict[str, Mark], address: str, mark: Mark) -> None:
    """Add the mark to what is said of the address already: the more urgent word counts, and one lie is enough."""
    known = marks.get(address, mark)
    marks[address] = Mark(mark.kind, max(known.urgency, mark.urgency), known.lies or mark.lies,
                          min(known.delay, mark.delay))
