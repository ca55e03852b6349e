"""The order's pages, as its owner sees and uses them; nobody else does."""

import re
import uuid
from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import Message

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.orders.fulfillments import tell_sighting
from storefront.orders.models import Return
from storefront.orders.queries import read_order_view
from storefront.orders.refunds import refund_order
from storefront.orders.returns import approve_return
from storefront.orders.story import read_story
from storefront.shipping.carriers.port import ParcelStatus, Sighting
from tests.factories.accounts import make_customer, sign_in
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, make_order, read_order, send


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def url(order_id: uuid.UUID, rest: str = "") -> str:
    order = read_order(order_id)
    return f"/orders/{order.number}{rest}?key={order.key}"


def seen(fulfillment_id: uuid.UUID, status: ParcelStatus) -> None:
    sighting = Sighting(f"manual:{uuid.uuid4()}", status, "Tried at noon", "Ennis", now())
    tell_sighting(fulfillment_id=fulfillment_id, sighting=sighting, actor=STAFF)


def subjects(mailbox: Callable[[], list[Message]]) -> list[str]:
    return sorted(str(make_header(decode_header(mail["Subject"]))) for mail in mailbox())


def test_the_page_tells_of_parcels_refunds_and_every_step(client: FlaskClient, order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    first = send(order_id, {small: 1}, number="CE1")
    send(order_id, {small: 1, large: 1})
    seen(first, ParcelStatus.PROBLEM)
    refund_order(refund_id=uuid.uuid4(), order_id=order_id, quantities={small: 1}, reason="secret", actor=STAFF)
    page = client.get(url(order_id)).text
    for words in ("Parcel 1", "Parcel 2", "Held up", "Tried at noon, Ennis", "Follow it at the carrier", "CE1",
                  "€24.00 goes back", "1 refunded, €24.00", "partly refunded", "Demo payment", "€76.50",
                  "Send something back", "Withdraw from contract", 'class="is-problem"'):
        assert words in page, words
    assert "secret" not in page
    moments = re.findall(r'<time datetime="([^"]+)"', page.partition('class="timeline"')[2].partition("</ol>")[0])
    assert len(moments) == 6
    assert moments == sorted(moments)


def test_a_number_is_found_without_hyphens_and_in_small_letters(client: FlaskClient, order_id: uuid.UUID) -> None:
    order = read_order(order_id)
    for number in (order.number, order.number.replace("-", ""), order.number.lower()):
        assert client.get(f"/orders/{number}?key={order.key}").status_code == 200


def test_strangers_find_nothing(client: FlaskClient, order_id: uuid.UUID) -> None:  # fault 63
    order = read_order(order_id)
    for path, method in (("", "GET"), ("/returns/new", "GET"), ("/returns", "POST"), ("/cancellation", "POST"),
                         ("/returns/R-AAAA-AAAA/cancellation", "POST")):
        for key in ("", "?key=x", "?key=%C3%A9"):
            assert client.open(f"/orders/{order.number}{path}{key}", method=method).status_code == 404, path
    assert (read_order(order_id).state, count(Return)) == ("placed", 0)
    known, unknown = (client.get(f"/orders/{number}").text for number in (order.number, "ABCD-EFGH-JKMN"))
    assert "We cannot find this order." in known
    assert "We cannot find this order." in unknown  # no way to find out which numbers there are


def test_a_guest_sends_something_back_and_calls_it_off(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int],
        mailbox: Callable[[], list[Message]]) -> None:
    small, _ = lines_of(order_id)
    send(order_id)
    assert "of 2" in client.get(url(order_id, "/returns/new")).text
    form = {f"quantity-{small}": "1", "return_id": str(uuid.uuid4()), "reason": "Another reason", "note": "too\nsmall"}
    for _ in range(2):
        assert client.post(url(order_id, "/returns"), data=form).status_code == 303
    db.session.rollback()
    row = db.session.scalars(select(Return)).one()
    assert (row.reason, row.history[0].actor) == ("Another reason: too small", "guest")
    number, return_id = row.number, row.id
    assert number in client.get(url(order_id)).text
    run_jobs()
    approve_return(return_id=return_id, actor=STAFF)
    run_jobs()
    assert client.post(url(order_id, f"/returns/{number}/cancellation")).status_code == 303
    run_jobs()
    assert [name for name in subjects(mailbox) if number in name] == [
        f"How to send it back: {number}", f"We have your request to send something back: {number}",
        f"Your return is called off: {number}"]
    assert client.post(url(order_id, "/returns/R-AAAA-AAAA/cancellation")).status_code == 404


