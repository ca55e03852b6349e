"""What a shopper does in these tests, and what the database says of it."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import func, select, update

from storefront.accounts.models import Customer
from storefront.cart.models import Cart
from storefront.foundation.clock import now
from storefront.foundation.database import Model, db, execute_counted, transactional
from storefront.foundation.outbox import OutboxEvent, OutboxJob
from storefront.orders.models import Order
from storefront.payments.models import Payment
from tests.faults.visitor import Answer, Visitor
from tests.journeys.walk import CONTACT, form_of, path_of, put_in_cart

T = TypeVar("T")
LOST = (ConnectionError, http.client.HTTPException, TimeoutError)  # how a browser notices that a server died


def reach_review(visitor: Visitor, slug: str = "bowl", *, method: str = "demo", **changes: str) -> dict[str, str]:
    """Fill the cart and say every step; returns the fields of the button that orders."""
    put_in_cart(visitor, slug, **changes)  # type: ignore[arg-type]
    return say_steps(visitor, method)


def say_steps(visitor: Visitor, method: str = "demo") -> dict[str, str]:
    """Say every step; returns the fields of the button that orders."""
    for step, fields in (("contact", CONTACT), ("delivery", {"quote": "post"}), ("payment", {"method": method})):
        answer = visitor.post(f"/checkout/{step}", data=fields)
        assert answer.status_code == 303, answer.text
    return form_of(visitor.get("/checkout/review").text, "/checkout/order")


def reach_bank(visitor: Visitor, slug: str = "bowl", **changes: str) -> str:
    """Press the button too; returns the path of the provider's page."""
    answer = visitor.post("/checkout/order", data=reach_review(visitor, slug, **changes))
    assert answer.status_code == 303, answer.text
    return path_of(answer.location)


def press(visitor: Visitor, path: str, data: dict[str, str] | None = None) -> Answer | None:
    """Send a form (or open a page, without data); None when the server died over it."""
    try:
        return visitor.post(path, data=data) if data is not None else visitor.get(path)
    except LOST:
        return None


def answer_provider(visitor: Visitor, bank: str, decision: str = "accept") -> str:
    """Answer on the provider's page; returns the path that leads back to the shop."""
    answer = visitor.post(bank, data={"decision": decision})
    assert answer.status_code in (200, 303), answer.text
    return path_of(answer.location)


def count(model: type[Model]) -> int:
    """Return how many rows there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def orders() -> list[Order]:
    """Return every order as the database now has it, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Order).order_by(Order.created_at, Order.id)
                                   .execution_options(populate_existing=True)))


def payments() -> list[Payment]:
    """Return every payment as the database now has it, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Payment).order_by(Payment.created_at, Payment.id)
                                   .execution_options(populate_existing=True)))


def states() -> list[tuple[str, str]]:
    """Return (order state, payment state) of every payment, oldest first."""
    by_id = {order.id: str(order.state) for order in orders()}
    return [(by_id[payment.order_id], str(payment.state)) for payment in payments()]


def is_quiet() -> bool:
    """Tell whether every event is relayed and every job finished or given up."""
    db.session.rollback()
    waiting = select(OutboxEvent.id).where(OutboxEvent.relayed_at.is_(None)).limit(1)
    open_job = select(OutboxJob.id).where(OutboxJob.finished_at.is_(None), OutboxJob.failed_at.is_(None)).limit(1)
    return db.session.scalar(waiting) is None and db.session.scalar(open_job) is None


def at_once(app: Flask, deeds: Sequence[Callable[[], T]], width: int = 8) -> list[T | Exception]:
    """Do the deeds in threads that start together, `width` of them at a time; returns results or errors."""
    width = min(width, len(deeds))
    barrier = Barrier(width)

    def do(item: tuple[int, Callable[[], T]]) -> T | Exception:
        at, deed = item
        with app.app_context():
            try:
                if at < width:
                    barrier.wait(60)
                return deed()
            except Exception as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(do, enumerate(deeds)))


def together(deeds: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Do the deeds in threads that start together, without an application: requests of visitors."""
    barrier = Barrier(len(deeds))

    def do(deed: Callable[[], T]) -> T | Exception:
        barrier.wait(60)
        try:
            return deed()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def only(rows: Sequence[Any]) -> Any:
    """Return the one row that there must be."""
    assert len(rows) == 1, rows
    return rows[0]


def bank_says_yes(payment: Payment) -> None:
    """The shopper accepts on the demo provider's page and never comes back."""
    from storefront.payments.gateways.demo import decide_intent

    assert payment.gateway_reference is not None
    decide_intent(reference=payment.gateway_reference, decision="accept")


def let_minutes_pass() -> None:
    """What was handed over or claimed a while ago is due again: jobs after 60 s, mails after 50 s."""
    from storefront.notifications.services import LEASE
    from tests.storefront.notifications.test_services import age_claims
    from tests.workers.outbox import let_handover_pass

    age_claims(LEASE)
    let_handover_pass()


def cart_of(email: str) -> uuid.UUID:
    """Return the id of the customer's cart."""
    db.session.rollback()
    return db.session.scalars(select(Cart.id).join(Customer, Customer.id == Cart.customer_id)
                              .where(Customer.email == email)).one()


def start_paying(cart_id: uuid.UUID, total: int) -> str:
    """Press the button; returns where the browser goes."""
    from storefront.checkout.services import start_payment

    return start_payment(cart_id=cart_id, confirmed_total=total, actor="guest")


@transactional
def let_polls_be_due() -> None:
    """Let the time pass after which the sweeper asks about open payments."""
    execute_counted(update(Payment).where(Payment.next_poll_at.is_not(None)).values(next_poll_at=now()))
