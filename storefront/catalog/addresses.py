"""Where the catalog's things live on the web: the one place that writes their paths."""

from __future__ import annotations

from urllib.parse import quote


def product_url(slug: str) -> str:
    """Return the path of a product's page."""
    return f"/p/{quote(slug, safe='~')}"


def variant_url(slug: str, variant_id: int) -> str:
    """Return the path of a product's page with one variant chosen."""
    return f"{product_url(slug)}?variant={variant_id}"


def category_url(path: str) -> str:
    """Return the path of a category's page."""
    return f"/c/{quote(path, safe='~/')}"


def collection_url(slug: str) -> str:
    """Return the path of a collection's page."""
    return f"/collections/{quote(slug, safe='~')}"
