"""Reads of orders, for their owners and for staff."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import selectinload

from storefront.accounts.addresses import format_lines
from storefront.catalog.media import Picture
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.ids import spell_number
from storefront.foundation.money import Money
from storefront.orders.discounts import goods_discount_rows, shipping_discount_rows
from storefront.orders.models import Order, OrderLine
from storefront.orders.payment_status import PAYMENT_STATUS, PaymentStatus, payment_status
from storefront.orders.periods import last_day_to_withdraw, may_withdraw
from storefront.orders.states import MOVES, OrderState

STATUS = {
    OrderState.PENDING: "Waiting for payment",
    OrderState.PLACED: "Placed, being packed",
    OrderState.PARTLY_FULFILLED: "Partly on its way",
    OrderState.FULFILLED: "On its way",
    OrderState.DELIVERED: "Delivered",
    OrderState.COMPLETED: "Completed",
    OrderState.CANCELED: "Canceled",
    OrderState.EXPIRED: "Expired before it was paid",
}
# There is a contract to withdraw from: placed, and not called off.
BINDING = (OrderState.PLACED, OrderState.PARTLY_FULFILLED, OrderState.FULFILLED, OrderState.DELIVERED)
TIMELINE = {
    OrderState.PENDING: "Order received",
    OrderState.PLACED: "Payment received, order placed",
    OrderState.PARTLY_FULFILLED: "A part handed to the carrier",
    OrderState.FULFILLED: "Handed to the carrier",
    OrderState.DELIVERED: "Delivered",
    OrderState.COMPLETED: "Completed",
    OrderState.CANCELED: "Canceled",
    OrderState.EXPIRED: "Expired before it was paid",
}


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row of an order's sums, as shown."""

    label: str
    amount: Money | None
    note: str = ""
    is_grand: bool = False


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """A line as bought."""

    id: uuid.UUID
    name: str
    variant_title: str
    sku: str
    quantity: int
    unit_price: Money
    total: Money
    picture: Picture | None
    url: str  # of the product as it was; a renamed one redirects
    canceled_quantity: int = 0
    refunded_quantity: int = 0
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A moment of an order's life."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its owner reads it; times in UTC."""

    id: uuid.UUID
    number: str
    key: str
    url: str
    customer_id: uuid.UUID | None
    status: OrderState
    status_text: str
    created_at: datetime
    placed_at: datetime | None
    email: str
    phone: str
    lines: list[OrderLineView]
    totals: list[TotalRow]
    total: Money
    paid: Money
    refunded: Money  # promised back, whether or not it has arrived
    shipping_lines: list[str]
    billing_lines: list[str]
    delivery_name: str
    delivery_detail: str
    payment_text: str
    timeline: list[TimelineEntry]
    tracking: list[str]
    can_cancel: bool
    payment_status: PaymentStatus = PaymentStatus.UNPAID
    payment_status_text: str = ""
    delivered_at: datetime | None = None
    can_withdraw: bool = False
    withdraw_until: date | None = None  # the last day, once all of it has arrived


BRIEF = (Order.id, Order.number, Order.key, Order.cart_id, Order.state, Order.placed_at, Order.email,
         Order.shipping_address, Order.total_amount, Order.paid_amount, Order.currency, Order.gift_card_plan)


@dataclass(frozen=True, slots=True)
class OrderBrief:
    """An order as the money that comes for it needs to know it."""

    id: uuid.UUID
    number: str
    url: str
    cart_id: uuid.UUID
    status: OrderState
    placed_at: datetime | None
    email: str
    shipping_address: dict[str, str]
    total: Money
    paid: Money
    gift_card_plan: list[tuple[uuid.UUID, int]]


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list."""

    number: str
    url: str
    placed_at: datetime
    status_text: str
    total: Money
    count: int


def read_order_view(order_id: uuid.UUID) -> OrderView:
    """Return the order with everything its owner may see; raises NotFound."""
    return _view(_find(Order.id == order_id))


def read_order_by_number(number: str, *, key: str = "", customer_id: uuid.UUID | None = None) -> OrderView:
    """Return the order to whoever holds its key or is its customer; NotFound for everyone else."""
    view = _view(_find(Order.number == spell_number(number[:40])))
    is_customer = customer_id is not None and view.customer_id == customer_id
    if not is_customer and not (key.isascii() and hmac.compare_digest(key, view.key)):
        raise NotFound("We cannot find this order. Please use the link from your confirmation mail.")
    return view


def read_order_id(number: str) -> uuid.UUID:
    """Return the id of the order with the number; raises NotFound."""
    found = db.session.scalar(select(Order.id).where(Order.number == spell_number(number[:40])))
    if found is None:
        raise NotFound(f"There is no order {number[:40]}.")
    return found


def list_orders(*, customer_id: uuid.UUID, limit: int = 100) -> list[OrderRow]:
    """Return a customer's orders, newest first: those that came to be, and those that wait for a bank transfer."""
    count = select(func.sum(OrderLine.quantity)).where(OrderLine.order_id == Order.id).scalar_subquery()
    rows = db.session.execute(
        select(Order, count).where(Order.customer_id == customer_id, Order.state != OrderState.EXPIRED,
                                   or_(Order.state != OrderState.PENDING, Order.payment_method == "transfer"))
        .order_by(Order.created_at.desc(), Order.id).limit(limit)).all()
    return [OrderRow(o.number, f"/orders/{o.number}", o.placed_at or o.created_at, STATUS[o.state],
                     Money(o.total_amount, o.currency), int(n or 0)) for o, n in rows]


