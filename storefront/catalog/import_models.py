"""Tables of imports: what was asked for, how far it came, what it said of each row, what it changed."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column


class ImportState(enum.StrEnum):
    """Where an import stands."""

    WAITING = "waiting"  # uploaded; a job is to begin it
    RUNNING = "running"  # begun; after a kill it goes on after its last committed batch
    FINISHED = "finished"
    FAILED = "failed"  # the file as a whole cannot be read; `problem` says why
    UNDOING = "undoing"
    UNDONE = "undone"


class LineKind(enum.StrEnum):
    """What a line of the report tells."""

    REJECTED = "rejected"  # something in the file that was not taken
    NOTE = "note"  # taken, but not as it was said
    CREATED = "created"  # of a dry run: would be
    UPDATED = "updated"
    UNDONE = "undone"  # put back by the undo
    KEPT = "kept"  # not put back, and why


class Import(Model):
    """One run over one file. `offset` and `line` are where the next product begins."""

    __tablename__ = "catalog_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of the file: what --resume looks for
    format: Mapped[str] = mapped_column(String(20))
    state: Mapped[ImportState] = mapped_column(enum_column(ImportState))
    is_dry_run: Mapped[bool] = mapped_column(default=False)
    actor: Mapped[str] = mapped_column(String(80))
    undone_by: Mapped[str] = mapped_column(String(80), default="", server_default="")  # who asked for the undo
    stopped_by: Mapped[str] = mapped_column(String(80), default="", server_default="")  # it failed by this alone
    became_id: Mapped[int | None]  # of a dry run: the import for good that followed
    size: Mapped[int] = mapped_column(default=0)  # bytes
    offset: Mapped[int] = mapped_column(default=0)
    line: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # see importer/report.py
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportLine(Model):
    """One line of the report."""

    __tablename__ = "catalog_import_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("catalog_import.id", ondelete="CASCADE"))
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind))
    line: Mapped[int] = mapped_column(default=0)
    column: Mapped[str] = mapped_column(String(200), default="")  # or Category, Brand: see importer/made.py
    slug: Mapped[str] = mapped_column(String(200), default="")
    name: Mapped[str] = mapped_column(String(300), default="", server_default="")  # of the product
    text: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (Index("ix_catalog_import_line_of", "import_id", "kind", "line", "id"),)


class ImportChange(Model):
    """What an import did to a product, so that it can be undone while nobody changed the product since."""

    __tablename__ = "catalog_import_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("catalog_import.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(index=True)
    is_new: Mapped[bool]
    # A ProductEntry as it stood before, with `status` and `published_at`; None where there was nothing, or too little.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # [variant id, units added, policy before, policy after] of each stock level that was counted
    counted: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    after_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the product's `updated_at` when the import was done
    __table_args__ = (Index("ix_catalog_import_change_of", "import_id", "id"),)


class ImportChunk(Model):
    """A piece of an uploaded file, compressed: any worker on any machine finds it, and it goes when it is done."""

    __tablename__ = "catalog_import_chunk"
    import_id: Mapped[int] = mapped_column(ForeignKey("catalog_import.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportKey(Model):
    """Which product a file of a source means by its key, where the key is no address: an SKU or `id:12`."""

    __tablename__ = "catalog_import_key"
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog_product.id", ondelete="CASCADE"), index=True)
