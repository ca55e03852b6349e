"""The consumer's withdrawal from the contract: the statement is kept word for word first, a job then acts on it.

Directive 2011/83/EU, Art. 11a (from Directive (EU) 2023/2673): a statement made on line is acknowledged on a durable
medium with its content, date and time. Nobody learns from the answer whether an order of the number exists.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import spell_number
from storefront.foundation.outbox import record
from storefront.orders.cancellations import cancel_lines, cancel_order
from storefront.orders.events import WithdrawalStated
from storefront.orders.models import Order, Withdrawal
from storefront.orders.periods import may_withdraw
from storefront.orders.returns import RETURNABLE, request_return, returnable_quantities
from storefront.orders.states import OrderState
from storefront.orders.steps import BEING_SENT, lock_order, unsent_quantities

WHOLE = "The whole order."  # the scope of a statement that names nothing else
REASON, ACTOR = "withdrawal from the contract", "customer"


@dataclass(frozen=True, slots=True)
class WithdrawalInfo:
    """A statement as it was made, and what became of it; `stated_at` in UTC."""

    id: uuid.UUID
    order_id: uuid.UUID | None
    order_number: str
    name: str
    email: str
    scope: str
    stated_at: datetime
    outcome: str
    is_open: bool


@transactional
def state_withdrawal(*, withdrawal_id: uuid.UUID, order_id: uuid.UUID | None, order_number: str, name: str, email: str,
                     scope: str, quantities: Mapping[uuid.UUID, int] | None = None) -> bool:
    """Keep a statement, owed a receipt; False when the same one was kept before.

    `withdrawal_id` is the form's hidden key. `order_id` is the order that the statement is about, when it is
    proven (find_for_statement, or the order's own key); `quantities` (order line id → quantity) is all of it
    when None. Nothing here can refuse what the law lets the consumer say: a job acts on it afterwards.
    """
    if db.session.get(Withdrawal, withdrawal_id, populate_existing=True) is not None:
        return False
    chosen = None if quantities is None else {str(line_id): count for line_id, count in quantities.items()}
    db.session.add(Withdrawal(id=withdrawal_id, order_id=order_id, order_number=order_number[:40], name=name[:200],
                              email=email[:254], scope=scope, quantities=chosen))
    db.session.flush()
    record(WithdrawalStated(withdrawal_id=withdrawal_id))
    return True


@transactional
def act_on_withdrawal(*, withdrawal_id: uuid.UUID) -> str:
    """Call off and refund what has not left, take back what has; returns what was done, in words for staff.

    A second call changes nothing. What fits no order, or comes after the period, waits for staff.
    """
    row = db.session.get(Withdrawal, withdrawal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("We know no such statement.")
    if row.handled_at is not None:
        return row.outcome
    row.handled_at = now()
    row.is_open, row.outcome = (True, "No order has this number and e-mail address")
    if row.order_id is not None:
        row.is_open, row.outcome = _act(row)
    return row.outcome


@transactional
def close_withdrawal(*, withdrawal_id: uuid.UUID, actor: str) -> None:
    """Note that staff have dealt with a statement that waited for them. Raises ShopError when it did not."""
    changed = execute_counted(update(Withdrawal).where(Withdrawal.id == withdrawal_id, Withdrawal.is_open)
                              .values(is_open=False, closed_by=actor))
    if not changed:
        raise ShopError("This statement does not wait for anybody.")


def find_for_statement(*, order_number: str, email: str) -> uuid.UUID | None:
    """Return the id of the order with the number that was ordered with the address; None for any other pair."""
    order = db.session.execute(select(Order.id, Order.email).where(Order.number == spell_number(order_number))).first()
    return order.id if order is not None and order.email.casefold() == email.strip().casefold() else None


def read_withdrawal(withdrawal_id: uuid.UUID) -> WithdrawalInfo:
    """Return the statement; raises NotFound."""
    row = db.session.get(Withdrawal, withdrawal_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such statement.")
    return _info(row)


def list_withdrawals(*, order_id: uuid.UUID | None = None, is_open: bool | None = None, limit: int = 200,
                     ) -> list[WithdrawalInfo]:
    """Return the statements, newest first: an order's, those that wait for staff, or all."""
    found = select(Withdrawal).order_by(Withdrawal.stated_at.desc(), Withdrawal.id).limit(limit)
    if order_id is not None:
        found = found.where(Withdrawal.order_id == order_id)
    if is_open is not None:
        found = found.where(Withdrawal.is_open.is_(is_open))
    return [_info(row) for row in db.session.scalars(found)]


def _act(row: Withdrawal) -> tuple[bool, str]:
    """Do what the law asks for; returns whether staff must look, and what was done."""
    assert row.order_id is not None
    order = lock_order(row.order_id)
    if not may_withdraw(order.delivered_at, row.stated_at):
        return True, "Stated after the period"
    if row.quantities is None and row.scope != WHOLE:
        return True, "Names a part of the order in words"
    if order.state == OrderState.PENDING:
        cancel_order(order_id=order.id, reason=REASON, actor=ACTOR)
        return False, "Order canceled before it was paid"
    wanted = {line.id: line.quantity for line in order.lines} if row.quantities is None else {
        uuid.UUID(line_id): count for line_id, count in row.quantities.items()}
    done = [*_call_off(order, wanted), *_take_back(order, wanted, row.id)]
    return (False, "; ".join(done)) if done else (True, "Nothing of the order was left to withdraw from")


def _call_off(order: Order, wanted: dict[uuid.UUID, int]) -> list[str]:
    """Call off what of the wanted units has not left, and take it off what is wanted."""
    unsent = unsent_quantities(order) if order.state in BEING_SENT else {}
    units = {line_id: min(count, wanted.get(line_id, 0)) for line_id, count in unsent.items()}
    if not any(units.values()):
        return []
    cancel_lines(order_id=order.id, quantities=units, reason=REASON, actor=ACTOR)
    for line_id, count in units.items():
        wanted[line_id] = wanted.get(line_id, 0) - count
    return [f"{sum(units.values())} not sent yet, called off and refunded"]


def _take_back(order: Order, wanted: Mapping[uuid.UUID, int], return_id: uuid.UUID) -> list[str]:
    """Open an approved return for what of the wanted units was sent."""
    order = lock_order(order.id)
    sent = returnable_quantities(order) if order.state in RETURNABLE else {}
    units = {line_id: min(count, max(0, wanted.get(line_id, 0))) for line_id, count in sent.items()}
    if not any(units.values()):
        return []
    number = request_return(return_id=return_id, order_id=order.id, quantities=units, reason=REASON, actor=ACTOR,
                            is_withdrawal=True)
    return [f"return {number} of {sum(units.values())}"]


def _info(row: Withdrawal) -> WithdrawalInfo:
    return WithdrawalInfo(row.id, row.order_id, row.order_number, row.name, row.email, row.scope, row.stated_at,
                          row.outcome, row.is_open)
