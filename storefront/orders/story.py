"""All that became of an order, for its owner and for staff: money, parcels, returns, and one timeline of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts
from storefront.orders.models import Fulfillment, Order, OrderRefund, OrderTransition, Return
from storefront.orders.queries import TIMELINE
from storefront.orders.return_states import ReturnState
from storefront.orders.returns import returnable_quantities
from storefront.orders.states import OrderState
from storefront.payments.models import PaymentState, RefundState
from storefront.payments.queries import list_payments
from storefront.payments.refunds import list_refunds
from storefront.shipping.carriers.port import ParcelStatus
from storefront.shipping.tracking import ParcelInfo, SightingInfo, read_parcels

RETURN_STATUS = {
    ReturnState.REQUESTED: "Asked for",
    ReturnState.APPROVED: "Agreed, may be sent",
    ReturnState.REJECTED: "Not accepted",
    ReturnState.RECEIVED: "Arrived at our house",
    ReturnState.REFUNDED: "Refunded",
    ReturnState.CANCELED: "Called off",
}
ORDER_ICONS = {
    OrderState.PENDING: "note", OrderState.PLACED: "check", OrderState.PARTLY_FULFILLED: "parcel",
    OrderState.FULFILLED: "parcel", OrderState.DELIVERED: "home", OrderState.COMPLETED: "check",
    OrderState.CANCELED: "close", OrderState.EXPIRED: "close",
}
PARCEL_ICONS = {
    ParcelStatus.ANNOUNCED: "note", ParcelStatus.IN_TRANSIT: "truck", ParcelStatus.OUT_FOR_DELIVERY: "truck",
    ParcelStatus.READY_FOR_PICKUP: "parcel", ParcelStatus.PROBLEM: "alert", ParcelStatus.RETURNED: "back",
    ParcelStatus.DELIVERED: "home",
}
CALLED_OFF = "called off by the customer"  # says nothing new to the customer


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `icon` names a drawing of components/icon.html; `kind` marks trouble."""

    at: datetime
    text: str
    detail: str = ""
    icon: str = "check"
    kind: str = "order"  # order, parcel, money, return, problem


