"""Imports that staff ask for: the file is kept in the database, and jobs go through it slice by slice.

Each slice works for some seconds, then asks for the next; a job that dies is run again and goes on after the last
committed batch. The state of the row says what is to be done, so a job that comes twice does no harm.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO

from sqlalchemy import delete, select, update

from storefront.catalog.errors import UnknownImport
from storefront.catalog.events import ImportRequested
from storefront.catalog.import_models import Import, ImportChunk, ImportState
from storefront.catalog.importer.importing import ImportOvertaken, find_format, import_file, open_products
from storefront.catalog.importer.kept import CHUNK, IN_WORK, can_go_on, has_file, is_interrupted, keep_file, let_file_go
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.stock import Stock
from storefront.catalog.importer.undo import begin_undo, undo_import
from storefront.foundation.clock import now
from storefront.foundation.csv_files import UnreadableFile
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import record

INDEX = -1  # the numbers of the file's index go down from here (FileIndex.keep): the file is looked through once
SLICE_SECONDS = 15.0  # of the 40 that a job may take; the first ones look at the whole file


class NotNow(ShopError):
    """The import is not in a state for that."""


def accept_upload(*, file: BinaryIO, file_name: str, source_format: str, is_dry_run: bool, actor: str) -> int:
    """Keep the file, ask for its import and return the import's id.

    Raises UnreadableFile for what is no product file, as far as its first line tells; the job looks at the rest.
    """
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        digest = hashlib.sha256()
        while piece := file.read(CHUNK):
            copy.write(piece)
            digest.update(piece)
        copy.flush()
        with open_products(Path(copy.name)) as table:
            source, size = find_format(table, source_format), table.size
        row = Import(file_name=Path(file_name.replace("\0", "")).name[:200] or "products.csv",
                     digest=digest.hexdigest(), size=size, format=source.name, is_dry_run=is_dry_run,
                     actor=actor, state=ImportState.WAITING)
        copy.seek(0)
        return _keep(row=row, file=copy.file)


@transactional
def begin_for_good(*, import_id: int, actor: str) -> int:
    """Ask for the import of which the dry run was looked at, with its file, and return the new import's id.

    A second call returns the same one. Raises UnknownImport, and NotNow when the dry run is not done or found nothing.
    """
    dry = db.session.get(Import, import_id, with_for_update=True)
    if dry is None:
        raise UnknownImport("There is no such import.")
    if dry.became_id is not None:
        return dry.became_id
    if not can_be_begun(dry) or not has_file(import_id):
        raise NotNow("Only a finished dry run that found products can be imported for good. Upload the file again.")
    row = Import(file_name=dry.file_name, digest=dry.digest, size=dry.size, format=dry.format, is_dry_run=False,
                 actor=actor, state=ImportState.WAITING)
    db.session.add(row)
    db.session.flush()
    dry.became_id = row.id
    execute_counted(update(ImportChunk).where(ImportChunk.import_id == import_id).values(import_id=row.id))
    record(ImportRequested(row.id))
    return row.id


def can_be_begun(dry: Import) -> bool:
    """Tell whether it is a dry run that is done and found anything to take, and nothing was made of it yet."""
    found = any(dry.counts.get(outcome) for outcome in ("created", "updated", "unchanged"))
    return dry.is_dry_run and dry.state is ImportState.FINISHED and dry.became_id is None and found


@transactional
def stop_import(*, import_id: int, actor: str) -> None:
    """Let the import end after its last whole batch; a second call changes nothing.

    Raises UnknownImport, and NotNow when it is not at work.
    """
    row = _lock(import_id)
    if row.stopped_by:
        return
    if row.state not in (ImportState.WAITING, ImportState.RUNNING):
        raise NotNow("It is done already: there is nothing to stop.")
    row.state, row.stopped_by, row.finished_at = ImportState.FAILED, actor, now()


@transactional
def go_on_with_import(*, import_id: int) -> None:
    """Ask for the rest of an import that was stopped or interrupted; one that is at work goes on as it is.

    Raises UnknownImport, and NotNow when it was neither, or its file is gone.
    """
    row = _lock(import_id)
    if row.state in IN_WORK and not is_interrupted(row):
        return
    if not can_go_on(row):
        raise NotNow("Only an import that was stopped can go on. Upload the file again.")
    row.state, row.stopped_by, row.finished_at, row.updated_at = ImportState.RUNNING, "", None, now()
    record(ImportRequested(import_id))


def _lock(import_id: int) -> Import:
    row = db.session.get(Import, import_id, with_for_update=True)
    if row is None:
        raise UnknownImport("There is no such import.")
    return row


@transactional
def ask_for_undo(*, import_id: int, actor: str) -> None:
    """Ask for what the import changed to be put back. Raises UnknownImport, CannotUndo."""
    begin_undo(import_id=import_id, actor=actor)
    record(ImportRequested(import_id))


def work_on_import(*, import_id: int, stock: Stock, seconds: float = SLICE_SECONDS) -> None:
    """Do a slice of what the import's state asks for and ask for the next one (a job)."""
    row = db.session.get(Import, import_id)
    if row is None or row.state not in IN_WORK:
        return
    state, actor, source_format, is_dry_run = row.state, row.actor, row.format, row.is_dry_run
    db.session.rollback()
    if state is ImportState.UNDOING:
        is_done = undo_import(import_id=import_id, stock=stock, actor=actor, seconds=seconds)
    else:
        with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
            _unpack(import_id, copy.file)
            order = Order(path=Path(copy.name), stock=stock, actor=actor, source_format=source_format,
                          is_dry_run=is_dry_run, import_id=import_id, seconds=seconds, index=_read_index(import_id),
                          keep_index=lambda index: _keep_index(import_id=import_id, index=index))
            is_done = _import(order, import_id)
    (_close if is_done else _go_on)(import_id=import_id)


