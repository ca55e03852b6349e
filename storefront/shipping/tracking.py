"""Parcels and what is said of them: registered when they leave, told by carriers and staff, in any order.

A message is verified, stored once and left to a job. What it says becomes events, each kept once by its key; the
parcel's status is computed from all of them, so late, repeated and swapped messages end in the same timeline.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound
from storefront.foundation.outbox import record
from storefront.shipping.carriers.port import LABELS, InvalidTracking, ParcelStatus, Sighting, TrackingSaid
from storefront.shipping.carriers.registry import (
    TRACKERS,
    carrier_code,
    find_tracker,
    tidy_number,
    tracking_page,
)
from storefront.shipping.events import ParcelMoved, ParcelRegistered, TrackingReceived
from storefront.shipping.models import Parcel, TrackingEvent, TrackingMessage

MAX_NAME = 200  # characters of a sender's event id, as wide as its column
RANK = {status: rank for rank, status in enumerate(ParcelStatus)}  # of two things said of one moment


@dataclass(frozen=True, slots=True)
class SightingInfo:
    """A line of a parcel's timeline."""

    status: ParcelStatus
    label: str
    text: str
    place: str
    occurred_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class ParcelInfo:
    """A parcel with its timeline, oldest first."""

    id: uuid.UUID
    carrier: str
    tracking_number: str
    tracking_url: str
    status: ParcelStatus | None
    status_text: str
    delivered_at: datetime | None
    events: Sequence[SightingInfo]


@transactional
def register_parcel(*, carrier: str, tracking_number: str, tracking_url: str = "") -> uuid.UUID:
    """Note a parcel that has left, once per carrier and tracking number; returns its id.

    One that a carrier has told of before it was registered keeps its timeline.
    """
    row = _find_parcel(carrier, tidy_number(tracking_number))
    if row is None:
        row = _new_parcel(carrier, tidy_number(tracking_number))
    row.carrier = carrier or row.carrier
    row.tracking_url = tracking_page(row.carrier, row.tracking_number, tracking_url)
    db.session.flush()
    record(ParcelRegistered(parcel_id=row.id))
    if row.status is not None:
        record(ParcelMoved(parcel_id=row.id, status=row.status.value))
    return row.id


