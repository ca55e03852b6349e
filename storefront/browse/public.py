"""How a public page is answered: the same bytes for everyone, kept by anyone, asked about each time.

And its island, which is one visitor's.
"""

from __future__ import annotations

import functools
from dataclasses import fields
from urllib.parse import parse_qsl, urlsplit

from flask import make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block, render_blocks
from werkzeug.wrappers import Response

from storefront.browse.filters import is_written_so
from storefront.browse.island import ProductNow
from storefront.browse.pages import (
    CategoryPage,
    Choice,
    CollectionPage,
    ContentPage,
    Head,
    HomePage,
    ProductPage,
    SearchPage,
)
from storefront.catalog.addresses import product_url
from storefront.foundation.headers import MICRO_SECONDS, PRIVATE, PUBLIC, public_headers
from storefront.foundation.page_files import page_file
from storefront.foundation.page_serving import RENDERED_AT, asked_address

ListPage = CategoryPage | CollectionPage | SearchPage
PublicPage = HomePage | CategoryPage | CollectionPage | SearchPage | ProductPage | ContentPage


def answer_page(template: str, page: PublicPage) -> Response:
    """Render the page; `page` and the fields of its head are the template's variables."""
    head = {field.name: getattr(page.head, field.name) for field in fields(Head)}
    return _public(make_response(render_template(template, page=page, **head)))


def answer_list(template: str, page: ListPage) -> Response:
    """Render a list, or lead to the one address of what was asked for: its parameters in their order."""
    listed = page.listing
    url, natural, facets = (listed.url, listed.sorts[0].value, listed.facets) if listed else (request.path, "", ())
    if not is_written_so(request.args, parse_qsl(urlsplit(url).query), natural, facets):
        response = redirect(url, 302)
        response.headers["Cache-Control"] = PUBLIC
        return response
    return answer_page(template, page)


def answer_list_alone(template: str, page: ListPage) -> Response:
    """Render the list, its form and how many there are, and name the address that shows the same as a page."""
    blocks = ["listing", "filters_again"] if page.listing else ["listing"]
    response = make_response(render_blocks(template, blocks, page=page, title=page.head.title))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["HX-Push-Url"] = page.listing.url if page.listing else "/search"
    return _public(response)


def answer_choice(slug: str, choice: Choice) -> Response:
    """Render the choice alone, as the fragment that it is."""
    response = make_response(render_block("browse/product.html", "choice", choice=choice, slug=slug))
    response.headers["X-Robots-Tag"] = "noindex"
    # A reload, a bookmark and the way back show the same choice.
    response.headers["HX-Replace-Url"] = f"{product_url(slug)}?variant={choice.variant_id}"
    response.headers["X-Accel-Expires"] = str(MICRO_SECONDS)  # its address could be a page's, but it has no file
    return _public(response)


def answer_island(shown: ProductNow | None, *, cart_count: int, customer_name: str) -> Response:
    """Render the visitor's part, and the product's where one is shown: nobody may keep it."""
    text = _render_visitor(cart_count, customer_name) if customer_name else _render_guest(cart_count)
    if shown is not None:
        text += render_blocks("browse/product.html", ["choice", "versions", "recent"], is_island=True, slug=shown.slug,
                              choice=shown.choice, others=shown.others, recent=shown.recent)
    response = make_response(text)
    response.headers["Cache-Control"] = PRIVATE
    return response


@functools.lru_cache(maxsize=256)
def _render_guest(cart_count: int) -> str:
    """A number and no name: the same for every guest, and asked for more often than anything else."""
    return _render_visitor(cart_count, "")


def _render_visitor(cart_count: int, customer_name: str) -> str:
    return render_template("browse/island.html", cart_count=cart_count, customer_name=customer_name)


def answer_text(text: str, mimetype: str) -> Response:
    """Answer with a file for machines."""
    response = make_response(text)
    response.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    return _public(response)


def lead_to(path: str) -> Response:
    """Lead to the one address of a thing for ever, with the query string that came along."""
    query = request.query_string.decode("ascii", "ignore")
    response = redirect(f"{path}?{query}" if query else path, 301)
    response.headers["Cache-Control"] = PUBLIC
    return response


def _public(response: Response) -> Response:
    if RENDERED_AT in request.environ:
        return response  # on its way into a file, which has no headers
    response.headers.update(public_headers(request.path, response.mimetype or "text/html"))
    if page_file(asked_address()) is None:
        # No file of its own: the gateway may answer it again for a moment. What may lie as a file is never kept so,
        # for its file is taken away the moment that it would be wrong.
        response.headers["X-Accel-Expires"] = str(MICRO_SECONDS)
    response.add_etag()
    return response.make_conditional(request)
