"""Files of pages as the worker leaves them."""

from __future__ import annotations

from storefront.foundation.page_files import draft_page, put_pages, sync_draft


def write_page(address: str, body: bytes) -> None:
    """Put the page in the place of the one before. Raises like draft_page: the old page stays."""
    draft = draft_page(address, body)
    sync_draft(draft)
    put_pages([draft])
