"""Suggestions while somebody types: a public fragment at an address of its own."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from storefront.foundation.headers import MICRO_SECONDS, public_headers
from storefront.search.suggestions import suggest

blueprint = Blueprint("search", __name__)


@blueprint.get("/search/suggestions")
def suggestions() -> Response:
    """Offer what the words may become; the same for everyone."""
    found = suggest(request.args.get("q", ""))
    response = make_response(render_template("search/suggestions.html", found=found))
    response.headers.update(public_headers(request.path) | {"X-Accel-Expires": str(MICRO_SECONDS),
                                                            "X-Robots-Tag": "noindex"})
    response.add_etag()
    return response.make_conditional(request)