def list_unpaid(moment: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Return the ids of pending orders whose reservation ended before the moment, oldest first."""
    return list(db.session.scalars(
        select(Order.id).where(Order.state == OrderState.PENDING, Order.expires_at < moment)
        .order_by(Order.expires_at).limit(limit)))


def read_order_brief(order_id: uuid.UUID) -> OrderBrief:
    """Return what settling needs of the order, in one statement; raises NotFound."""
    brief = _brief(Order.id == order_id)
    if brief is None:
        raise NotFound("We know no such order.")
    return brief


def find_brief_by_checkout(checkout_id: uuid.UUID) -> OrderBrief | None:
    """Return what settling needs of the checkout's order, if it has one."""
    return _brief(Order.checkout_id == checkout_id)


def read_bought(order_id: uuid.UUID) -> tuple[uuid.UUID, dict[int, int]]:
    """Return the cart an order came from and its quantities by variant."""
    rows = db.session.execute(
        select(Order.cart_id, OrderLine.variant_id, OrderLine.quantity)
        .outerjoin(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.id == order_id).order_by(OrderLine.position)).all()
    if not rows:
        raise NotFound("We know no such order.")
    return rows[0].cart_id, {row.variant_id: row.quantity for row in rows if row.variant_id is not None}


def _brief(condition: ColumnElement[bool]) -> OrderBrief | None:
    row = db.session.execute(select(*BRIEF).where(condition)).one_or_none()  # values cost half of what an object does
    return None if row is None else OrderBrief(
        row.id, row.number, f"/orders/{row.number}?key={row.key}", row.cart_id, row.state, row.placed_at, row.email,
        row.shipping_address, Money(row.total_amount, row.currency), Money(row.paid_amount, row.currency),
        [(uuid.UUID(card_id), amount) for card_id, amount in row.gift_card_plan])


def _loaded() -> Select[Order]:
    return select(Order).options(selectinload(Order.lines), selectinload(Order.history),
                                 selectinload(Order.fulfillments)).execution_options(populate_existing=True)


def _find(condition: ColumnElement[bool]) -> Order:
    order = db.session.scalar(_loaded().where(condition))
    if order is None:
        raise NotFound("We cannot find this order. Please use the link from your confirmation mail.")
    return order


def _view(order: Order) -> OrderView:
    status = payment_status(total=order.total_amount, paid=order.paid_amount, refunded=order.refunded_amount)
    return OrderView(
        id=order.id, number=order.number, key=order.key, url=f"/orders/{order.number}?key={order.key}",
        customer_id=order.customer_id, status=order.state, status_text=STATUS[order.state],
        created_at=order.created_at, placed_at=order.placed_at, email=order.email, phone=order.phone,
        lines=[_line(line, order.currency) for line in order.lines], totals=_totals(order),
        total=Money(order.total_amount, order.currency), paid=Money(order.paid_amount, order.currency),
        refunded=Money(order.refunded_amount, order.currency),
        shipping_lines=format_lines(order.shipping_address),
        billing_lines=format_lines(order.billing_address or order.shipping_address),
        delivery_name=order.shipping_name, delivery_detail=order.shipping_detail,
        payment_text=_payment_text(order),
        timeline=[TimelineEntry(step.at, TIMELINE[OrderState(step.to_state)]) for step in order.history],
        tracking=[" ".join(filter(None, (f.carrier, f.tracking_number))) for f in order.fulfillments
                  if f.tracking_number],
        can_cancel=OrderState.CANCELED in MOVES[order.state] and not order.fulfillments,
        payment_status=status, payment_status_text=PAYMENT_STATUS[status], delivered_at=order.delivered_at,
        can_withdraw=order.state in BINDING and may_withdraw(order.delivered_at, now()),
        withdraw_until=last_day_to_withdraw(order.delivered_at) if order.delivered_at else None)


def _payment_text(order: Order) -> str:
    if order.state == OrderState.CANCELED:
        return "Goes back the way it came" if order.refunded_amount else "Nothing was paid"
    if order.placed_at is not None and order.paid_amount < order.total_amount:
        return "To be paid on delivery"
    return "Paid" if order.placed_at is not None else "Not paid"


def _line(line: OrderLine, currency: str) -> OrderLineView:
    return OrderLineView(line.id, line.name, line.variant_title, line.sku, line.quantity,
                         Money(line.unit_amount, currency),
                         Money(line.quantity * line.unit_amount, currency),  # the rows below it tell the discounts
                         Picture(**line.picture) if line.picture else None, line.url, line.canceled_quantity,
                         line.refunded_quantity, Money(line.refunded_amount, currency))


def _totals(order: Order) -> list[TotalRow]:
    def money(amount: int) -> Money:
        return Money(amount, order.currency)

    tax_name = order.tax_name or "tax"
    delivery = money(order.shipping_amount + order.shipping_discount_amount)
    rows = [TotalRow("Goods", money(order.subtotal_amount)), *(TotalRow(*row) for row in goods_discount_rows(order)),
            TotalRow("Delivery", delivery, order.shipping_name),
            *(TotalRow(*row) for row in shipping_discount_rows(order))]
    if order.tax_amount and not order.is_tax_inclusive:
        rows.append(TotalRow(tax_name, money(order.tax_amount)))
    rows.append(TotalRow("Total", money(order.total_amount), is_grand=True))
    if order.tax_amount and order.is_tax_inclusive:
        rows.append(TotalRow(f"of which {tax_name}", money(order.tax_amount)))
    return rows


def has_ordered(key: str) -> bool:
    """Tell whether this customer (promotions.spelling.customer_key) has placed an order that was not canceled."""
    return bool(key) and db.session.scalar(
        select(Order.id).where(Order.customer_key == key, Order.placed_at.is_not(None),
                               Order.state != OrderState.CANCELED).limit(1)) is not None
