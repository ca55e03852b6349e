"""The media store: pictures by the hash of their content, in the sizes and formats that pages ask for.

Files lie in MEDIA_DIR/<key[:2]>/<key>/<width>.<ext> and never change, so they are cached for ever; a web server
may serve the folder at /media itself. `picture.json` beside them says how large the picture is. Stored
quickly in one size, a picture gets its other renditions from a job, never in a page request.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storefront.catalog.errors import InvalidPicture, UnknownPicture
from storefront.catalog.models import Image, ImageState
from storefront.catalog.pixels import MASTER_WIDTH, decode_picture, encode_picture, read_size
from storefront.foundation.shop import facts

WIDTHS = (320, 640, 1200)
KEY = re.compile(r"[0-9a-f]{32}")
FORMATS = ("avif", "webp", "jpg")
MIME_TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
FACTS = "picture.json"
OWN_ADDRESS = re.compile(rf"https?://[^/]+/media/({KEY.pattern})/\d{{1,5}}\.(?:{'|'.join(FORMATS)})")


@dataclass(frozen=True)
class Picture:
    """What a page needs for a `<picture>`: a srcset per format and a source for everybody."""

    alt: str
    width: int
    height: int
    avif: str
    webp: str
    src: str


@dataclass(frozen=True)
class StoredImage:
    """A picture in the store; renditions are the widths of the files that exist, by extension."""

    key: str
    width: int
    height: int
    renditions: dict[str, list[int]]


def picture_of(image: Image) -> Picture | None:
    """Return the product image for a page; None while its file is not at hand."""
    if image.state is not ImageState.READY or not image.key:
        return None
    return _picture(StoredImage(image.key, image.width, image.height, image.renditions), image.alt)


def picture_at(key: str, alt: str) -> Picture | None:
    """Return the stored picture with this key for a page; None when there is none."""
    try:
        return _picture(read_stored(key), alt)
    except UnknownPicture:
        return None


def picture_url(key: str, width: int, extension: str) -> str:
    """Return the address of one file."""
    return f"/media/{key}/{width}.{extension}"


def find_own_key(address: str) -> str:
    """Return the key of the picture at the address when it is one of this store's, wherever it is served; else ""."""
    found = OWN_ADDRESS.fullmatch(address)
    return found[1] if found and (_folder(found[1]) / FACTS).is_file() else ""


def picture_path(key: str, width: int, extension: str) -> Path | None:
    """Return where the file lies; None for what cannot be in the store."""
    if not KEY.fullmatch(key) or extension not in FORMATS:
        return None
    path = _folder(key) / f"{width}.{extension}"
    return path if path.is_file() else None


def read_stored(key: str) -> StoredImage:
    """Return what the store holds under the key; raises UnknownPicture."""
    if not KEY.fullmatch(key):
        raise UnknownPicture(f"“{key[:60]}” is no key of the media store.")
    try:
        size = json.loads((_folder(key) / FACTS).read_text(encoding="ascii"))
    except FileNotFoundError:
        raise UnknownPicture(f"The media store holds nothing under {key}.") from None
    return StoredImage(key, size["width"], size["height"], _list_files(key))


def store_picture(data: bytes) -> StoredImage:
    """Keep an uploaded picture, re-encoded once at up to 2400 pixels wide; make_all_renditions does the rest.

    The same bytes give the same key and are stored once. Raises InvalidPicture for anything but a JPEG, PNG,
    WebP, AVIF or GIF within the limits of pixels.py.
    """
    key = hashlib.sha256(data).hexdigest()[:32]
    try:
        return read_stored(key)
    except UnknownPicture:
        pass
    pixels = decode_picture(data)
    master = pixels.narrowed_to(MASTER_WIDTH)
    extension = "webp" if master.has_alpha else "jpg"
    _write(key, f"{master.width}.{extension}", encode_picture(master, extension, is_master=True))
    if extension == "jpg" and master.width > WIDTHS[1]:
        small = master.narrowed_to(WIDTHS[1])
        _write(key, f"{small.width}.webp", encode_picture(small, "webp"))
    # Written last: a picture without it is not in the store, and is stored again.
    _write(key, FACTS, json.dumps({"width": master.width, "height": master.height}).encode())
    return read_stored(key)


