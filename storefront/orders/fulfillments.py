"""What leaves and what arrives: fulfillments, their parcels, and the end of an order's life."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import new_uuid
from storefront.foundation.outbox import record
from storefront.inventory.services import ship_stock
from storefront.orders.events import OrderFulfilled
from storefront.orders.models import Fulfillment, FulfillmentLine, Order, Return
from storefront.orders.return_states import OPEN_RETURNS
from storefront.orders.states import OrderState, check_move
from storefront.orders.steps import BEING_SENT, lock_order, move_order, unsent_quantities
from storefront.shipping.carriers.port import ParcelStatus, Sighting
from storefront.shipping.tracking import add_sighting, read_parcel, register_parcel

COMPLETED_AFTER_DELIVERY = timedelta(days=30)
COMPLETED_WITHOUT_NEWS = timedelta(days=45)  # after the last parcel left, when no carrier tells of it
logger = logging.getLogger(__name__)


@transactional
def fulfill_order(*, order_id: uuid.UUID, carrier: str, tracking_number: str, actor: str, tracking_url: str = "",
                  quantities: Mapping[uuid.UUID, int] | None = None, fulfillment_id: uuid.UUID | None = None,
                  ) -> uuid.UUID:
    """Record what leaves (order line id → quantity; all that is left when None); returns the fulfillment's id.

    A tracking number makes a parcel that can be followed. The order is fulfilled when nothing is left to
    send. `fulfillment_id` is the form's hidden key: the same one again changes nothing. Raises ShopError for
    more than is left, IllegalMove when the order is not placed.
    """
    order = lock_order(order_id)
    known = db.session.get(Fulfillment, fulfillment_id, populate_existing=True) if fulfillment_id else None
    if known is not None:
        if known.order_id != order_id:
            raise NotFound("We know no such parcel.")
        return known.id
    if order.state not in BEING_SENT:
        check_move(order.state, OrderState.FULFILLED)
    left = unsent_quantities(order)
    leaving = left if quantities is None else {key: count for key, count in quantities.items() if count}
    if not leaving:
        raise ShopError("Say how many of what leaves: everything stands at 0.")
    if any(count < 0 or count > left.get(key, 0) for key, count in leaving.items()):
        raise ShopError("That is more than is left to send of this order.")
    row = Fulfillment(id=fulfillment_id or new_uuid(), order_id=order_id, carrier=carrier,
                      tracking_number=tracking_number)
    if tracking_number:
        row.parcel_id = register_parcel(carrier=carrier, tracking_number=tracking_number, tracking_url=tracking_url)
    row.lines = [FulfillmentLine(order_line_id=key, quantity=count) for key, count in leaving.items()]
    db.session.add(row)
    ship_stock(order_id=order_id, quantities=_units(order, leaving), actor=actor)
    if leaving == left:
        move_order(order, OrderState.FULFILLED, actor=actor, reason="sent")
    elif order.state == OrderState.PLACED:
        move_order(order, OrderState.PARTLY_FULFILLED, actor=actor, reason="partly sent")
    db.session.flush()
    record(OrderFulfilled(order_id=order_id, fulfillment_id=row.id))
    return row.id


@transactional
def note_delivered(*, fulfillment_id: uuid.UUID, actor: str, at: datetime | None = None) -> bool:
    """Note that a fulfillment has arrived; False when that was known. The order is delivered with the last one."""
    row = db.session.get(Fulfillment, fulfillment_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such parcel.")
    order = lock_order(row.order_id)
    changed = execute_counted(
        update(Fulfillment).where(Fulfillment.id == fulfillment_id, Fulfillment.delivered_at.is_(None))
        .values(delivered_at=at or now()))
    for fulfillment in order.fulfillments:
        db.session.refresh(fulfillment)
    settle_deliveries(order, actor=actor)
    return bool(changed)


@transactional
def note_parcel(*, parcel_id: uuid.UUID, actor: str = "carrier") -> int:
    """Carry what was said of a parcel over to the fulfillments in it; returns how many have arrived by it now."""
    parcel = read_parcel(parcel_id)
    if parcel.delivered_at is None:
        return 0
    ids = db.session.scalars(select(Fulfillment.id).where(Fulfillment.parcel_id == parcel_id)
                             .order_by(Fulfillment.id)).all()
    return sum(note_delivered(fulfillment_id=row_id, actor=actor, at=parcel.delivered_at) for row_id in ids)


@transactional
def tell_sighting(*, fulfillment_id: uuid.UUID, sighting: Sighting, actor: str) -> bool:
    """Add what staff know of a parcel to its timeline; False when the same was said before.

    Raises ShopError when the fulfillment has no tracking number, unless it is to say that it has arrived.
    """
    row = db.session.get(Fulfillment, fulfillment_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such parcel.")
    if row.parcel_id is None:
        if sighting.status is not ParcelStatus.DELIVERED:
            raise ShopError("This parcel has no tracking number, so all that can be said of it is that it arrived.")
        return note_delivered(fulfillment_id=fulfillment_id, actor=actor, at=sighting.occurred_at)
    added = add_sighting(parcel_id=row.parcel_id, sighting=sighting, actor=actor)
    note_parcel(parcel_id=row.parcel_id, actor=actor)
    return added


def list_in_parcel(parcel_id: uuid.UUID) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the (order id, fulfillment id) of what is in the parcel."""
    rows = db.session.execute(select(Fulfillment.order_id, Fulfillment.id).where(Fulfillment.parcel_id == parcel_id)
                              .order_by(Fulfillment.created_at, Fulfillment.id))
    return [(row.order_id, row.id) for row in rows]