def _import(order: Order, import_id: int) -> bool:
    try:
        return import_file(order).is_finished
    except ImportOvertaken:
        return False  # whoever is ahead goes on; should nobody be, the next slice does
    except UnreadableFile as error:
        _fail(import_id=import_id, problem=str(error))
        return True


@transactional
def _keep(*, row: Import, file: IO[bytes]) -> int:
    db.session.add(row)
    db.session.flush()
    keep_file(row.id, file)
    record(ImportRequested(row.id))
    return row.id


def _unpack(import_id: int, target: IO[bytes]) -> None:
    numbers = db.session.scalars(
        select(ImportChunk.number).where(ImportChunk.import_id == import_id, ImportChunk.number > INDEX)
        .order_by(ImportChunk.number)).all()
    for number in numbers:
        data = db.session.scalar(select(ImportChunk.data).where(
            ImportChunk.import_id == import_id, ImportChunk.number == number))
        target.write(zlib.decompress(data or b""))
    target.flush()
    db.session.rollback()


def _read_index(import_id: int) -> bytes:
    pieces = db.session.scalars(
        select(ImportChunk.data).where(ImportChunk.import_id == import_id, ImportChunk.number <= INDEX)
        .order_by(ImportChunk.number.desc())).all()
    db.session.rollback()
    return b"".join(zlib.decompress(piece) for piece in pieces)


@transactional
def _keep_index(*, import_id: int, index: bytes) -> None:
    """Keep the index beside the file in place of an earlier part of it, unless somebody let the file go."""
    row = db.session.get_one(Import, import_id, with_for_update=True)
    if row.state not in IN_WORK or not has_file(import_id):
        return
    execute_counted(delete(ImportChunk).where(ImportChunk.import_id == import_id, ImportChunk.number <= INDEX))
    for place, start in enumerate(range(0, len(index), CHUNK)):
        db.session.add(ImportChunk(import_id=import_id, number=INDEX - place,
                                   data=zlib.compress(index[start:start + CHUNK], 1)))


@transactional
def _go_on(*, import_id: int) -> None:
    record(ImportRequested(import_id))


@transactional
def _close(*, import_id: int) -> None:
    """Let the file go; that of a dry run stays, for the import that may follow it."""
    row = db.session.get_one(Import, import_id)
    if not row.is_dry_run or row.state is ImportState.FAILED:
        let_file_go(import_id)


@transactional
def _fail(*, import_id: int, problem: str) -> None:
    row = db.session.get_one(Import, import_id)
    row.state, row.problem, row.finished_at = ImportState.FAILED, problem, now()
