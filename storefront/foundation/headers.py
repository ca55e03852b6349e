"""What an answer says of itself to browsers and to everything in between: one table, docs/caching.md explains it."""

from __future__ import annotations

from storefront.foundation.assets import SPECULATION, asset_url

# The same for everyone, kept by browsers and proxies, asked about each time: a change shows at once, no change is 304.
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"  # one visitor's
FOREVER = "public, max-age=31536000, immutable"  # the address holds the content's hash
MICRO_SECONDS = 2  # for which the gateway may answer a public list again without asking (X-Accel-Expires)


def surrogate_key(path: str) -> str:
    """Return the keys by which a content delivery network purges a public page: its kind and its own path.

    From the path alone, so that a file server says the same as the shop: `/p/red-bowl` → `pages p p/red-bowl`;
    other letters than ASCII go as the bytes of UTF-8, which is how nginx writes them.
    """
    name = path.strip("/").encode().decode("latin-1") or "index"
    return f"pages {name.split('/')[0]} {name}"


def public_headers(path: str, mimetype: str = "text/html") -> dict[str, str]:
    """Return what a public answer says beside its ETag, whether rendered, read from a file or sent by nginx."""
    headers = {"Cache-Control": PUBLIC, "Surrogate-Key": surrogate_key(path)}
    if mimetype == "text/html":
        headers["Speculation-Rules"] = speculation_rules()
    return headers


def speculation_rules() -> str:
    """Return where browsers read which links of a page they may fetch ahead: pages of the catalog, no deeds."""
    return f'"{asset_url(SPECULATION)}"'
