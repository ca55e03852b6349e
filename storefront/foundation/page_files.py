"""Public pages as files: for each address one complete `.gz`, written whole or not at all.

PAGES_DIR/<set>/<path>.gz, where the set tells the order of a list (`plain` is its own), so that a web server
finds the file by its address alone: `root PAGES_DIR/<set>`, `gzip_static always`, `gunzip on`. The page at `/` is
`index`. A file that is missing costs speed, never truth: the page is rendered live.
"""

from __future__ import annotations

import gzip
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import unquote

from storefront.foundation.shop import facts

# The query strings that have files of their own, and the folder of each. Any other query string is answered live.
SETS = {"": "plain", "sort=newest": "newest", "sort=price": "price", "sort=-price": "price-down", "sort=best": "best"}
HOME = "index"
# What may be a file: the folders of public pages, and no name that means something to a file system.
PAGE = re.compile(r"/|/sitemap\.xml|/(?:c|p|collections|pages)(?:/(?!\.)[\w.~-]+(?<!\.gz))+")
MAX_NAME = 240  # bytes of one part of a path; file systems take 255
LEVEL = 6  # of gzip: 9 takes twice as long for one hundredth less


def page_file(address: str) -> Path | None:
    """Return where the page of the address (`/c/bowls?sort=price`) lies or would lie; None for what has no file."""
    path, _, query = address.partition("?")
    path = unquote(path)
    if query not in SETS or not PAGE.fullmatch(path):
        return None
    if any(len(part.encode()) > MAX_NAME for part in path.split("/")):
        return None
    return facts().pages_dir / SETS[query] / f"{path.strip('/') or HOME}.gz"


def write_page(address: str, body: bytes) -> None:
    """Put the page in the place of the one before; a reader sees one or the other, whole, also after a power cut.

    Raises ValueError for an address that can have no file, OSError when the disk refuses: the old page stays.
    """
    target = page_file(address)
    if target is None:
        raise ValueError(f"{address} can have no file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(gzip.compress(body, LEVEL, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).rename(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_page(address: str) -> bool:
    """Take the page's file away, so that the next visitor gets a live one; tells whether there was one."""
    target = page_file(address)
    if target is None:
        return False
    try:
        target.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
