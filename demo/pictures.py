"""The demo's ready-made pictures: files in demo/images, put into the media store without encoding."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask

from storefront.catalog.media import register_renditions

IMAGES = Path(__file__).parent / "images"
THREADS = 8  # each file is written with fsync: the time goes into waiting for the disk


def register_pictures(app: Flask, folder: Path = IMAGES) -> dict[str, str]:
    """Put every picture of the folder's index into the media store; returns name → key.

    Pictures that are there already are left as they are. A folder without an index has no pictures.
    """
    index = folder / "index.json"
    if not index.exists():
        return {}
    entries = json.loads(index.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(THREADS) as pool:
        keys = pool.map(_in_context(app, folder), entries, entries.values())
        return dict(zip(entries, keys, strict=True))


def _in_context(app: Flask, folder: Path) -> Callable[[str, dict[str, list[int]]], str]:
    def register(name: str, entry: dict[str, list[int]]) -> str:
        files = {str(extension): _widths(folder, f"{name}-", f".{extension}", entry) for extension in entry["formats"]}
        with app.app_context():
            return register_renditions(files).key

    return register


def _widths(folder: Path, before: str, after: str, entry: dict[str, list[int]]) -> dict[int, Path]:
    """The files of one format; the full width is not drawn in every one."""
    paths = {width: folder / f"{before}{width}{after}" for width in entry["widths"]}
    return {width: path for width, path in paths.items() if path.exists()}
