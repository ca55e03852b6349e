"""What the shop tells people: one function per message, each sent once however often it is asked for.

The row in the delivery log is claimed before the mail leaves and marked after it left. A process that dies in
between leaves a claim; when its lease has run out, the next try sends with the same Message-ID. So a crash after
the server took the mail and before the mark can send it twice, under one Message-ID, which servers and mail
programs may fold into one: for a confirmation, twice is better than never. Without a crash it is sent once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.accounts.queries import list_staff, read_customer
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, is_in_service, transactional
from storefront.foundation.failpoints import failpoint
from storefront.foundation.shop import facts
from storefront.notifications.errors import DeliveryBusy
from storefront.notifications.letter import render_message, sender, write_letter
from storefront.notifications.models import Delivery
from storefront.notifications.transport import send_mail
from storefront.orders.queries import read_order_view
from storefront.orders.story import read_story
from storefront.payments.instructions import read_transfer
from storefront.payments.queries import read_payment

# Longer than a job may run, shorter than the time after which a lost job is handed over again.
LEASE = timedelta(seconds=50)


def send_order_confirmation(*, order_id: uuid.UUID) -> bool:
    """Tell the shopper what was bought and what happens next; False when that was told before."""
    order = read_order_view(order_id)
    return send_message(message="order_confirmation", reference=order.number, recipient=order.email,
                        context={"order": order})


def send_order_canceled(*, order_id: uuid.UUID) -> bool:
    """Tell the shopper that the order is called off; False when that was told before."""
    order = read_order_view(order_id)
    return send_message(message="order_canceled", reference=order.number, recipient=order.email,
                        context={"order": order})


def send_order_shipped(*, order_id: uuid.UUID, fulfillment_id: uuid.UUID) -> bool:
    """Tell the shopper that a parcel has left; once for each parcel."""
    order = read_order_view(order_id)
    parcel = next(row for row in read_story(order_id).parcels if row.fulfillment_id == fulfillment_id)
    return send_message(message="order_shipped", reference=str(fulfillment_id), recipient=order.email,
                        context={"order": order, "parcel": parcel})


def send_payment_awaited(*, payment_id: uuid.UUID) -> bool:
    """Tell the shopper where to send the money of a bank transfer; False when that was told before, or is paid."""
    payment = read_payment(payment_id)
    order = read_order_view(payment.order_id)
    how = read_transfer(payment, order.number)
    return how is not None and send_message(message="payment_awaited", reference=str(payment_id),
                                            recipient=order.email, context={"order": order, "how": how})


def send_payment_parked(*, payment_id: uuid.UUID) -> int:
    """Tell every member of staff that a payment waits for a decision; returns how many were told now."""
    payment = read_payment(payment_id)
    context = {"payment": payment, "order": read_order_view(payment.order_id)}
    return sum(send_message(message="payment_parked", reference=f"{payment_id}:{staff_id}", recipient=email,
                            context=context) for staff_id, email in list_staff())


def send_payment_returned(*, payment_id: uuid.UUID) -> bool:
    """Tell the shopper that money for an order that could not be kept goes back by itself."""
    payment = read_payment(payment_id)
    order = read_order_view(payment.order_id)
    return send_message(message="payment_returned", reference=str(payment_id), recipient=order.email,
                        context={"payment": payment, "order": order})


def send_welcome(*, customer_id: uuid.UUID) -> bool:
    """Greet a new customer; False when that was done before, or the account is gone."""
    return _tell_customer("welcome", customer_id, reference=str(customer_id))


def send_registration_repeated(*, customer_id: uuid.UUID) -> bool:
    """Tell the owner of an address that somebody tried to register it again; at most once a day.

    The page says the same to everyone, so only the mailbox learns that there is an account.
    """
    return _tell_customer("registration_repeated", customer_id, reference=f"{customer_id}:{now().date()}")


def send_password_changed(*, customer_id: uuid.UUID, session_version: int) -> bool:
    """Tell the customer that the password is another one, in case it was not them; once for each change."""
    return _tell_customer("password_changed", customer_id, reference=f"{customer_id}:{session_version}")


def _tell_customer(message: str, customer_id: uuid.UUID, *, reference: str) -> bool:
    customer = read_customer(customer_id)
    return customer is not None and send_message(message=message, reference=reference, recipient=customer.email,
                                                 context={"customer": customer})


def send_message(*, message: str, reference: str, recipient: str, context: Mapping[str, Any]) -> bool:
    """Send the message about the reference to the recipient, unless that was done.

    `message` is a folder under templates/emails/. Returns whether it was sent now. Raises DeliveryBusy while
    another try is under way and TransportError when the mail could not leave; both mean: later again.
    """
    if is_in_service():
        raise RuntimeError("a message is sent after the commit, never inside a transaction")
    message_id = _claim(message=message, reference=reference, recipient=recipient)
    if message_id is None:
        return False
    try:
        letter = write_letter(render_message(message, context), recipient=recipient, message_id=message_id)
        send_mail(letter, facts().smtp_url)
        failpoint("mail-sent")
    except Exception as error:
        _give_back(message_id=message_id, problem=f"{type(error).__name__}: {error}")
        raise
    _mark_sent(message_id=message_id)
    return True


def _claim(*, message: str, reference: str, recipient: str) -> str | None:
    """Take the delivery for this try and return its Message-ID; None when it has been sent."""
    try:
        return _insert(message=message, reference=reference, recipient=recipient)
    except IntegrityError:
        return _claim_again(message=message, reference=reference)


@transactional
def _insert(*, message: str, reference: str, recipient: str) -> str:
    row = Delivery(message=message, reference=reference, recipient=recipient,
                   message_id=f"<{uuid.uuid4().hex}@{sender().domain}>")
    db.session.add(row)
    db.session.flush()
    return row.message_id


@transactional
def _claim_again(*, message: str, reference: str) -> str | None:
    same = (Delivery.message == message, Delivery.reference == reference)
    is_free = (Delivery.sent_at.is_(None), Delivery.claimed_at < now() - LEASE)
    is_mine = execute_counted(update(Delivery).where(*same, *is_free).values(claimed_at=now()))
    row = db.session.scalars(select(Delivery).where(*same).execution_options(populate_existing=True)).one()
    if row.sent_at is None and not is_mine:
        raise DeliveryBusy(f"{message} about {reference} is being sent by another process.")
    return row.message_id if is_mine else None


@transactional
def _mark_sent(*, message_id: str) -> None:
    execute_counted(update(Delivery).where(Delivery.message_id == message_id)
                    .values(sent_at=now(), problem=""))


@transactional
def _give_back(*, message_id: str, problem: str) -> None:
    """End the lease of a try that failed in good order, so that the next need not wait for it."""
    execute_counted(update(Delivery).where(Delivery.message_id == message_id, Delivery.sent_at.is_(None))
                    .values(claimed_at=now() - 2 * LEASE, problem=problem[:2000]))