def settle_deliveries(order: Order, *, actor: str) -> None:
    """Move a locked, fulfilled order to delivered when every fulfillment of it has arrived."""
    arrived = [row.delivered_at for row in order.fulfillments]
    if order.state != OrderState.FULFILLED or None in arrived:
        return
    order.delivered_at = max(at for at in arrived if at is not None)
    move_order(order, OrderState.DELIVERED, actor=actor, reason="all of it has arrived")


def complete_orders() -> int:
    """End the life of orders that arrived long ago and of which nothing comes back; returns how many."""
    return sum(_complete(order_id=order_id) for order_id in _list_ripe())


@transactional
def _complete(*, order_id: uuid.UUID) -> bool:
    order = lock_order(order_id)
    if order_id not in _list_ripe(order_id):
        return False
    why = "delivered 30 days ago" if order.state == OrderState.DELIVERED else "sent 45 days ago"
    move_order(order, OrderState.COMPLETED, actor="system", reason=why)
    return True


def _list_ripe(order_id: uuid.UUID | None = None, limit: int = 200) -> list[uuid.UUID]:
    last_left = (select(func.max(Fulfillment.created_at)).where(Fulfillment.order_id == Order.id)
                 .scalar_subquery())
    comes_back = (select(Return.id).where(Return.order_id == Order.id, Return.state.in_(OPEN_RETURNS)).exists())
    is_ripe = (
        (Order.state == OrderState.DELIVERED) & (Order.delivered_at < now() - COMPLETED_AFTER_DELIVERY)
        | (Order.state == OrderState.FULFILLED) & (last_left < now() - COMPLETED_WITHOUT_NEWS))
    found = select(Order.id).where(is_ripe, ~comes_back).order_by(Order.created_at, Order.id).limit(limit)
    return list(db.session.scalars(found.where(Order.id == order_id) if order_id else found))


def _units(order: Order, quantities: Mapping[uuid.UUID, int]) -> dict[int, int]:
    """Return the quantities by variant: two lines may hold the same one."""
    units: dict[int, int] = {}
    for line in order.lines:
        if quantities.get(line.id):
            units[line.variant_id] = units.get(line.variant_id, 0) + quantities[line.id]
    return units
