"""Build the shop's assets: `python static/build.py` reads static/ and node_modules/, writes static/built/.

Every file is named by its content, so it may be cached forever; `manifest.json` maps plain names to built ones.
Beside each text file lie its .gz and .br twins. The files of earlier builds stay for a while, for pages
rendered with them.
"""

import gzip
import hashlib
import io
import json
import re
import sys
import time
from pathlib import Path

import brotli
from fontTools import subset
from fontTools.ttLib import TTFont

STATIC = Path(__file__).resolve().parent
BUILT = STATIC / "built"
PACKAGES = STATIC.parent / "node_modules"
MANIFEST = BUILT / "manifest.json"

LAYERS = ("reset", "tokens", "base", "layout", "components", "pages", "utilities")
DISPLAY_FONT = PACKAGES / "@fontsource-variable/brygada-1918/files/brygada-1918-latin-wght-normal.woff2"
DISPLAY_TEXT = [  # Latin with accents, punctuation, the currency signs we print, arrows and fractions
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *(ord(sign) for sign in "ıŒœŠšŸŽžŁłĄąĘęĆćŃńŚśŹźŻżČčĚěŘř–—‘’‚“”„†•…‹›€£¥−×⁄™"),
]
DISPLAY_FONT_LIMIT = 25 * 1024  # bytes; a page's whole budget is 60 KB
KEPT_DAYS = 30  # longer than any page file waits to be rendered again
COMPRESSED = {".css", ".js", ".svg", ".json", ".speculationrules"}


def main() -> int:
    """Build everything; answers the exit code."""
    if not DISPLAY_FONT.exists():
        print("node_modules is missing: run `npm ci` (or `make assets`) first.", file=sys.stderr)
        return 1
    BUILT.mkdir(exist_ok=True)
    before = _read_manifest()
    names: dict[str, str] = {}
    for path in sorted([*STATIC.glob("icons/*"), *STATIC.glob("images/*")]):
        _write(names, path.name, path.read_bytes())
    _write(names, "display.woff2", build_display_font())
    _write(names, "app.css", build_css(names))
    _write(names, "htmx.js", (PACKAGES / "htmx.org/dist/htmx.min.js").read_bytes())
    _write(names, "app.js", build_js())
    rules = STATIC / "catalog.speculationrules"  # which links browsers fetch ahead, named by a header of each page
    _write(names, rules.name, json.dumps(json.loads(rules.read_text()), separators=(",", ":")).encode())
    MANIFEST.write_text(json.dumps(names, indent=1, sort_keys=True) + "\n")
    _remove_old({*before.values(), *names.values()})
    return 0


def build_css(names: dict[str, str]) -> bytes:
    """One stylesheet: the order of the layers, then every file; `url("name")` becomes the built name."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    parts += [path.read_text() for path in sorted(STATIC.glob("css/*.css"))]
    css = "\n".join(parts)
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css).replace(";}", "}")
    return re.sub(r'url\("([\w.-]+)"\)', lambda match: f'url("{names[match[1]]}")', css).strip().encode()


def build_js() -> bytes:
    """Our behaviors, each in a function of its own, without comment lines and indentation."""
    parts = ["'use strict';"]
    for path in sorted(STATIC.glob("js/*.js")):
        lines = (line.strip() for line in path.read_text().splitlines())
        body = "\n".join(line for line in lines if line and not line.startswith("//"))
        parts.append(f"(() => {{\n{body}\n}})();")
    return "\n".join(parts).encode()


def build_display_font() -> bytes:
    """The display face cut down to the letters a shop in western Europe sets, weight axis kept."""
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "liga", "tnum", "lnum", "ccmp", "locl", "mark"]
    options.hinting = False
    font = TTFont(DISPLAY_FONT, recalcTimestamp=False)  # the same bytes from every build
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=DISPLAY_TEXT)
    subsetter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    if len(out.getvalue()) > DISPLAY_FONT_LIMIT:
        raise SystemExit(f"the display font is {len(out.getvalue())} bytes, more than {DISPLAY_FONT_LIMIT}")
    return out.getvalue()


def _write(names: dict[str, str], name: str, content: bytes) -> None:
    stem, suffix = name.rsplit(".", 1)
    built = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    names[name] = built
    (BUILT / built).write_bytes(content)
    gz = ""
    if f".{suffix}" in COMPRESSED:
        packed = gzip.compress(content, 9, mtime=0)
        (BUILT / f"{built}.gz").write_bytes(packed)
        (BUILT / f"{built}.br").write_bytes(brotli.compress(content, quality=11))
        gz = f"{len(packed):>8} gz"
    print(f"{built:<42}{len(content):>8}{gz}")


def _read_manifest() -> dict[str, str]:
    return json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}


def _remove_old(kept: set[str]) -> None:
    """Remove what no build of late wrote: page files that were rendered with it are gone by then."""
    for path in BUILT.iterdir():
        is_old = path.stat().st_mtime < time.time() - KEPT_DAYS * 86400
        if is_old and path != MANIFEST and path.name.removesuffix(".gz").removesuffix(".br") not in kept:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
