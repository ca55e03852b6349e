"""For developers: tells when a file of the shop changed, so that its processes start anew."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from demo.supervisor import ROOT

FOLDERS = ("storefront", "admin", "workers", "demo", "templates", "static/css", "static/js", "static/admin")
SUFFIXES = {".py", ".html", ".txt", ".css", ".js", ".toml"}
LOOK_SECONDS = 1.0


class Watch:
    """Looks at the files' times at most once a second."""

    def __init__(self) -> None:
        self.seen = _times()
        self.looked_at = time.monotonic()

    def changed(self) -> bool:
        """Tell whether a file was written, made or removed since the last look; assets are built anew."""
        if time.monotonic() - self.looked_at < LOOK_SECONDS:
            return False
        self.looked_at = time.monotonic()
        present = _times()
        different = {path for path, _ in set(present.items()) ^ set(self.seen.items())}
        self.seen = present
        if any(path.suffix in (".css", ".js") and path.is_relative_to(ROOT / "static") for path in different):
            subprocess.run([sys.executable, "static/build.py"], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        return bool(different)


def _times() -> dict[Path, int]:
    paths = [ROOT / "app.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    found = {}
    for path in paths:
        if path.suffix in SUFFIXES and path.is_file():
            found[path] = path.stat().st_mtime_ns
    return found
