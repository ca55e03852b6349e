"""The file of an import under way, kept in the database so that any worker on any machine can go on with it."""

from __future__ import annotations

import zlib
from typing import IO

from sqlalchemy import delete, select

from storefront.catalog.import_models import Import, ImportChunk, ImportState
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted

CHUNK = 1024 * 1024
LEVEL = 3  # of compression: a third of the work of the usual 6, and nearly as small
SILENT_SECONDS = 120  # a batch is a matter of seconds, and the job of a dead worker comes again after sixty
IN_WORK = (ImportState.WAITING, ImportState.RUNNING, ImportState.UNDOING)


def keep_file(import_id: int, file: IO[bytes]) -> None:
    """Keep the file, in the transaction of the service that asks for it."""
    number = 0
    while piece := file.read(CHUNK):
        db.session.add(ImportChunk(import_id=import_id, number=number, data=zlib.compress(piece, LEVEL)))
        db.session.flush()
        number += 1


def let_file_go(import_id: int) -> None:
    """Delete the file and what is kept beside it."""
    execute_counted(delete(ImportChunk).where(ImportChunk.import_id == import_id))


def has_file(import_id: int) -> bool:
    """Tell whether the file is at hand."""
    kept = select(ImportChunk.number).where(ImportChunk.import_id == import_id).limit(1)
    return db.session.scalar(kept) is not None


def is_interrupted(row: Import) -> bool:
    """Tell whether nobody works on the import any more: each of its batches moves `updated_at`.

    Should somebody be at work after all, going on does no harm: a batch is written once, whoever is first.
    """
    silent = (now() - row.updated_at).total_seconds()
    return row.state in (ImportState.RUNNING, ImportState.UNDOING) and silent > SILENT_SECONDS


def can_go_on(row: Import) -> bool:
    """Tell whether the rest can be asked for: it was stopped or interrupted, and the file is at hand."""
    is_stopped = row.state is ImportState.FAILED and bool(row.stopped_by)
    return (is_stopped or (is_interrupted(row) and row.state is ImportState.RUNNING)) and has_file(row.id)
