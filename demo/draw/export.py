"""Pictures to files: 320 and 640 pixels wide in AVIF and WebP, full size in AVIF; and their index.

    from pathlib import Path
    from demo.draw.export import write_picture
    entry = write_picture(image, folder=Path("demo/images/low-bowl"), name="alone-moss")
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from pathlib import Path
from typing import TypedDict

from PIL import Image

WIDTHS = (320, 640)
#: Encoder quality at best, and the bytes a file may have; a busy weave gives up quality first.
QUALITY = {"avif": 56, "webp": 75}
WORST = {"avif": 22, "webp": 12}
BYTES = {
    ("avif", 320): 6_000,
    ("avif", 640): 14_000,
    ("webp", 320): 8_000,
    ("webp", 640): 18_000,
}
FULL_BYTES = 21_000


class Entry(TypedDict):
    """One picture in the index: full size, widths on disk (the widest only as AVIF), the formats, a
    hash of the drawn pixels."""

    width: int
    height: int
    widths: list[int]
    formats: list[str]
    hash: str
    bytes: int


def write_picture(image: Image.Image, *, folder: Path, name: str) -> Entry:
    """Write `<name>-<width>.<format>` for every width and format; return the index entry.

    The widths are WIDTHS as far as the picture reaches, and its own; the full width is written as
    AVIF only, which all but a few visitors' browsers read, and so is 640 of the busiest pictures.
    """
    widths = [width for width in WIDTHS if width < image.width] + [image.width]
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for width in widths:
        height = round(image.height * width / image.width)
        full = width == image.width
        sized = image if full else image.resize((width, height), Image.Resampling.LANCZOS)
        for kind in ("avif",) if full else ("avif", "webp"):
            scale = image.width / 800 if full else 1.0
            most = BYTES.get((kind, width), round(FULL_BYTES * scale))
            data, path = _encode(sized, kind, most), folder / f"{name}-{width}.{kind}"
            path.unlink(missing_ok=True)
            if kind == "webp" and width > WIDTHS[0] and len(data) > 1.2 * most:
                continue  # a fine weave defeats WebP: browsers without AVIF take the small file
            path.write_bytes(data)
            total += len(data)
    return Entry(
        width=image.width,
        height=image.height,
        widths=widths,
        formats=["avif", "webp"],
        hash=hashlib.sha256(image.tobytes()).hexdigest()[:16],
        bytes=total,
    )


def _encode(image: Image.Image, kind: str, most: int) -> bytes:
    """The picture's bytes at the best quality that needs at most `most`, or at the worst allowed."""
    quality = QUALITY[kind]
    options = {"speed": 6, "max_threads": 1} if kind == "avif" else {"method": 4}
    while True:
        out = io.BytesIO()
        image.save(out, kind.upper(), quality=quality, **options)
        if out.tell() <= most or quality <= WORST[kind]:
            return out.getvalue()
        step = max(8, round(22 * math.log2(out.tell() / most)))  # far too large: go down further
        quality = max(quality - step, WORST[kind])


def read_index(root: Path) -> dict[str, Entry]:
    """The index of what is on disk: "<slug>/<file>" to entry; empty when there is none yet."""
    path = root / "index.json"
    if not path.exists():
        return {}
    index: dict[str, Entry] = json.loads(path.read_text())
    return index


def write_index(root: Path, index: dict[str, Entry]) -> None:
    """Write the index, sorted, one picture per line so that changes read well."""
    lines = [f"  {json.dumps(key)}: {json.dumps(index[key])}" for key in sorted(index)]
    fresh = root / f"index.{os.getpid()}.tmp"
    fresh.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    fresh.replace(root / "index.json")  # a reader sees the old index or the new one, never half
