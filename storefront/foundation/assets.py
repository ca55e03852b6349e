"""Where a built asset lives: the manifest that static/build.py wrote."""

import json
import mimetypes
import time
from functools import lru_cache
from pathlib import Path

BUILT = Path(__file__).resolve().parents[2] / "static" / "built"
MANIFEST = BUILT / "manifest.json"
BUILT_URL = "/static/built/"
SPECULATION = "catalog.speculationrules"  # which links a browser may fetch ahead
mimetypes.add_type("application/speculationrules+json", ".speculationrules")  # browsers take no other


class AssetsMissing(RuntimeError):
    """An asset that no build knows; `make assets` builds them."""


def asset_url(name: str) -> str:
    """The address of a built asset by its plain name ("app.css"), safe to cache forever.

    Before the first build the plain name is answered, so that pages still render; a name the build does not
    know raises AssetsMissing.
    """
    names = _look(int(time.monotonic()))
    if names is None:
        return BUILT_URL + name
    if name not in names:
        raise AssetsMissing(f"{name} is not among the built assets: run `make assets`.")
    return BUILT_URL + names[name]


@lru_cache(maxsize=1)
def _look(_second: int) -> dict[str, str] | None:
    """The manifest as it is in this second: a page asks for a dozen assets and looks once."""
    try:
        return _read_manifest(MANIFEST, MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=1)
def _read_manifest(path: Path, _changed_at: int) -> dict[str, str]:
    """The manifest, read again only when a new build has changed it."""
    names: dict[str, str] = json.loads(path.read_text())
    return names