@dataclass(frozen=True, slots=True)
class ParcelView:
    """Lines that left together. `events` is empty when nobody tells of it."""

    fulfillment_id: uuid.UUID
    title: str
    carrier: str
    tracking_number: str
    tracking_url: str
    status: str  # what the carrier says last, "" when nobody tells of it
    status_text: str
    sent_at: datetime
    delivered_at: datetime | None
    lines: Sequence[tuple[str, int]]  # name, quantity
    events: Sequence[SightingInfo]


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money on its way back, with what it is for in words."""

    id: uuid.UUID
    at: datetime
    amount: Money
    shipping: Money
    what: str
    reason: str
    actor: str
    status_text: str


@dataclass(frozen=True, slots=True)
class ReturnView:
    """Goods on their way back; `lines` are (order line id, name, quantity, restocked)."""

    id: uuid.UUID
    number: str
    state: ReturnState
    status_text: str
    is_withdrawal: bool
    reason: str
    answer: str  # what staff said with the last step
    at: datetime
    lines: Sequence[tuple[uuid.UUID, str, int, int]]
    can_cancel: bool
    history: Sequence[tuple[datetime, str, str, str]]  # when, what, reason, actor


@dataclass(frozen=True, slots=True)
class OrderStory:
    """What became of an order; times in UTC, oldest first."""

    payments: Sequence[tuple[str, Money]]  # way to pay, what it paid
    refunds: Sequence[RefundView]
    parcels: Sequence[ParcelView]
    returns: Sequence[ReturnView]
    returnable: Mapping[uuid.UUID, int]
    timeline: Sequence[Moment]

    @property
    def can_return(self) -> bool:
        return bool(self.returnable)


def read_story(order_id: uuid.UUID) -> OrderStory:
    """Return all that became of the order; raises NotFound."""
    order = db.session.scalar(
        select(Order).where(Order.id == order_id).options(
            selectinload(Order.lines), selectinload(Order.history),
            selectinload(Order.fulfillments).selectinload(Fulfillment.lines))
        .execution_options(populate_existing=True))
    if order is None:
        raise NotFound("We know no such order.")
    names = {line.id: " · ".join(filter(None, (line.name, line.variant_title))) for line in order.lines}
    parcels, refunds, returns = _parcels(order, names), _refunds(order, names), _returns(order, names)
    moments = [
        *(_step(step) for step in order.history),
        *(moment for parcel in parcels for moment in _sightings(parcel, len(parcels) > 1)),
        *(Moment(refund.at, f"{format_money(refund.amount, facts().locale)} goes back", refund.what, "coin", "money")
          for refund in refunds),
        *(Moment(at, f"Return {row.number}: {text[0].lower() + text[1:]}", "" if reason == CALLED_OFF else reason,
                 "back", "return")
          for row in returns for at, text, reason, _ in row.history),
    ]
    return OrderStory(_payments(order), refunds, parcels, returns, returnable_quantities(order),
                      sorted(moments, key=lambda moment: moment.at))


def _step(step: OrderTransition) -> Moment:
    state = OrderState(step.to_state)
    text = TIMELINE[state]
    if state == OrderState.PLACED and step.reason.startswith("to be paid"):
        text = "Order placed"
    if state == OrderState.FULFILLED and step.reason != "sent":
        text = "The rest was called off"
    return Moment(step.at, text, icon=ORDER_ICONS[state])


def _sightings(parcel: ParcelView, is_named: bool) -> list[Moment]:
    where = parcel.title if is_named else ""
    return [Moment(event.occurred_at, event.label,
                   ": ".join(filter(None, (where, ", ".join(filter(None, (event.text, event.place)))))),
                   PARCEL_ICONS[event.status],
                   "problem" if event.status in (ParcelStatus.PROBLEM, ParcelStatus.RETURNED) else "parcel")
            for event in parcel.events]


def _payments(order: Order) -> list[tuple[str, Money]]:
    return [(payment.gateway_name, payment.captured) for payment in list_payments(order.id)
            if payment.state is PaymentState.CAPTURED and payment.captured]


def _parcels(order: Order, names: Mapping[uuid.UUID, str]) -> list[ParcelView]:
    known = read_parcels([row.parcel_id for row in order.fulfillments if row.parcel_id])
    rows = sorted(order.fulfillments, key=lambda row: (row.created_at, row.id))
    return [_parcel(row, known.get(row.parcel_id) if row.parcel_id else None, f"Parcel {at}", names)
            for at, row in enumerate(rows, start=1)]


def _parcel(row: Fulfillment, info: ParcelInfo | None, title: str, names: Mapping[uuid.UUID, str]) -> ParcelView:
    status = info.status_text if info else ""
    return ParcelView(
        row.id, title, row.carrier, row.tracking_number, info.tracking_url if info else "",
        info.status.value if info and info.status else "",
        "Delivered" if row.delivered_at else status or "On its way", row.created_at, row.delivered_at,
        sorted((names[line.order_line_id], line.quantity) for line in row.lines), info.events if info else ())


def _refunds(order: Order, names: Mapping[uuid.UUID, str]) -> list[RefundView]:
    states: dict[uuid.UUID | None, set[RefundState]] = {}
    for sent in list_refunds(order.id):
        states.setdefault(sent.order_refund_id, set()).add(sent.state)
    rows = db.session.scalars(
        select(OrderRefund).where(OrderRefund.order_id == order.id).options(selectinload(OrderRefund.lines))
        .order_by(OrderRefund.created_at, OrderRefund.id).execution_options(populate_existing=True))
    return [RefundView(row.id, row.created_at, Money(row.amount, row.currency),
                       Money(row.shipping_amount, row.currency), _what(row, names), row.reason, row.actor,
                       _refund_status(states.get(row.id, set()))) for row in rows]


def _what(row: OrderRefund, names: Mapping[uuid.UUID, str]) -> str:
    parts = [f"{line.quantity} × {names[line.order_line_id]}"
             for line in sorted(row.lines, key=lambda line: names[line.order_line_id])]
    if row.shipping_amount:
        parts.append("delivery")
    if row.amount > row.shipping_amount + sum(line.amount for line in row.lines):
        parts.append("goodwill" if row.actor != "provider" else "sent back by the payment provider")
    return ", ".join(parts)


def _refund_status(states: set[RefundState]) -> str:
    if RefundState.FAILED in states and RefundState.REQUESTED not in states:
        return "We are sending it by hand"  # the provider cannot, or there is none
    return "On its way" if RefundState.REQUESTED in states else "Sent"


def _returns(order: Order, names: Mapping[uuid.UUID, str]) -> list[ReturnView]:
    rows = db.session.scalars(
        select(Return).where(Return.order_id == order.id)
        .options(selectinload(Return.lines), selectinload(Return.history))
        .order_by(Return.created_at, Return.id).execution_options(populate_existing=True))
    return [show_return(row, names) for row in rows]


def show_return(row: Return, names: Mapping[uuid.UUID, str]) -> ReturnView:
    """Return the row as people read it; `names` are those of the order's lines."""
    last = row.history[-1]
    return ReturnView(
        row.id, row.number, row.state, RETURN_STATUS[row.state], row.is_withdrawal, row.reason,
        last.reason if last.actor.startswith("staff") else "", row.created_at,
        sorted(((line.order_line_id, names[line.order_line_id], line.quantity, line.restocked_quantity)
                for line in row.lines), key=lambda line: (line[1], line[0])),
        row.state in (ReturnState.REQUESTED, ReturnState.APPROVED),
        [(step.at, RETURN_STATUS[ReturnState(step.to_state)], step.reason, step.actor) for step in row.history])
