"""How far an import came, kept beside the database so that `--resume` goes on after the last committed batch.

The note is written after the commit: a process killed between the two repeats one batch, which changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from storefront.catalog.importer.report import Rejection, Report
from storefront.foundation.shop import facts


class Progress:
    """The note for one file, found by the file's content."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.path = facts().var_dir / "imports" / f"{digest[:32]}.json"

    def read(self) -> Report | None:
        """Return the report as it stood at the last committed batch; None when there is no such import."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            rejections = [Rejection(**rejection) for rejection in kept.pop("rejections")]
            return Report(**kept, rejections=rejections)
        except (FileNotFoundError, json.JSONDecodeError, TypeError, KeyError):
            return None

    def keep(self, report: Report) -> None:
        """Note how far we are, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}.part")
        temporary.write_text(json.dumps(asdict(report)), encoding="utf-8")
        temporary.replace(self.path)

    def forget(self) -> None:
        """The import came to its end."""
        self.path.unlink(missing_ok=True)
