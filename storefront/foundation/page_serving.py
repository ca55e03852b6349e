"""Serves the files of public pages early in the request, where no web server does so in front of the shop.

Neither the database nor Redis is asked, so these pages are there while both are gone.
"""

from __future__ import annotations

import gzip
import hashlib
from urllib.parse import quote

from flask import Flask, request
from werkzeug.wrappers import Response

from storefront.foundation.headers import public_headers
from storefront.foundation.page_files import drop_tracking, read_page
from storefront.foundation.page_views import note_view

RENDERED_AT = "storefront.rendered_at"  # in the WSGI environ: this page is being rendered ahead, at this second


def install_page_files(app: Flask) -> None:
    """Answer with the file of the page that is asked for, if there is one."""
    app.before_request(_answer_with_file)
    app.jinja_env.globals["rendered_at"] = _rendered_at


def asked_address() -> str:
    """Return the address of the page that is asked for, as page_file takes it: without what advertisements added."""
    path, query = quote(request.path, safe="/~"), drop_tracking(request.query_string.decode("latin-1"))
    return f"{path}?{query}" if query else path


def _rendered_at() -> int | None:
    """Return the second at which this page is rendered ahead; None when it is rendered for a visitor."""
    moment: int | None = request.environ.get(RENDERED_AT)
    return moment


def _answer_with_file() -> Response | None:
    if request.method not in ("GET", "HEAD") or request.routing_exception or RENDERED_AT in request.environ:
        return None
    address = asked_address()
    content = read_page(address)
    if content is None:
        return None
    note_view(address)
    takes_gzip = request.accept_encodings["gzip"] > 0
    response = Response(content if takes_gzip else gzip.decompress(content))
    mimetype = "application/xml" if request.path.endswith(".xml") else "text/html"
    response.content_type = f"{mimetype}; charset=utf-8"
    response.headers.update(public_headers(request.path, mimetype))
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    # Weak: the same page, whichever way it is encoded.
    response.set_etag(hashlib.sha256(content).hexdigest()[:32], weak=True)
    return response.make_conditional(request)