def make_all_renditions(key: str) -> StoredImage:
    """Make the AVIF, WebP and JPEG files that are still missing under the key; a second call makes none."""
    stored = read_stored(key)
    missing = missing_files(stored)
    if not missing:
        return stored
    master = decode_picture(_master(stored).read_bytes())
    for extension, width in missing:
        _write(key, f"{width}.{extension}", encode_picture(master.narrowed_to(width), extension))
    return read_stored(key)


def missing_files(stored: StoredImage) -> list[tuple[str, int]]:
    """Return the (extension, width) that pages ask for and that do not exist; never wider than the picture is.

    Ready-made files that are all there are left alone: nothing is derived from one that was made small.
    """
    if max(max(stored.renditions.get(kind, [0])) for kind in ("jpg", "webp")) < stored.width:
        return []  # ready-made, its full width in AVIF only: there is no master to make others from
    widths = sorted({min(width, stored.width) for width in WIDTHS})
    wanted = [(extension, width) for extension in ("avif", "webp") for width in widths]
    missing = [(extension, width) for extension, width in wanted
               if width not in stored.renditions.get(extension, [])]
    has_fallback = widths[-1] in stored.renditions.get("jpg", [])
    return [*missing, ("jpg", widths[-1])] if missing and not has_fallback else missing


def register_renditions(files: Mapping[str, Mapping[int, Path]]) -> StoredImage:
    """Take ready-made files, such as the demo's, without encoding them again.

    `files` maps an extension (avif, webp, jpg) to widths to files. The key is the hash of all of them. Raises
    InvalidPicture when a file is no picture of the width that it is said to have.
    """
    sizes: dict[int, int] = {}
    digest = hashlib.sha256()
    for extension in sorted(files):
        for width, path in sorted(files[extension].items()):
            data = path.read_bytes()
            real_width, height = read_size(data)
            if extension not in FORMATS or real_width != width:
                raise InvalidPicture(f"{path.name} is not a {extension} picture {width} pixels wide.")
            digest.update(f"{extension}:{width}:".encode() + data)
            sizes[width] = height
    if not sizes:
        raise InvalidPicture("There is no file to register.")
    key = digest.hexdigest()[:32]
    for extension, widths in files.items():
        for width, path in widths.items():
            if picture_path(key, width, extension) is None:
                _link(key, f"{width}.{extension}", path)
    _write(key, FACTS, json.dumps({"width": max(sizes), "height": sizes[max(sizes)]}).encode())
    return read_stored(key)


def _picture(stored: StoredImage, alt: str) -> Picture | None:
    files = stored.renditions
    fallback = next((extension for extension in ("jpg", "webp", "avif") if files.get(extension)), None)
    if fallback is None:
        return None
    # The widest that is made for pages; a larger master is for making others only.
    source = max((width for width in files[fallback] if width <= WIDTHS[-1]), default=min(files[fallback]))
    return Picture(
        alt=alt, width=stored.width, height=stored.height, avif=_srcset(stored, "avif"),
        webp=_srcset(stored, "webp"), src=picture_url(stored.key, source, fallback),
    )


def _srcset(stored: StoredImage, extension: str) -> str:
    widths = [width for width in sorted(stored.renditions.get(extension, [])) if width <= WIDTHS[-1]]
    return ", ".join(f"{picture_url(stored.key, width, extension)} {width}w" for width in widths)


def _master(stored: StoredImage) -> Path:
    """Return the best file to make others from: the widest, JPEG or WebP."""
    found = [(width, extension == "jpg", extension) for extension in ("jpg", "webp")
             for width in stored.renditions.get(extension, [])]
    width, _, extension = max(found)
    return _folder(stored.key) / f"{width}.{extension}"


def _folder(key: str) -> Path:
    return facts().media_dir / key[:2] / key


def _list_files(key: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for path in _folder(key).iterdir():
        extension = path.suffix[1:]
        if extension in FORMATS and path.stem.isdigit():
            found.setdefault(extension, []).append(int(path.stem))
    return {extension: sorted(found[extension]) for extension in FORMATS if extension in found}


def _link(key: str, name: str, source: Path) -> None:
    """Give a ready file a second name in the store; where the disks differ, copy it."""
    _folder(key).mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, _folder(key) / name)
    except FileExistsError:
        return
    except OSError:
        _write(key, name, source.read_bytes())


def _write(key: str, name: str, data: bytes) -> None:
    """Write the file whole or not at all: a reader never sees half a picture, also after a power cut."""
    folder = _folder(key)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).rename(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
