"""Writes of the simple tables that staff keep by hand: one row, one transaction, one event.

Products, orders, stock and customers are not simple: their panels call the context's services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.outbox import Event, record

Announce = Callable[[Any], Event | None]


class RowRefused(ShopError):
    """The database would not take or give up the row."""

    status = 409


@transactional
def save_row(*, model: type[Any], row_id: Any, values: Mapping[str, Any], group: str, announce: Announce) -> Any:
    """Write the named columns of a row, a new one when `row_id` is None; returns its primary key.

    Raises NotFound for an unknown id and RowRefused when a value must be unique and is taken.
    """
    row = model() if row_id is None else find_row(model, row_id)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.add(row)
    _flush("Another entry already has this name or address. Choose a different one.")
    _tell(row, group, announce)
    return row.id


@transactional
def delete_row(*, model: type[Any], row_id: Any, group: str, announce: Announce) -> None:
    """Delete a row. Raises NotFound for an unknown id and RowRefused while others still lean on it."""
    row = find_row(model, row_id)
    _tell(row, group, announce)
    db.session.delete(row)
    _flush("This is still in use elsewhere, so it was kept. Take it out there first.")


def find_row(model: type[Any], row_id: Any, *, lock: bool = False) -> Any:
    """Return the row of the id or raise NotFound."""
    row = db.session.get(model, row_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("There is no such entry; it may have been deleted meanwhile.")
    return row


def _tell(row: Any, group: str, announce: Announce) -> None:
    if group:
        invalidate(group)
    event = announce(row)
    if event is not None:
        record(event)


def _flush(refusal: str) -> None:
    try:
        db.session.flush()
    except IntegrityError:
        raise RowRefused(refusal) from None