@pytest.mark.parametrize("typed", ["-1", "3", "٣", "1e3", "NaN", "0.5", str(2**63), "0", ""])
def test_what_cannot_be_sent_back_gets_a_sentence_and_stays_typed(
        client: FlaskClient, order_id: uuid.UUID, typed: str) -> None:  # fault 53
    small, _ = lines_of(order_id)
    send(order_id)
    response = client.post(url(order_id, "/returns"), data={f"quantity-{small}": typed, "note": "kept words",
                                                            "return_id": "broken"})
    assert response.status_code == 422
    assert "kept words" in response.text
    assert f'value="{typed}"' in response.text
    assert count(Return) == 0


def test_a_signed_in_customer_needs_no_key(client: FlaskClient, app: Flask) -> None:
    customer_id = make_customer()
    first = make_bowl_order()
    mine = make_order({read_order(first).lines[0].variant_id: 1}, customer_id=customer_id)
    send(mine)
    sign_in(client)
    number = read_order(mine).number
    assert client.get(f"/orders/{number}/returns/new").status_code == 200
    assert client.get(f"/orders/{read_order(first).number}/returns/new").status_code == 404


def test_people_are_told_of_the_steps_they_care_about_once(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int],
        mailbox: Callable[[], list[Message]]) -> None:
    fulfillment_id = send(order_id, number="CE1")
    run_jobs()
    number = read_order(order_id).number
    for status in (ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.PROBLEM,
                   ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.DELIVERED):
        seen(fulfillment_id, status)
        run_jobs()
    assert [name for name in subjects(mailbox) if number in name and "parcel" in name] == [
        f"Your parcel comes today: order {number}", f"Your parcel has arrived: order {number}",
        f"Your parcel is held up: order {number}"]
    refund_id = uuid.uuid4()
    refund_order(refund_id=refund_id, order_id=order_id, quantities={}, goodwill_amount=500, reason="x", actor=STAFF)
    run_jobs()
    assert f"€5.00 goes back to you: order {number}" in subjects(mailbox)


def test_news_that_is_old_by_the_time_it_is_told_is_not_told(
        order_id: uuid.UUID, run_jobs: Callable[[], int], mailbox: Callable[[], list[Message]]) -> None:
    fulfillment_id = send(order_id, number="CE1")
    seen(fulfillment_id, ParcelStatus.OUT_FOR_DELIVERY)
    seen(fulfillment_id, ParcelStatus.DELIVERED)
    run_jobs()
    number = read_order(order_id).number
    assert [name for name in subjects(mailbox) if "parcel" in name] == [f"Your parcel has arrived: order {number}"]


def test_the_view_says_what_can_be_done(order_id: uuid.UUID) -> None:
    view = read_order_view(order_id)
    assert (view.payment_status, view.can_cancel, view.can_withdraw, view.withdraw_until) == ("paid", True, True, None)
    assert not read_story(order_id).can_return
    send(order_id)
    assert (read_order_view(order_id).can_cancel, read_story(order_id).can_return) == (False, True)
    unpaid = make_order({read_order(order_id).lines[0].variant_id: 1}, is_paid=False)
    view = read_order_view(unpaid)
    assert (view.payment_status, view.can_withdraw, view.payment_text) == ("unpaid", False, "Not paid")
