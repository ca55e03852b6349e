"""Orders and customers, as staff read and move them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import Message

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from storefront.accounts.models import Customer
from storefront.checkout.services import settle
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent, OutboxJob
from storefront.inventory.queries import read_availability
from storefront.orders.models import Fulfillment, Order
from storefront.orders.states import OrderState
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.models import Payment, PaymentState
from tests.admin.conftest import Panel
from tests.factories.accounts import make_customer, sign_in
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, open_payments, pay


@pytest.fixture
def order(app: Flask) -> Order:
    """A paid order: two small bowls and one large."""
    make_world()
    bowl = make_product(slug="bowl", amount=2400, options={"Size": ["Small", "Large"]}, stock=10)
    pay(make_checkout({bowl.variant_ids[0]: 2, bowl.variant_ids[1]: 1}))
    payment = open_payments()[0]
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision="accept")
    settle(payment_id=payment.id)
    found = read_order()
    assert found.state is OrderState.PLACED
    return found


def read_order() -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order)).one()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_an_order_is_found_by_its_number_in_any_spelling_and_by_mail(staff: Panel, order: Order) -> None:
    for words in (order.number, order.number.lower(), order.number.replace("-", ""), order.number[:6], "aoife@ex"):
        assert order.number in staff.get(f"/admin/orders/?q={words}"), words
    assert order.number not in staff.get("/admin/orders/?q=someone@else.example")
    assert order.number in staff.get("/admin/orders/?state=placed")
    assert order.number not in staff.get("/admin/orders/?state=canceled")


def test_the_page_explains_lines_totals_addresses_payment_and_stock(staff: Panel, order: Order) -> None:
    page = staff.get(f"/admin/orders/{order.number}/")
    for words in ("Bowl", "Small", "€48.00", "€76.50", "€4.50", "of which VAT", "Parnell Street", "aoife@example.org",
                  "Captured", "Allocated", "Placed"):
        assert words in page, words


def test_a_part_leaves_then_the_rest_and_the_stock_with_it(staff: Panel, order: Order) -> None:
    path = f"/admin/orders/{order.number}"
    line = hidden(staff.get(f"{path}/"), "lines-0-line_id")
    form = {"carrier": "An Post", "tracking_number": "CC123", "lines-0-line_id": line, "lines-0-quantity": "1",
            "fulfillment_id": hidden(staff.get(f"{path}/"), "fulfillment_id")}
    for _ in range(2):  # a button pressed twice is one parcel
        staff.post(f"{path}/fulfillments", form)
    assert read_order().state is OrderState.PARTLY_FULFILLED
    page = staff.get(f"{path}/")
    names = [f"lines-{at}-{name}" for at in (0, 1) for name in ("line_id", "quantity")]
    rest = {name: hidden(page, name) for name in names}
    assert rest["lines-0-quantity"] == "1"
    staff.post(f"{path}/fulfillments", rest | {"carrier": "An Post", "tracking_number": "CC124"})
    assert read_order().state is OrderState.FULFILLED
    parcels = list(db.session.scalars(select(Fulfillment.tracking_number).order_by(Fulfillment.created_at)))
    assert parcels == ["CC123", "CC124"]
    ids = [line.variant_id for line in read_order().lines]
    assert [info.available for info in read_availability(ids).values()] == [8, 9]


def test_more_than_was_bought_cannot_leave(staff: Panel, order: Order) -> None:
    path = f"/admin/orders/{order.number}"
    line = hidden(staff.get(f"{path}/"), "lines-0-line_id")
    form = {"carrier": "An Post", "lines-0-line_id": line, "lines-0-quantity": "3"}
    page = staff.post(f"{path}/fulfillments", form, status=422).text
    assert "more than is left" in page
    assert 'value="An Post"' in page
    staff.post(f"{path}/fulfillments", {"lines-0-line_id": "x", "lines-0-quantity": "1"}, status=422)
    assert read_order().fulfillments == []


def test_an_order_is_canceled_once_with_a_reason_and_its_stock_is_free(staff: Panel, order: Order) -> None:
    path = f"/admin/orders/{order.number}"
    assert "Say why" in staff.post(f"{path}/cancellation", {"reason": " "}, status=422).text
    assert read_order().state is OrderState.PLACED
    for _ in range(2):
        staff.post(f"{path}/cancellation", {"reason": "The kiln broke"})
    row = read_order()
    assert row.state is OrderState.CANCELED
    assert [step.reason for step in row.history].count("The kiln broke") == 1
    assert row.history[-1].actor.startswith("staff:")
    assert "Maeve Clancy" in staff.get(f"{path}/")
    ids = [line.variant_id for line in read_order().lines]
    assert [info.available for info in read_availability(ids).values()] == [10, 10]


def test_what_was_sent_cannot_be_canceled(staff: Panel, order: Order) -> None:
    path = f"/admin/orders/{order.number}"
    line = hidden(staff.get(f"{path}/"), "lines-0-line_id")
    staff.post(f"{path}/fulfillments", {"lines-0-line_id": line, "lines-0-quantity": "1"})
    assert "has been sent" in staff.post(f"{path}/cancellation", {"reason": "Changed mind"}, status=422).text
    assert read_order().state is OrderState.PARTLY_FULFILLED


def test_the_confirmation_is_sent_again(
        staff: Panel, order: Order, mailbox: Callable[[], list[Message]]) -> None:
    staff.post(f"/admin/orders/{order.number}/confirmations")
    staff.post(f"/admin/orders/{order.number}/confirmations")
    assert [mail["To"] for mail in mailbox()] == ["aoife@example.org"] * 2


def test_a_number_of_no_order_is_not_found(staff: Panel) -> None:
    for number in ("x", "AAAA-AAAA-AAAA", "%00", "a'b", "1" * 60, "..%2f.."):
        assert staff.client.get(f"/admin/orders/{number}/").status_code == 404, number
    staff.post("/admin/orders/x/cancellation", {"reason": "x"}, status=404)


def test_the_overview_counts_what_was_paid_and_what_waits(staff: Panel, order: Order) -> None:
    page = staff.get("/admin/")
    assert "€76.50" in page
    assert order.number in page


def test_staff_are_told_when_no_worker_runs(staff: Panel, order: Order) -> None:
    assert "in the background" not in staff.get("/admin/")
    db.session.execute(update(OutboxEvent).values(recorded_at=order.created_at - timedelta(minutes=3)))
    db.session.commit()
    assert "in the background" in staff.get("/admin/")


def test_a_payment_that_does_not_match_is_shown_to_staff(staff: Panel, order: Order) -> None:
    db.session.execute(update(Payment).values(state=PaymentState.REVIEW, problem="The provider says 1 EUR."))
    db.session.commit()
    for path in ("/admin/", f"/admin/orders/{order.number}/"):
        assert "The provider says 1 EUR." in staff.get(path)


def test_a_job_that_gave_up_is_tried_again_from_the_overview(
        staff: Panel, order: Order, run_jobs: Callable[[], int], mailbox: Callable[[], list[Message]]) -> None:
    run_jobs()
    sent = len(mailbox())
    job = db.session.scalars(select(OutboxJob).where(OutboxJob.job.contains("order_confirmation"))).one()
    job_id = job.id
    db.session.execute(update(OutboxJob).where(OutboxJob.id == job_id).values(
        failed_at=order.created_at, finished_at=None, attempts=8, last_error="TransportError: refused"))
    db.session.commit()
    assert "TransportError: refused" in staff.get("/admin/")
    staff.post(f"/admin/jobs/{job_id}/retrial")
    run_jobs()
    db.session.rollback()
    assert db.session.get_one(OutboxJob, job_id).finished_at is not None
    assert len(mailbox()) == sent
    staff.post(f"/admin/jobs/{job_id}/retrial", status=404)


def test_a_closed_account_is_signed_out_everywhere_and_stays_out(staff: Panel, shopper: FlaskClient) -> None:
    customer_id = make_customer()
    sign_in(shopper)
    assert shopper.get("/account").status_code == 200
    staff.post(f"/admin/customers/{customer_id}/access", {"is_disabled": "1"})
    assert shopper.get("/account").status_code == 303
    assert shopper.post("/account/sign-in",
                        data={"email": "ada@example.com", "password": "a teapot of rain"}).status_code != 303
    staff.post(f"/admin/customers/{customer_id}/access", {"is_disabled": "0"})
    sign_in(shopper)
    assert shopper.get("/account").status_code == 200


def test_a_customers_page_shows_no_hash_and_takes_no_other_column(staff: Panel) -> None:  # security 18
    customer_id = make_customer()
    page = staff.get(f"/admin/customers/{customer_id}/") + staff.get("/admin/customers/?q=ada")
    assert "ada@example.com" in page
    assert "argon2" not in page
    staff.post(f"/admin/customers/{customer_id}/access",
               {"is_disabled": "0", "password_hash": "x", "email": "eve@example.com", "is_premium": "1"})
    db.session.rollback()
    row = db.session.get_one(Customer, customer_id)
    assert (row.email, row.is_premium) == ("ada@example.com", False)
    assert row.password_hash.startswith("$argon2")


def test_an_id_of_no_customer_is_not_found(staff: Panel) -> None:
    for customer_id in ("x", "00000000-0000-4000-8000-000000000000", "%00"):
        assert staff.client.get(f"/admin/customers/{customer_id}/").status_code == 404, customer_id
