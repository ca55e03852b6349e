"""Messages: each sent once, whatever happens to the process or the mail server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.notifications.errors import DeliveryBusy, TransportError
from storefront.notifications.models import Delivery
from storefront.notifications.services import (
    LEASE,
    send_message,
    send_password_changed,
    send_registration_repeated,
    send_welcome,
)
from tests.factories.accounts import make_customer
from tests.factories.mail import Postbox


@transactional
def age_claims(by: timedelta) -> None:
    """Let the time pass that a claim lasts."""
    execute_counted(update(Delivery).values(claimed_at=now() - by))


def deliveries() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def test_a_message_is_sent_once_however_often_it_is_asked_for(postbox: Postbox) -> None:
    customer = make_customer()
    assert [send_welcome(customer_id=customer) for _ in range(3)] == [True, False, False]
    assert [letter["To"] for letter in postbox.letters] == ["ada@example.com"]
    [row] = deliveries()
    assert (row.message, row.reference, row.problem) == ("welcome", str(customer), "")
    assert row.sent_at is not None
    assert postbox.letters[0]["Message-ID"] == row.message_id


def test_asked_for_ten_times_at_once_it_is_sent_once(app: Flask, postbox: Postbox) -> None:  # fault 7
    customer = make_customer()
    barrier = Barrier(10)

    def ask(_: int) -> str:
        with app.app_context():
            barrier.wait()
            try:
                return str(send_welcome(customer_id=customer))
            except DeliveryBusy:
                return "busy"

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(ask, range(10)))
    assert len(postbox.letters) == 1
    assert answers.count("True") == 1


def test_a_claim_whose_process_died_is_sent_after_its_lease_under_the_same_message_id(
        postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_customer()

    def die(*args: object) -> None:
        raise SystemExit  # no `except Exception` runs when a process is killed

    with monkeypatch.context() as patch:
        patch.setattr("storefront.notifications.services.send_mail", die)
        with pytest.raises(SystemExit):
            send_welcome(customer_id=customer)
    [row] = deliveries()
    first_id = row.message_id
    with pytest.raises(DeliveryBusy):
        send_welcome(customer_id=customer)
    age_claims(LEASE + timedelta(seconds=1))
    assert send_welcome(customer_id=customer) is True
    assert [letter["Message-ID"] for letter in postbox.letters] == [first_id]


def test_a_refused_mail_keeps_its_reason_and_may_be_tried_at_once(postbox: Postbox) -> None:
    customer = make_customer()
    postbox.refusals = 1
    with pytest.raises(TransportError, match="451"):
        send_welcome(customer_id=customer)
    [row] = deliveries()
    assert (row.sent_at, "451" in row.problem) == (None, True)
    assert send_welcome(customer_id=customer) is True
    [row] = deliveries()
    assert (row.sent_at is not None, row.problem, len(postbox.letters)) == (True, "", 1)


def test_a_mail_server_that_is_away_is_a_transport_error(postbox: Postbox) -> None:
    postbox.stop()
    with pytest.raises(TransportError, match="ConnectionRefusedError"):
        send_welcome(customer_id=make_customer())


def test_a_message_is_never_sent_inside_a_transaction(postbox: Postbox) -> None:
    @transactional
    def place() -> None:
        send_message(message="welcome", reference="1", recipient="ada@example.com", context={})

    with pytest.raises(RuntimeError, match="after the commit"):
        place()
    assert (deliveries(), postbox.letters) == ([], [])


def test_a_repeated_registration_is_told_once_a_day(postbox: Postbox) -> None:
    customer = make_customer()
    assert [send_registration_repeated(customer_id=customer) for _ in range(2)] == [True, False]


def test_each_change_of_the_password_is_told(postbox: Postbox) -> None:
    customer = make_customer()
    told = [send_password_changed(customer_id=customer, session_version=version) for version in (2, 2, 3)]
    assert told == [True, False, True]
    assert [letter["Subject"] for letter in postbox.letters] == ["Your password at Plainsong was changed"] * 2
