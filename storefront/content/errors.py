"""Refusals of content."""

from __future__ import annotations

from storefront.foundation.errors import ShopError


class InvalidContent(ShopError):
    """Words or a link that no page can show."""
