"""The consumer's withdrawal from the contract: the statement is kept word for word, then acted on.

Directive 2011/83/EU, Art. 11a (from Directive (EU) 2023/2673): a statement made on line is acknowledged on a durable
medium with its content, date and time. Nobody learns from the answer whether an order of the number exists.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import NotFound
from storefront.foundation.ids import spell_number
from storefront.foundation.outbox import record
from storefront.orders.cancellations import cancel_lines, cancel_order
from storefront.orders.events import WithdrawalStated
from storefront.orders.models import Order, Withdrawal
from storefront.orders.periods import may_withdraw
from storefront.orders.returns import RETURNABLE, request_return, returnable_quantities
from storefront.orders.states import OrderState
from storefront.orders.steps import BEING_SENT, lock_order, unsent_quantities

REASON = "withdrawal from the contract"


@dataclass(frozen=True, slots=True)
class WithdrawalInfo:
    """A statement as it was made; `stated_at` in UTC."""

    id: uuid.UUID
    order_id: uuid.UUID | None
    order_number: str
    name: str
    email: str
    scope: str
    stated_at: datetime


@transactional
def state_withdrawal(*, withdrawal_id: uuid.UUID, order_id: uuid.UUID | None, order_number: str, name: str, email: str,
                     scope: str, quantities: Mapping[uuid.UUID, int] | None = None) -> bool:
    """Keep a statement and act on it; False when the same one was kept before.

    `withdrawal_id` is the form's hidden key. `order_id` is the order that the statement is about, when it is
    proven (find_for_statement, or the order's own key); `quantities` (order line id → quantity) is all of it
    when None. What has not left is called off and refunded; what was sent becomes an approved return.
    """
    if db.session.get(Withdrawal, withdrawal_id, populate_existing=True) is not None:
        return False
    db.session.add(Withdrawal(id=withdrawal_id, order_id=order_id, order_number=order_number[:40], name=name[:200],
                              email=email[:254], scope=scope))
    db.session.flush()
    record(WithdrawalStated(withdrawal_id=withdrawal_id))
    if order_id is not None:
        _act(order_id, withdrawal_id, quantities)
    return True


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


def list_withdrawals(order_id: uuid.UUID | None = None, limit: int = 200) -> list[WithdrawalInfo]:
    """Return the statements, newest first: an order's, or all."""
    found = select(Withdrawal).order_by(Withdrawal.stated_at.desc(), Withdrawal.id).limit(limit)
    return [_info(row) for row in db.session.scalars(
        found.where(Withdrawal.order_id == order_id) if order_id else found)]


def _act(order_id: uuid.UUID, withdrawal_id: uuid.UUID, quantities: Mapping[uuid.UUID, int] | None) -> None:
    """Do what the law asks for; a statement after the period, or about a closed order, is left to staff."""
    order = lock_order(order_id)
    if not may_withdraw(order.delivered_at, now()):
        return
    if order.state == OrderState.PENDING:
        cancel_order(order_id=order_id, reason=REASON, actor="customer")
        return
    wanted = quantities if quantities is not None else {line.id: line.quantity for line in order.lines}
    unsent = unsent_quantities(order) if order.state in BEING_SENT else {}
    called_off = {line_id: min(count, wanted.get(line_id, 0)) for line_id, count in unsent.items()}
    rest = {line_id: count - called_off.get(line_id, 0) for line_id, count in wanted.items()}
    if any(called_off.values()):
        cancel_lines(order_id=order_id, quantities=called_off, reason=REASON, actor="customer")
        order = lock_order(order_id)
    sent = returnable_quantities(order) if order.state in RETURNABLE else {}
    coming = {line_id: min(count, rest.get(line_id, 0)) for line_id, count in sent.items()}
    if any(coming.values()):
        request_return(return_id=withdrawal_id, order_id=order_id, quantities=coming, reason=REASON,
                       actor="customer", is_withdrawal=True)


def _info(row: Withdrawal) -> WithdrawalInfo:
    return WithdrawalInfo(row.id, row.order_id, row.order_number, row.name, row.email, row.scope, row.stated_at)
