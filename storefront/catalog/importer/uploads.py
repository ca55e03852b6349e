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
from storefront.catalog.importer.importing import ImportOvertaken, find_format, import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.stock import Stock
from storefront.catalog.importer.undo import begin_undo, undo_import
from storefront.foundation.clock import now
from storefront.foundation.csv_files import UnreadableFile, open_table
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import record

CHUNK = 1024 * 1024
SLICE_SECONDS = 15.0  # of the 40 that a job may take; the file is read through once before
IN_WORK = (ImportState.WAITING, ImportState.RUNNING, ImportState.UNDOING)


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
        with open_table(Path(copy.name)) as table:
            source = find_format(table, source_format)
        row = Import(file_name=Path(file_name.replace("\0", "")).name[:200] or "products.csv",
                     digest=digest.hexdigest(), size=copy.tell(), format=source.name, is_dry_run=is_dry_run,
                     actor=actor, state=ImportState.WAITING)
        copy.seek(0)
        return _keep(row=row, file=copy.file)


@transactional
def begin_for_good(*, import_id: int, actor: str) -> int:
    """Ask for the import of which the dry run was looked at, with its file, and return the new import's id.

    Raises UnknownImport, and NotNow when the dry run is not done or its file went to another import.
    """
    dry = db.session.get(Import, import_id, with_for_update=True)
    if dry is None:
        raise UnknownImport("There is no such import.")
    has_file = db.session.scalar(select(ImportChunk.number).where(ImportChunk.import_id == import_id).limit(1))
    if not dry.is_dry_run or dry.state is not ImportState.FINISHED or has_file is None:
        raise NotNow("Only a finished dry run whose file is still here can be imported for good. Upload it again.")
    row = Import(file_name=dry.file_name, digest=dry.digest, size=dry.size, format=dry.format, is_dry_run=False,
                 actor=actor, state=ImportState.WAITING)
    db.session.add(row)
    db.session.flush()
    execute_counted(update(ImportChunk).where(ImportChunk.import_id == import_id).values(import_id=row.id))
    record(ImportRequested(row.id))
    return row.id


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
                          is_dry_run=is_dry_run, import_id=import_id, seconds=seconds)
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
    number = 0
    while piece := file.read(CHUNK):
        db.session.add(ImportChunk(import_id=row.id, number=number, data=zlib.compress(piece, 6)))
        db.session.flush()
        number += 1
    record(ImportRequested(row.id))
    return row.id


def _unpack(import_id: int, target: IO[bytes]) -> None:
    numbers = db.session.scalars(select(ImportChunk.number).where(ImportChunk.import_id == import_id)
                                 .order_by(ImportChunk.number)).all()
    for number in numbers:
        data = db.session.scalar(select(ImportChunk.data).where(
            ImportChunk.import_id == import_id, ImportChunk.number == number))
        target.write(zlib.decompress(data or b""))
    target.flush()
    db.session.rollback()


@transactional
def _go_on(*, import_id: int) -> None:
    record(ImportRequested(import_id))


@transactional
def _close(*, import_id: int) -> None:
    """Let the file go; that of a dry run stays, for the import that may follow it."""
    row = db.session.get_one(Import, import_id)
    if not row.is_dry_run or row.state is ImportState.FAILED:
        execute_counted(delete(ImportChunk).where(ImportChunk.import_id == import_id))


@transactional
def _fail(*, import_id: int, problem: str) -> None:
    row = db.session.get_one(Import, import_id)
    row.state, row.problem, row.finished_at = ImportState.FAILED, problem, now()
