"""Which build a page was rendered by: another one's pages are rendered anew."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from storefront.foundation.assets import BUILT
from storefront.foundation.shop import facts

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("site_name", "site_url", "currency", "locale", "country")  # settings that pages speak of


def current_build() -> str:
    """Return a name for everything but data that decides what a page says: code, templates, assets, settings."""
    settings = "\n".join(str(getattr(facts(), name)) for name in SHOWN)
    return hashlib.sha256(f"{_code()}\n{settings}".encode()).hexdigest()[:16]


@cache
def _code() -> str:
    """The files as this process found them: the next process of a new release finds others."""
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "storefront").rglob("*.py"), BUILT / "manifest.json"]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