@transactional
def receive_message(*, tracker: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Verify a webhook on its raw body, store it once and leave the work to a job; False for a repeat.

    Raises InvalidTracking or UnknownCarrier.
    """
    event_id = find_tracker(tracker).verify_webhook(body, headers)
    if not 0 < len(event_id) <= MAX_NAME or not event_id.isprintable():
        raise InvalidTracking("The event names itself in a way that cannot be kept.")
    known = db.session.scalar(select(TrackingMessage.id).where(
        TrackingMessage.tracker == tracker, TrackingMessage.provider_event_id == event_id))
    if known is not None:
        return False
    row = TrackingMessage(tracker=tracker, provider_event_id=event_id, body={"raw": body.decode()})
    db.session.add(row)
    db.session.flush()
    record(TrackingReceived(message_id=row.id))
    return True


@transactional
def apply_message(*, message_id: int) -> int:
    """Put what a stored message says into its parcel's timeline; returns how many lines were new."""
    row = db.session.get(TrackingMessage, message_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("We know no such message.")
    if row.handled_at is not None:
        return 0
    row.handled_at = now()
    reader = next(tracker for tracker in TRACKERS if tracker.code == row.tracker)
    said = reader.read_webhook(row.body["raw"].encode())
    return _apply(said) if said else 0


@transactional
def add_sighting(*, parcel_id: uuid.UUID, sighting: Sighting, actor: str) -> bool:
    """Put one line into a parcel's timeline; False when its key was there before."""
    row = _lock(parcel_id)
    return _add(row, [sighting], actor) > 0


def follow_parcel(*, parcel_id: uuid.UUID) -> bool:
    """Ask who follows parcels to tell us of this one; False when nobody does, or somebody does already.

    Not transactional: they are asked between two short transactions. Raises CarrierUnavailable.
    """
    row = db.session.get(Parcel, parcel_id, populate_existing=True)
    if row is None or row.follower_reference or row.delivered_at is not None:
        return False
    carrier, number = row.carrier, row.tracking_number
    db.session.rollback()  # no read transaction stays open while they answer
    for tracker in TRACKERS:
        reference = tracker.follow(carrier, number)
        if reference:
            _keep_follower(parcel_id=parcel_id, reference=reference)
            return True
    return False


def read_parcel(parcel_id: uuid.UUID) -> ParcelInfo:
    """Return the parcel with its timeline; raises NotFound."""
    found = read_parcels([parcel_id])
    if parcel_id not in found:
        raise NotFound("We know no such parcel.")
    return found[parcel_id]


def read_parcels(parcel_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ParcelInfo]:
    """Return the parcels with their timelines, by id."""
    if not parcel_ids:
        return {}
    rows = db.session.scalars(select(Parcel).where(Parcel.id.in_(parcel_ids)).options(selectinload(Parcel.events))
                              .execution_options(populate_existing=True))
    return {row.id: _info(row) for row in rows}


@transactional
def _keep_follower(*, parcel_id: uuid.UUID, reference: str) -> None:
    execute_counted(update(Parcel).where(Parcel.id == parcel_id).values(follower_reference=reference[:200]))


def _apply(said: TrackingSaid) -> int:
    number = tidy_number(_clean(said.tracking_number, 120))
    carrier = _clean(said.carrier, 80)
    row = _find_parcel(carrier, number) or _new_parcel(carrier, number)
    return _add(_lock(row.id), said.sightings, "carrier")


def _find_parcel(carrier: str, number: str) -> Parcel | None:
    """Return the carrier's parcel; one whose carrier is written otherwise, if it is the only one of the number."""
    rows = db.session.scalars(select(Parcel).where(Parcel.tracking_number == number).order_by(Parcel.created_at)
                              .execution_options(populate_existing=True)).all()
    exact = [row for row in rows if row.carrier_code == carrier_code(carrier)]
    if exact:
        return exact[0]
    vague = [row for row in rows if not row.carrier_code or not carrier_code(carrier)]
    return vague[0] if len(vague) == 1 else None


def _new_parcel(carrier: str, number: str) -> Parcel:
    row = Parcel(carrier=carrier, carrier_code=carrier_code(carrier), tracking_number=number,
                 tracking_url=tracking_page(carrier, number))
    db.session.add(row)
    db.session.flush()
    return row


def _lock(parcel_id: uuid.UUID) -> Parcel:
    row = db.session.get(Parcel, parcel_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("We know no such parcel.")
    return row


def _add(row: Parcel, sightings: Sequence[Sighting], actor: str) -> int:
    """Add what is new under the parcel's lock and let the status follow from all that is known."""
    keys = {sighting.key for sighting in sightings}
    known = set(db.session.scalars(select(TrackingEvent.key).where(TrackingEvent.key.in_(keys))))
    fresh = {sighting.key: sighting for sighting in sightings if sighting.key not in known}
    for sighting in fresh.values():
        db.session.add(TrackingEvent(
            parcel_id=row.id, key=sighting.key[:200], status=sighting.status, text=_clean(sighting.text, 300),
            place=_clean(sighting.place, 200), occurred_at=sighting.occurred_at, actor=actor))
    db.session.flush()
    before = row.status
    row.status, row.delivered_at = _judge(row.id)
    db.session.flush()
    if row.status is not None and row.status != before:
        record(ParcelMoved(parcel_id=row.id, status=row.status.value))
    return len(fresh)


def _judge(parcel_id: uuid.UUID) -> tuple[ParcelStatus | None, datetime | None]:
    """Return the status that the newest line says, and when it was delivered if that stands."""
    lines = db.session.execute(select(TrackingEvent.occurred_at, TrackingEvent.status, TrackingEvent.key).where(
        TrackingEvent.parcel_id == parcel_id)).all()
    if not lines:
        return None, None
    newest = max(lines, key=lambda line: (line[0], RANK[line[1]], line[2]))
    if newest[1] is not ParcelStatus.DELIVERED:
        return newest[1], None
    return newest[1], min(at for at, status, _ in lines if status is ParcelStatus.DELIVERED)


def _clean(text: str, most: int) -> str:
    """Return text of one line without what a database or a page cannot carry."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:most]


def _info(row: Parcel) -> ParcelInfo:
    events = [SightingInfo(event.status, LABELS[event.status], event.text, event.place, event.occurred_at,
                           event.actor) for event in row.events]
    return ParcelInfo(row.id, row.carrier, row.tracking_number, row.tracking_url, row.status,
                      LABELS[row.status] if row.status else "", row.delivered_at, events)
