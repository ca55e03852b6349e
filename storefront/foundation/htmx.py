"""What is a fragment and how to answer one; see docs/htmx.md for htmx 4's traps.

htmx-flask supplies `request.htmx`; of it only what htmx 4 still sends is used, here alone.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, request
from jinja2_fragments.flask import render_blocks
from werkzeug.wrappers import Response as BaseResponse

from storefront.foundation.headers import PRIVATE


def is_htmx() -> bool:
    """Tell whether htmx sent the request."""
    return request.headers.get("HX-Request") == "true"


def is_partial() -> bool:
    """Tell whether htmx wants a fragment: it says so itself, also with `hx-select` and restores."""
    return is_htmx() and request.headers.get("HX-Request-Type") == "partial"


def go_to(url: str) -> BaseResponse:
    """Send the browser to the URL: 303 for a form, HX-Redirect for htmx."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def fragments(template: str, blocks: list[str], *, status: int = 200, push: str = "", **context: Any) -> Response:
    """Answer with named blocks of a page template; `push` is the URL that the address bar shows."""
    response = make_response(render_blocks(template, blocks, **context), status)
    response.headers["Cache-Control"] = PRIVATE
    if push:
        response.headers["HX-Push-Url"] = push
    return response
