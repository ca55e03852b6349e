"""What was asked of an import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storefront.catalog.importer.stock import Stock


@dataclass(frozen=True, kw_only=True)
class Order:
    """An import of the file at `path`; with `import_id` it goes on with the one of that row."""

    path: Path
    stock: Stock
    actor: str
    source_format: str = "auto"
    is_dry_run: bool = False
    images_dir: Path | None = None
    resumes: bool = False
    import_id: int | None = None
    seconds: float | None = None  # after so long it stops, in the first look at the file or between two batches
    index: bytes = b""  # FileIndex.keep of the same file
    keep_index: Callable[[bytes], object] | None = None  # hears it where more of the file was looked at
