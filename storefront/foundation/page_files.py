"""Public pages as files: for each address one complete `.page.gz`, written whole or not at all.

PAGES_DIR/<set>/<path>.page.gz, where the set tells the order of a list (`plain` is its own), so that a web server
finds the file by its address alone: `alias PAGES_DIR/<set>/<path>.page`, `gzip_static always`, `gunzip on`. The page
at `/` is `index`. No folder and no file that is half written ends so: whatever is asked for, only a whole page can be
found. A file that is missing costs speed, never truth: the page is rendered live.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from storefront.foundation.failpoints import failpoint
from storefront.foundation.ids import new_token
from storefront.foundation.shop import facts

# The query strings that have files of their own, and the folder of each. Any other query string is answered live.
SETS = {"": "plain", "sort=newest": "newest", "sort=price": "price", "sort=-price": "price-down", "sort=best": "best"}
# What advertisements add to links, which says nothing about the page. Written for Python and for nginx alike.
TRACKING = re.compile(r"(?:utm_[a-z_]+|gclid|gbraid|wbraid|fbclid|msclkid)=[^&]*")
HOME = "index"
NAME = ".page"  # after the path, so that it is no folder's name and no draft's; then .gz, which web servers add
SUFFIX = f"{NAME}.gz"
# What may be a file: the folders of public pages, and no name that means something to a file system.
PAGE = re.compile(r"/|/sitemap\.xml|/(?:c|p|collections|pages)(?:/(?!\.)[\w.~-]+(?<!\.page))+")
MAX_NAME = 240  # bytes of one part of a path; file systems take 255
PART = ".part"  # of a page that is being written
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
LEVEL = 5  # of gzip: 6 takes a sixth longer for a quarter of a hundredth less


def drop_tracking(query: str) -> str:
    """Return the query string without what advertisements added."""
    return "&".join(field for field in query.split("&") if not TRACKING.fullmatch(field)) if query else ""


def page_file(address: str) -> Path | None:
    """Return where the page of the address (`/c/bowls?sort=price`) lies or would lie; None for what has no file."""
    path, _, query = address.partition("?")
    path = unquote(path)
    if query not in SETS or not PAGE.fullmatch(path):
        return None
    if query and not path.startswith("/collections/") and (query == "sort=newest" or not path.startswith("/c/")):
        return None  # only lists have orders, and a category's own, the newest, has no query
    if any(len(part.encode()) > MAX_NAME for part in path.split("/")):
        return None
    return facts().pages_dir / SETS[query] / f"{path.strip('/') or HOME}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A page written whole beside its place, not yet seen by anyone; `descriptor` is open until it is synced."""

    address: str
    temporary: Path
    target: Path
    descriptor: int
    stamp: int


def draft_page(address: str, body: bytes) -> Draft:
    """Write the page beside its place; `sync_draft` must follow.

    Raises ValueError for an address that can have no file, OSError when the disk refuses: nothing is left then.
    """
    target = page_file(address)
    if target is None:
        raise ValueError(f"{address} can have no file.")
    content = gzip.compress(body, LEVEL, mtime=0)
    temporary = target.with_name(f".{new_token()}{PART}")
    try:
        descriptor = os.open(temporary, WRITE, 0o644)
    except FileNotFoundError:  # the first page of its folder
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, WRITE, 0o644)
    draft = Draft(address, temporary, target, descriptor, zlib.crc32(content) % 2**30)
    try:
        os.fchmod(descriptor, 0o644)  # whatever this process keeps to itself otherwise
        failpoint("page-opened")
        _write(descriptor, content)
        failpoint("page-drafted")
    except BaseException:
        os.close(descriptor)
        drop_draft(draft)
        raise
    return draft


def _write(descriptor: int, content: bytes) -> None:
    written = 0
    while written < len(content):  # a full disk may take a part first, and then says so
        written += os.write(descriptor, content[written:])


def sync_draft(draft: Draft) -> None:
    """Have the draft outlive a power cut. Raises OSError: the draft is dropped then."""
    try:
        os.fsync(draft.descriptor)
    except BaseException:
        drop_draft(draft)
        raise
    finally:
        os.close(draft.descriptor)


def drop_draft(draft: Draft) -> None:
    """Throw a synced draft away."""
    with contextlib.suppress(OSError):
        draft.temporary.unlink(missing_ok=True)


def put_pages(drafts: Iterable[Draft]) -> None:
    """Put synced drafts in their places: a reader sees the old page or the new one, whole, also after a power cut."""
    folders = set()
    for draft in drafts:
        # nginx makes a file's ETag of its size and the second of its time: two pages of one size within one second
        # would share it, and a browser would keep the old price. So its time is made of what it holds.
        os.utime(draft.temporary, (draft.stamp, draft.stamp))
        draft.temporary.rename(draft.target)
        folders.add(draft.target.parent)
        failpoint("pages-put")
    for folder in sorted(folders):
        _sync(folder)


def read_page(address: str) -> bytes | None:
    """Return the page's file as it is, compressed; None when there is none."""
    target = page_file(address)
    try:
        return target.read_bytes() if target else None
    except (FileNotFoundError, NotADirectoryError):
        return None


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


def drop_page(address: str) -> None:
    """Take the page's file away when that can be done: for whoever has just made it lie, ahead of the workers."""
    with contextlib.suppress(OSError):
        remove_page(address)


def address_of(file: Path) -> str:
    """Return the address whose page lies in the file, the opposite of page_file."""
    folder, _, name = file.relative_to(facts().pages_dir).as_posix().partition("/")
    query = next((query for query, known in SETS.items() if known == folder), "")
    path = "/" if name == f"{HOME}{SUFFIX}" else f"/{name.removesuffix(SUFFIX)}"
    path = quote(path, safe="/~")  # as catalog/addresses.py writes it
    return f"{path}?{query}" if query else path


def list_files() -> Iterator[Path]:
    """Yield the file of every page that lies there."""
    for folder in SETS.values():
        yield from sorted((facts().pages_dir / folder).rglob(f"*{SUFFIX}"))


def sweep_strays(older_than: float) -> int:
    """Remove files that are no pages and older than the moment (seconds since 1970); returns how many.

    Killed workers left drafts; a release before this one called its pages `<path>.gz`.
    """
    swept = 0
    for path in (stray for folder in SETS.values() for stray in (facts().pages_dir / folder).rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if not path.name.endswith(SUFFIX) and not path.is_dir() and path.stat().st_mtime < older_than:
                path.unlink()
                swept += 1
    return swept


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
