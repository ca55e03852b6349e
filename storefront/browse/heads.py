"""Titles, descriptions, canonical addresses and what robots may do, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storefront.browse.pages import Banner, Head, Link, Listing
from storefront.browse.structured_data import (
    breadcrumb_list,
    organization,
    plain_text,
    product_data,
    website,
)
from storefront.catalog.details import ProductDetail
from storefront.catalog.queries import CollectionDetail
from storefront.catalog.tree import CategoryNode
from storefront.content.queries import PageText
from storefront.foundation.shop import facts
from storefront.inventory.queries import Availability

PURPOSE = "Plain things, well made, for home and desk"
# A list in another order is the same list: robots follow its links and keep the first one.
SAME_AGAIN = "noindex, follow"
MAX_DESCRIPTION = 300


def home_head(banners: Sequence[Banner]) -> Head:
    """Return the head of the home page."""
    name, site_url = facts().site_name, facts().site_url
    picture = next((banner.picture for banner in banners if banner.picture), None)
    return Head(
        title=f"{name}: {PURPOSE.lower()}", canonical_url=f"{site_url}/",
        description=f"{PURPOSE}: ceramics, textiles, paper and light.",
        image_url=site_url + picture.src if picture else "",
        structured_data=[organization(name, site_url), website(name, site_url)],
    )


def category_head(node: CategoryNode, breadcrumbs: Sequence[Link], listing: Listing) -> Head:
    """Return the head of a category's page."""
    way = breadcrumb_list([*breadcrumbs, Link(node.name, node.url)], facts().site_url)
    return Head(
        title=_title(node.name, listing), description=node.intro or f"Everything in {node.name}.",
        canonical_url=_list_address(listing), robots=_list_robots(listing),
        image_url=_first_picture(listing), structured_data=[way],
    )


def collection_head(collection: CollectionDetail, listing: Listing) -> Head:
    """Return the head of a collection's page."""
    way = breadcrumb_list([Link("Home", "/"), Link(collection.name, collection.url)], facts().site_url)
    return Head(
        title=_title(collection.name, listing),
        description=collection.intro or f"{collection.name}: things chosen to go together.",
        canonical_url=_list_address(listing), robots=_list_robots(listing),
        image_url=_first_picture(listing), structured_data=[way],
    )


def search_head(query: str, path: str) -> Head:
    """Return the head of a search page, which no index keeps."""
    return Head(title=f"Search: {query}" if query else "Search", description="Search the shop.",
                canonical_url=facts().site_url + path, robots=SAME_AGAIN)


def product_head(product: ProductDetail, breadcrumbs: Sequence[Link], stock: Mapping[int, Availability]) -> Head:
    """Return the head of a product's page; every choice of it has the one canonical address."""
    site_url = facts().site_url
    name = f"{product.name}, {product.subtitle}" if product.subtitle else product.name
    return Head(
        title=product.seo_title or f"{name} · {facts().site_name}",
        description=plain_text(product, MAX_DESCRIPTION), canonical_url=site_url + product.url,
        image_url=site_url + product.pictures[0].src if product.pictures else "",
        structured_data=[
            product_data(product, stock, site_url),
            breadcrumb_list([*breadcrumbs, Link(product.name, product.url)], site_url),
        ],
    )


def content_head(page: PageText) -> Head:
    """Return the head of a page of words."""
    url = f"/pages/{page.slug}"
    way = breadcrumb_list([Link("Home", "/"), Link(page.title, url)], facts().site_url)
    return Head(title=page.title, description=page.summary or page.title, canonical_url=facts().site_url + url,
                structured_data=[way])


def _title(name: str, listing: Listing) -> str:
    """Return the name with what was chosen, for of such pages too each must be told from the others."""
    chips = listing.filters.chips if listing.filters else ()
    said = ", ".join([name, *(chip.label for chip in chips)])
    return f"{said}, page {listing.number}" if listing.number > 1 else said


def _list_address(listing: Listing) -> str:
    """Return where the list is at home: in its own order, under its choices."""
    return facts().site_url + listing.home_url


def _list_robots(listing: Listing) -> str:
    """One choice makes a list of its own; more of them make lists without end, which no index keeps.

    Nor one that is at home elsewhere: in another order, of some prices, with what somebody typed; nor one of nothing.
    """
    is_own = listing.url == listing.home_url and listing.choices <= 1 and bool(listing.total or not listing.choices)
    return "" if is_own else SAME_AGAIN


def _first_picture(listing: Listing) -> str:
    picture = next((card.picture for card in listing.products if card.picture), None)
    return facts().site_url + picture.src if picture else ""
