"""Composes the public pages from what each context knows. Words and prices may be cached, stock never is.

What is cached here is left behind when the catalog or the content changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from storefront.browse.beside import choose_beside, show_beside
from storefront.browse.cards import show_cards, variant_ids
from storefront.browse.choice import Stock, Wish, build_choice, choose, list_versions
from storefront.browse.heads import content_head, home_head, product_head
from storefront.browse.pages import (
    Banner,
    Choice,
    ContentPage,
    Fact,
    HomePage,
    HomeSection,
    Link,
    MenuGroup,
    MenuLink,
    PictureLink,
    ProductPage,
    SiteMenus,
    Tile,
)
from storefront.browse.sitemap import MAX_URLS, MappedPage
from storefront.catalog import queries as catalog
from storefront.catalog.details import ProductDetail
from storefront.catalog.media import picture_at
from storefront.catalog.shelves import read_filled_paths
from storefront.catalog.tree import CategoryNode, ancestors, children
from storefront.content import queries as content
from storefront.foundation.cache import cached
from storefront.foundation.shop import facts
from storefront.inventory.queries import read_availability
from storefront.taxes.queries import read_tax_note

HOME = Link("Home", "/")


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


def read_product_page(slug: str, wish: Wish) -> ProductPage:
    """Return a product with the variant that the wish means, or the nearest one. Raises NotFound."""
    product = catalog.read_product(slug)
    tree = catalog.read_tree()
    node = next((item for item in tree if item.id == product.category_id), None)
    beside = choose_beside(product, node)
    stock = read_availability([*(variant.id for variant in product.variants), *variant_ids(beside.cards)])
    breadcrumbs = [*_way_to(tree, node), Link(node.name, node.url)] if node else [HOME]
    return ProductPage(
        head=product_head(product, breadcrumbs, stock), id=product.id, slug=product.slug, url=product.url,
        name=product.name, subtitle=product.subtitle, brand=product.brand,
        stars=product.stars,
        # Sanitized on the way in; see foundation/richtext.py.
        description_html=Markup(product.description),  # noqa: S704
        facts=[Fact(label, value) for label, value in product.facts], breadcrumbs=breadcrumbs,
        pictures=product.pictures, choice=_choice(product, wish, stock), others=list_versions(product, stock),
        beside_title=beside.title, beside=show_beside(beside, stock),
        category=Link(node.name, node.url) if node else None,
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
    """Return the menus of every page: the two upper levels of the category tree, then what staff added.

    Categories in which nothing is on sale are left out.
    """
    filled = set(read_filled_paths())
    tree = [node for node in catalog.read_tree() if node.path in filled]
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


def _way_to(tree: Sequence[CategoryNode], node: CategoryNode) -> list[Link]:
    return [HOME, *(Link(item.name, item.url) for item in ancestors(tree, node))]
