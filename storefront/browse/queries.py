"""Composes the public pages from what each context knows. Words and prices may be cached, stock never is.

What is cached here is left behind when the catalog or the content changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from storefront.browse.cards import LABELS, NEWEST, build_listing, list_url, show_cards, variant_ids
from storefront.browse.choice import Stock, Wish, build_choice, choose, list_versions
from storefront.browse.heads import (
    category_head,
    collection_head,
    content_head,
    home_head,
    product_head,
    search_head,
)
from storefront.browse.pages import (
    Banner,
    CategoryLink,
    CategoryPage,
    Choice,
    CollectionPage,
    ContentPage,
    Fact,
    HomePage,
    HomeSection,
    Link,
    MenuGroup,
    MenuLink,
    PictureLink,
    ProductPage,
    SearchPage,
    SiteMenus,
    Tile,
)
from storefront.browse.sitemap import MAX_URLS, MappedPage
from storefront.catalog import queries as catalog
from storefront.catalog.cards import Card
from storefront.catalog.details import ProductDetail
from storefront.catalog.listing import SORTS, Sort
from storefront.catalog.media import picture_at
from storefront.catalog.tree import CategoryNode, ancestors, children, find_node
from storefront.catalog.words import read_words, tidy_query
from storefront.content import queries as content
from storefront.foundation.cache import cached
from storefront.foundation.errors import NotFound
from storefront.foundation.shop import facts
from storefront.inventory.queries import read_availability
from storefront.search.queries import match_products
from storefront.taxes.queries import read_tax_note

HOME = Link("Home", "/")
MAX_SUGGESTIONS = 6


@dataclass(frozen=True, slots=True)
class HomeFrame:
    """The home page without its products."""

    banners: list[Banner]
    tiles: list[Tile]
    sections: list[HomeSection]


def read_home_page() -> HomePage:
    """Return the home page with the stock of this moment."""
    frame = _read_home_frame()
    newest = catalog.read_newest()
    stock = read_availability(variant_ids(newest))
    return HomePage(home_head(frame.banners), frame.banners, frame.tiles, frame.sections, show_cards(newest, stock))


def read_category_page(path: str, sort: str = "", number: int = 1) -> CategoryPage:
    """Return a page of a category; an unknown sort is the default. Raises NotFound."""
    tree = catalog.read_tree()
    node = find_node(tree, path)
    if node is None:
        raise NotFound("There is no such category.")
    chosen = _sort(sort) or "newest"
    found = catalog.read_category_cards(path, chosen, number)
    below = children(tree, node.id)
    counts = catalog.count_by_child(path) if below else {}
    listing = build_listing(
        found, show_cards(found.cards, read_availability(variant_ids(found.cards))), title=node.name,
        intro=node.intro, path=node.url, sort=chosen, natural=(NEWEST, LABELS[NEWEST]),
    )
    breadcrumbs = _way_to(tree, node)
    return CategoryPage(
        head=category_head(node, breadcrumbs, listing), name=node.name, intro=node.intro, url=node.url,
        breadcrumbs=breadcrumbs, listing=listing,
        subcategories=[CategoryLink(item.name, item.url, counts.get(item.path, 0)) for item in below],
    )


def read_collection_page(slug: str, sort: str = "", number: int = 1) -> CollectionPage:
    """Return a page of a collection, in the order that staff gave it unless sorted. Raises NotFound."""
    collection = catalog.read_collection(slug)
    chosen = _sort(sort)
    found = catalog.read_collection_cards(collection.id, chosen, number)
    listing = build_listing(
        found, show_cards(found.cards, read_availability(variant_ids(found.cards))), title=collection.name,
        intro=collection.intro, path=collection.url, sort=chosen or "", natural=("", "Our order"),
    )
    return CollectionPage(collection_head(collection, listing), collection.name, collection.intro, collection.url,
                          listing)


def read_search_page(text: str, sort: str = "", number: int = 1) -> SearchPage:
    """Return what the words find; any text is answered. Raises NotFound for a page after the last."""
    query = tidy_query(text)
    chosen = _sort(sort)
    matches = match_products(query)
    found = catalog.read_found_cards(matches.ids, chosen, number)
    listing = None
    if query:
        listing = build_listing(
            found, show_cards(found.cards, read_availability(variant_ids(found.cards))), title=query, intro="",
            path="/search", sort=chosen or "", natural=("", "Best match"), query=query,
        )
    suggestions = [] if found.cards else _suggest(query)
    return SearchPage(search_head(query, list_url("/search", query=query)), query, listing, suggestions)


def read_product_page(slug: str, wish: Wish) -> ProductPage:
    """Return a product with the variant that the wish means, or the nearest one. Raises NotFound."""
    product = catalog.read_product(slug)
    tree = catalog.read_tree()
    node = next((item for item in tree if item.id == product.category_id), None)
    near = _near(product, node)
    stock = read_availability([*(variant.id for variant in product.variants), *variant_ids(near)])
    breadcrumbs = [*_way_to(tree, node), Link(node.name, node.url)] if node else [HOME]
    return ProductPage(
        head=product_head(product, breadcrumbs, stock), id=product.id, slug=product.slug, url=product.url,
        name=product.name, subtitle=product.subtitle, brand=product.brand,
        # Sanitized on the way in; see foundation/richtext.py.
        description_html=Markup(product.description),  # noqa: S704
        facts=[Fact(label, value) for label, value in product.facts], breadcrumbs=breadcrumbs,
        pictures=product.pictures, choice=_choice(product, wish, stock), others=list_versions(product, stock),
        newest_in_category=show_cards(near, stock), category=Link(node.name, node.url) if node else None,
    )


def read_choice(slug: str, wish: Wish) -> Choice:
    """Return the variant that the wish means, or the nearest one, without the page around it. Raises NotFound."""
    product = catalog.read_product(slug)
    stock = read_availability([variant.id for variant in product.variants])
    return _choice(product, wish, stock)


def read_content_page(slug: str) -> ContentPage:
    """Return a page of words. Raises NotFound."""
    page = content.read_page(slug)
    return ContentPage(content_head(page), page.slug, page.title, page.summary,
                       Markup(page.body))  # noqa: S704  # sanitized on the way in


def list_public_pages() -> list[MappedPage]:
    """Return every page that search engines may keep: home, categories, collections, words, products."""
    listed = [HOME.url, *(node.url for node in catalog.read_tree()),
              *(collection.url for collection in catalog.list_collections()),
              *(page.url for page in content.list_pages())]
    products = catalog.list_product_urls(MAX_URLS - len(listed))
    return [*(MappedPage(url) for url in listed), *(MappedPage(url, changed_at) for url, changed_at in products)]


@cached("catalog", "content")
def read_site_menus() -> SiteMenus:
    """Return the menus of every page: the two upper levels of the category tree, then what staff added."""
    tree = catalog.read_tree()
    menus = content.read_menus()
    categories = [
        MenuLink(node.name, node.url, [Link(child.name, child.url) for child in children(tree, node.id)])
        for node in children(tree, None)
    ]
    return SiteMenus(
        header=[*categories, *(MenuLink(link.label, link.url) for link in menus.header)],
        footer=[MenuGroup(group.title, [Link(link.label, link.url) for link in group.links])
                for group in menus.footer],
    )


@cached("content")
def _read_home_frame() -> HomeFrame:
    """The words with their pictures, whose files are looked up once and not at every visit."""
    said = content.read_home()
    return HomeFrame(
        banners=[Banner(row.title, row.text, Link(row.link_label, row.link_url), picture_at(row.picture, row.title),
                        row.tone) for row in said.banners],
        tiles=[Tile(row.title, row.text, row.url, picture_at(row.picture, row.title)) for row in said.tiles],
        sections=[
            HomeSection(
                category=Link(row.title, row.url), intro=row.intro,
                titles=[Link(link.label, link.url) for link in row.titles],
                pictures=[PictureLink(link.label, link.url, picture_at(link.picture, link.label))
                          for link in row.pictures],
            )
            for row in said.sections
        ],
    )


def _choice(product: ProductDetail, wish: Wish, stock: Stock) -> Choice:
    tax_note = read_tax_note(facts().country, product.tax_category)
    return build_choice(product, choose(product, wish, stock), stock, tax_note)


def _near(product: ProductDetail, node: CategoryNode | None) -> list[Card]:
    if node is None:
        return []
    return [card for card in catalog.read_newest_of_category(node.id) if card.id != product.id][:2]


def _way_to(tree: Sequence[CategoryNode], node: CategoryNode) -> list[Link]:
    return [HOME, *(Link(item.name, item.url) for item in ancestors(tree, node))]


def _suggest(query: str) -> list[Link]:
    """Categories that sound like the words, else the top ones."""
    tree = catalog.read_tree()
    words = read_words(query)
    alike = [node for node in tree if any(word in node.name.lower() for word in words)]
    return [Link(node.name, node.url) for node in alike or children(tree, None)][:MAX_SUGGESTIONS]


def _sort(text: str) -> Sort | None:
    return next((sort for sort in SORTS if sort == text), None)
