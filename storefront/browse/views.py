"""The public pages, which know nothing of the visitor, and the island, which does."""

from __future__ import annotations

import logging

from flask import Blueprint, request
from werkzeug.wrappers import Response

from storefront.accounts.sign_in import current_customer
from storefront.browse import listings, queries
from storefront.browse.cards import NEWEST
from storefront.browse.filters import ListQuery, UnknownPlace, read_list_query, write_url
from storefront.browse.input import read_wish
from storefront.browse.island import read_product_now
from storefront.browse.public import (
    answer_choice,
    answer_island,
    answer_list,
    answer_list_alone,
    answer_page,
    answer_text,
    lead_to,
)
from storefront.browse.sitemap import write_sitemap
from storefront.cart.cookies import read_guest_cart_id
from storefront.cart.queries import count_customers_items, count_guests_items
from storefront.catalog.addresses import category_url, product_url
from storefront.catalog.queries import find_redirect
from storefront.foundation.errors import NotFound
from storefront.foundation.guard import exempt
from storefront.foundation.hint import drop_hint
from storefront.foundation.shop import facts
from storefront.search.popular import note_query

blueprint = Blueprint("browse", __name__)
logger = logging.getLogger(__name__)
MAX_REPORT = 8 * 1024  # bytes of a browser's report of what the content policy stopped


@blueprint.get("/")
def home() -> Response:
    """Show the home page."""
    return answer_page("browse/home.html", queries.read_home_page())


@blueprint.get("/c/<path:path>")
def category(path: str) -> Response:
    """Show a category, one page of its products."""
    if path.endswith("/"):
        return lead_to(category_url(path.rstrip("/")))
    page = listings.read_category_page(path, _asked(NEWEST))
    return answer_list("browse/category.html", page)


@blueprint.get("/collections/<slug>")
def collection(slug: str) -> Response:
    """Show a collection, one page of its products."""
    return answer_list("browse/collection.html", listings.read_collection_page(slug, _asked()))


@blueprint.get("/search")
def search() -> Response:
    """Show what the words find."""
    page = listings.read_search_page(_asked())
    note_query(page.query, request.remote_addr or "", is_whole=page.matches.is_whole)
    return answer_list("browse/search.html", page)


@blueprint.get("/listing/c/<path:path>")
def category_list(path: str) -> Response:
    """Show a category's list and its filters alone: a fragment at an address of its own."""
    return answer_list_alone("browse/category.html", listings.read_category_page(path, _asked(NEWEST)))


@blueprint.get("/listing/collections/<slug>")
def collection_list(slug: str) -> Response:
    """Show a collection's list and its filters alone."""
    return answer_list_alone("browse/collection.html", listings.read_collection_page(slug, _asked()))


@blueprint.get("/listing/search")
def search_list() -> Response:
    """Show what the words find, and the filters of it, alone."""
    return answer_list_alone("browse/search.html", listings.read_search_page(_asked()))


@blueprint.get("/p/<slug>")
def product(slug: str) -> Response:
    """Show a product; `?variant=` chooses one of its variants. An address it once had leads here."""
    try:
        page = queries.read_product_page(slug, read_wish(request.args))
    except NotFound as error:
        return _lead_on(slug, error)
    return answer_page("browse/product.html", page)


@blueprint.get("/p/<slug>/")
@blueprint.get("/products/<slug>")
@blueprint.get("/product/<slug>/")
def product_elsewhere(slug: str) -> Response:
    """Lead to the product's one address, also from where it lay in a Shopify or WooCommerce shop of this domain."""
    return lead_to(find_redirect(slug) or product_url(slug))


@blueprint.get("/p/<slug>/choice")
def choice(slug: str) -> Response:
    """Show price, stock and options of another choice: a fragment at an address of its own.

    A page that was opened before the product moved still asks at the address it had.
    """
    try:
        found = queries.read_choice(slug, read_wish(request.args))
    except NotFound as error:
        return _lead_on(slug, error, "/choice")
    return answer_choice(slug, found)


@blueprint.get("/pages/<slug>")
def content_page(slug: str) -> Response:
    """Show a page of words."""
    return answer_page("browse/content.html", queries.read_content_page(slug))


@blueprint.get("/island")
def island() -> Response:
    """Send what belongs to this visitor on any page; `?product=` and the fields of its choice say what is shown.

    A guest with a cart costs one look into Redis. A customer's session is looked up in the database each time:
    one that was ended or revoked must not show a name from a copy.
    """
    customer = current_customer()
    cart_id = None if customer else read_guest_cart_id()
    count = count_customers_items(customer.id) if customer else count_guests_items(cart_id) if cart_id else 0
    # Looking around leaves a trace only where there is something to come back to.
    holder_id = customer.id if customer else cart_id if count else None
    slug = request.args.get("product", "")
    shown = read_product_now(slug, read_wish(request.args), holder_id) if slug else None
    response = answer_island(shown, cart_count=count,
                             customer_name=(customer.name or customer.email) if customer else "")
    if not holder_id:
        drop_hint(response)  # nothing to show: the next page asks for nothing
    return response


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell robots what is not for them: what belongs to a visitor, and lists without end."""
    closed = ("/cart", "/checkout", "/account", "/orders", "/payments", "/search", "/island", "/p/*/choice",
              "/listing/", "/admin")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), "", f"Sitemap: {facts().site_url}/sitemap.xml"]
    return answer_text("\n".join([*lines, ""]), "text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Tell search engines which pages there are."""
    return answer_text(write_sitemap(queries.list_public_pages(), facts().site_url), "application/xml")


@blueprint.post("/csp-reports")
def csp_report() -> tuple[str, int]:
    """Take a browser's word for what the content policy stopped, and log it; anyone may send anything."""
    request.max_content_length = MAX_REPORT
    text = request.get_data(cache=False).decode("utf-8", "replace")
    logger.warning("content policy report", extra={"problem": text[:MAX_REPORT]})
    return "", 204


exempt(csp_report)


def _lead_on(slug: str, gone: NotFound, tail: str = "") -> Response:
    """Lead to what the product is called now; raises what said that it is gone where no product once had the slug."""
    present = find_redirect(slug)
    if present is None:
        raise gone
    return lead_to(f"{present}{tail}")


def _asked(natural: str = "") -> ListQuery:
    shop = facts()
    try:
        return read_list_query(request.args, shop.currency, natural, shop.locale)
    except UnknownPlace as error:
        path = request.path.removeprefix("/listing")
        error.way_on = "To the first page of the list", write_url(path, error.query, shop.currency, natural)
        raise
