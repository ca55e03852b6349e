"""What an answer says of itself to browsers and to everything in between: one table, docs/caching.md explains it."""

from __future__ import annotations

# The same for everyone, kept by browsers and proxies, asked about each time: a change shows at once, no change is 304.
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"  # one visitor's
FOREVER = "public, max-age=31536000, immutable"  # the address holds the content's hash
MICRO_SECONDS = 2  # for which the gateway may answer a public list again without asking (X-Accel-Expires)


def surrogate_key(path: str) -> str:
    """Return the keys by which a content delivery network purges a public page: its kind and its own path.

    From the path alone, so that a file server says the same as the shop: `/p/red-bowl` → `pages p p/red-bowl`.
    """
    name = path.strip("/") or "index"
    return f"pages {name.split('/')[0]} {name}"
