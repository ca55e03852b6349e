"""Renders claimed pages through the ordinary routes, and puts those in place that are still wanted."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from flask import Flask, current_app
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from storefront.browse.ahead import prime_products
from storefront.foundation import page_marks
from storefront.foundation.ahead import reading_ahead
from storefront.foundation.clock import now
from storefront.foundation.errors import ShopError
from storefront.foundation.failpoints import failpoint
from storefront.foundation.page_files import Draft, draft_page, drop_draft, put_pages, remove_page, sync_draft
from storefront.foundation.page_marks import Claim
from storefront.foundation.page_serving import RENDERED_AT
from storefront.foundation.shop import facts
from workers.pages_build import current_build

WRITERS = 8  # threads that wait for the disk; a journal takes many files in one go
GONE = (301, 302, 303, 307, 308, 404, 410)
PRODUCT = "/p/"
TEMPLATES = ("base.html", "components/", "browse/")
logger = logging.getLogger(__name__)


class NotRendered(RuntimeError):
    """The route did not answer with a page that everyone may have."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """How a batch went."""

    written: int = 0
    outrun: int = 0  # wanted anew while they were rendered
    gone: int = 0
    failed: int = 0

    def __add__(self, other: Rendered) -> Rendered:
        return Rendered(self.written + other.written, self.outrun + other.outrun, self.gone + other.gone,
                        self.failed + other.failed)


def warm_up(app: Flask) -> None:
    """Compile the templates of pages now, so that no child that this process forks has to."""
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(TEMPLATES)):
        app.jinja_env.get_template(name)
    with app.app_context():
        current_build()
    gc.freeze()  # what is there now stays; the collector need not look through it again for each page


def render_batch(claims: Sequence[Claim]) -> Rendered:
    """Render the claimed pages and write them; what fails is noted on its row and in the log, its old file stays."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own application
    started_at = now()
    gone: list[Claim] = []
    errors: dict[str, str] = {}
    drafts: dict[str, Draft] = {}
    with reading_ahead(), _uncollected():
        _read_ahead(claims)
        for claim in claims:
            try:
                body = render_page(app, claim.address, started_at.timestamp())
                if body is None:
                    gone.append(claim)
                else:
                    drafts[claim.address] = draft_page(claim.address, body)
            except Exception as error:
                errors[claim.address] = f"{type(error).__name__}: {error}"
    written = _sync(drafts, errors)
    failpoint("pages-drafted")
    published = _publish([claim for claim in claims if claim.address in written], written, started_at)
    if gone:
        page_marks.forget_pages(claims=gone, remove=remove_page)
    if errors:
        page_marks.fail_pages(errors=errors)
        for address, problem in errors.items():
            logger.error("page is not rendered", extra={"path": address, "problem": problem})
    return Rendered(len(published), len(written) - len(published), len(gone), len(errors))


def render_page(app: Flask, address: str, moment: float) -> bytes | None:
    """Return what the route answers to an anonymous visitor; None when there is no such page any more.

    Raises NotRendered for an answer that is no page for everyone.
    """
    path, _, query = address.partition("?")
    # Paths travel as latin-1 in WSGI (PEP 3333).
    environ = _environ(facts().site_url) | {
        "PATH_INFO": unquote(path).encode().decode("latin-1"), "QUERY_STRING": query, RENDERED_AT: int(moment)}
    # A context of its own: nothing of one page is another's. The route is asked without what stands around every
    # request (the gate, the session's cookie, headers): none of it is in a file.
    with app.app_context(), app.request_context(environ):
        try:
            response = app.make_response(app.dispatch_request())
        except (ShopError, HTTPException) as error:
            code = error.status if isinstance(error, ShopError) else error.code
            if code in GONE:
                return None
            raise
        if response.status_code in GONE:
            return None
        if response.status_code != 200 or "Set-Cookie" in response.headers:
            raise NotRendered(f"The route answered {response.status} with {sorted(response.headers.keys())}.")
        return response.get_data()


@cache
def _environ(site_url: str) -> dict[str, Any]:
    return EnvironBuilder(base_url=site_url).get_environ()


def _read_ahead(claims: Iterable[Claim]) -> None:
    """Read the batch's products at once."""
    slugs = [unquote(claim.address.removeprefix(PRODUCT)) for claim in claims if claim.address.startswith(PRODUCT)]
    if slugs:
        prime_products(slugs)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector of cycles rest for a batch: pages are made of short-lived strings."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _sync(drafts: Mapping[str, Draft], errors: dict[str, str]) -> dict[str, Draft]:
    """Wait for the disk, for all of them at once; those that it did not take are errors."""
    synced = {}
    with ThreadPoolExecutor(WRITERS) as writers:
        waiting = {address: writers.submit(sync_draft, draft) for address, draft in drafts.items()}
    for address, future in waiting.items():
        try:
            future.result()
        except OSError as error:
            errors[address] = f"{type(error).__name__}: {error}"
        else:
            synced[address] = drafts[address]
    return synced


def _publish(claims: Sequence[Claim], drafts: dict[str, Draft], started_at: datetime) -> set[str]:
    """Put the drafts in place whose version is still wanted; the others are thrown away."""
    if not claims:
        return set()
    left = dict(drafts)

    def put(addresses: Collection[str]) -> None:
        # The second try of a transaction finds some in their places already.
        put_pages([left.pop(address) for address in sorted(addresses) if address in left])

    try:
        return page_marks.publish_pages(claims=claims, build=current_build(), started_at=started_at, put=put)
    finally:
        for draft in left.values():
            drop_draft(draft)
