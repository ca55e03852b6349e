"""The pages that are lists: category, collection, search. Under filters from search's bitmaps, else from the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from storefront.browse.cards import LABELS, NEWEST, Frame, build_listing, show_cards, variant_ids
from storefront.browse.filters import ListQuery
from storefront.browse.fitting import is_about_variants, show_fitting
from storefront.browse.heads import category_head, collection_head, search_head
from storefront.browse.pages import CategoryLink, CategoryPage, CollectionPage, Link, Listing, SearchPage
from storefront.browse.queries import HOME
from storefront.browse.ways import find_ways
from storefront.catalog import queries as catalog
from storefront.catalog.listing import SORTS, CardPage, Sort
from storefront.catalog.members import read_members
from storefront.catalog.tree import CategoryNode, ancestors, children, find_node, subtree_ids
from storefront.catalog.words import read_words
from storefront.foundation.errors import NotFound
from storefront.inventory.queries import read_availability
from storefront.search.facets import (
    Ask,
    Chosen,
    FilteredPage,
    Index,
    count_products,
    filter_categories,
    filter_members,
    filter_products,
    read_index,
)
from storefront.search.matches import MAX_MATCHES
from storefront.search.queries import match_products

MAX_SUGGESTIONS = 6


def read_category_page(path: str, query: ListQuery) -> CategoryPage:
    """Return a page of a category and all below it. Raises NotFound."""
    tree = catalog.read_tree()
    node = find_node(tree, path)
    if node is None:
        raise NotFound("There is no such category.")
    sort = _sort(query) or "newest"
    index = read_index()
    listing = _listing(
        index, Frame(node.name, node.intro, node.url, (NEWEST, LABELS[NEWEST])), query,
        filtered=lambda index: filter_categories(index, subtree_ids(tree, node), _ask(query, sort)),
        plain=lambda: catalog.read_category_cards(path, sort, query.number))
    breadcrumbs = [HOME, *(Link(item.name, item.url) for item in ancestors(tree, node))]
    return CategoryPage(
        head=category_head(node, breadcrumbs, listing), name=node.name, intro=node.intro, url=node.url,
        breadcrumbs=breadcrumbs, listing=listing, subcategories=_count_below(index, tree, node),
    )


def read_collection_page(slug: str, query: ListQuery) -> CollectionPage:
    """Return a page of a collection, in the order that staff gave it unless sorted. Raises NotFound."""
    collection = catalog.read_collection(slug)
    listing = _listing(
        read_index(), Frame(collection.name, collection.intro, collection.url, ("", "Our order")), query,
        filtered=lambda index: filter_members(index, read_members(collection.id, collection.version),
                                              _ask(query, _sort(query))),
        plain=lambda: catalog.read_collection_cards(collection.id, _sort(query), query.number))
    return CollectionPage(collection_head(collection, listing), collection.name, collection.intro, collection.url,
                          listing)


def read_search_page(query: ListQuery) -> SearchPage:
    """Return what the words find; any text is answered. Raises NotFound for a page after the last."""
    matches = match_products(query.text)
    index, listing = read_index() if query.text else None, None
    if query.text:
        listing = _listing(
            index, Frame(query.text, "", "/search", ("", "Best match")), query,
            filtered=lambda index: filter_products(index, matches.ids, _ask(query, _sort(query))),
            plain=lambda: catalog.read_found_cards(matches.ids, _sort(query), query.number), code=matches.code)
        listing = replace(listing, is_more=listing.total == MAX_MATCHES)
    suggestions = [] if matches.ids else _suggest(query.text)
    popular = catalog.read_most_bought() if query.text and not matches.ids else []
    return SearchPage(
        search_head(query.text, listing.url if listing else "/search"), query.text, listing, suggestions,
        matches, show_cards(popular, read_availability(variant_ids(popular))),
        find_ways(query.text, is_found=bool(matches.ids)) if query.text else [],
        "What others bring home" if _has_sales(index) else "A few things from the shop")


def _listing(index: Index | None, frame: Frame, query: ListQuery, *, filtered: Callable[[Index], FilteredPage],
             plain: Callable[[], CardPage], code: str = "") -> Listing:
    if index is None:
        found = plain()
        cards = show_cards(found.cards, read_availability(variant_ids(found.cards)))
        bare = ListQuery(query.text, sort=query.sort, number=query.number)
        return build_listing(frame, bare, cards, total=found.total, pages=found.pages, has_sales=False)
    page = filtered(index)
    # What a visitor has made up of words and choices is not kept: there is no end of it.
    is_made_up = query.text or page.chosen != Chosen() or query.after is not None
    shown = catalog.read_cards(page.ids) if is_made_up else catalog.read_listed_cards(page.ids)
    cards = (show_fitting(shown, page.chosen, code) if is_about_variants(page.chosen, code)
             else show_cards(shown, read_availability(variant_ids(shown))))
    return build_listing(frame, replace(query, chosen=page.chosen), cards, total=page.total, pages=page.pages,
                         found=page, facets=query.chosen.values.keys() & index.names.keys(),
                         has_sales=_has_sales(index))


def _has_sales(index: Index | None) -> bool:
    """Tell whether anything was bought yet: whether any product's count of sales has a binary digit."""
    return index is not None and any(block.digits.get("best") for block in index.blocks.values())


def _count_below(index: Index | None, tree: Sequence[CategoryNode], node: CategoryNode) -> list[CategoryLink]:
    below = children(tree, node.id)
    if index is not None:
        counts = count_products(index, {item.path: subtree_ids(tree, item) for item in below})
    else:
        counts = catalog.count_by_child(node.path) if below else {}
    return [CategoryLink(item.name, item.url, counts.get(item.path, 0)) for item in below]


def _ask(query: ListQuery, sort: Sort | None) -> Ask:
    return Ask(query.chosen, sort, query.number, query.after)


def _sort(query: ListQuery) -> Sort | None:
    return next((sort for sort in SORTS if sort == query.sort), None)


def _suggest(query: str) -> list[Link]:
    """Categories that sound like the words, else the top ones."""
    tree = catalog.read_tree()
    words = read_words(query)
    alike = [node for node in tree if any(word in node.name.lower() for word in words)]
    return [Link(node.name, node.url) for node in alike or children(tree, None)][:MAX_SUGGESTIONS]
