"""The withdrawal function: two steps, a receipt with the statement's words and time, and no way to probe for orders."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import Message

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.orders.fulfillments import note_delivered
from storefront.orders.models import Order, OrderRefund, Return, Withdrawal
from storefront.orders.periods import last_day_to_withdraw, may_withdraw
from storefront.orders.return_states import ReturnState
from storefront.orders.returns import request_return
from storefront.orders.states import OrderState
from storefront.orders.withdrawals import act_on_withdrawal
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, read_order, send
from tests.storefront.inventory.test_services import in_parallel

NAME, EMAIL = "Aoife Byrne", "aoife@example.org"


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def state(client: FlaskClient, **said: str) -> str:
    """Both steps, as a browser makes them; returns the text of the page that says it is here."""
    confirmation = client.post("/withdrawal", data={"name": NAME, "email": EMAIL, **said})
    assert confirmation.status_code == 200
    assert "Confirm withdrawal</button>" in confirmation.text
    assert count(Withdrawal) == 0
    done = client.post("/withdrawal/statements", data=fields_of(confirmation.text))
    assert done.status_code == 303
    page = client.get(done.location)
    assert page.headers["Cache-Control"] == "private, no-store"
    return page.text


def only() -> Withdrawal:
    db.session.rollback()
    return db.session.scalars(select(Withdrawal)).one()


def test_every_page_leads_to_the_form_which_is_the_same_for_everyone(client: FlaskClient, order_id: uuid.UUID) -> None:
    for path in ("/", "/cart", "/account/sign-in", "/withdrawal"):
        assert '<a href="/withdrawal">Withdraw from contract</a>' in client.get(path).text, path
    first = client.get("/withdrawal")
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Set-Cookie" not in first.headers
    assert client.get("/withdrawal", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert 'id="withdraw">Withdraw from contract</button>' in first.text


def test_before_anything_has_left_the_order_is_canceled_and_refunded(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int],
        mailbox: Callable[[], list[Message]]) -> None:
    order = read_order(order_id)
    typed = order.number.replace("-", " ").lower()
    page = state(client, order_number=typed)
    assert "The whole order." in page
    run_jobs()
    order = read_order(order_id)
    assert (order.state, order.refunded_amount, order.history[-1].reason) == (
        OrderState.CANCELED, 7650, "withdrawal from the contract")
    row = only()
    assert (row.order_id, row.order_number, row.is_open, row.outcome) == (
        order_id, typed, False, "3 not sent yet, called off and refunded")
    receipts = [mail for mail in mailbox() if "Receipt of your withdrawal" in mail["Subject"]]
    assert [mail["To"] for mail in receipts] == [EMAIL]
    body = receipts[0].get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    for words in (NAME, typed, EMAIL, "The whole order.", row.stated_at.strftime("%H:%M:%S"), str(row.stated_at.year)):
        assert words in body


def test_what_was_sent_becomes_an_approved_return(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int],
        mailbox: Callable[[], list[Message]]) -> None:
    send(order_id)
    state(client, order_number=read_order(order_id).number)
    run_jobs()
    row = db.session.scalars(select(Return)).one()
    assert (row.state, row.is_withdrawal, sorted(line.quantity for line in row.lines)) == (
        ReturnState.APPROVED, True, [1, 2])
    assert read_order(order_id).refunded_amount == 0
    assert "How to send it back" in " ".join(mail["Subject"] for mail in mailbox())


def test_a_partly_sent_order_is_called_off_in_part_and_taken_back_in_part(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int]) -> None:
    small, _ = lines_of(order_id)
    send(order_id, {small: 1})
    state(client, order_number=read_order(order_id).number)
    run_jobs()
    order, row = read_order(order_id), db.session.scalars(select(Return)).one()
    assert (order.state, order.refunded_amount) == (OrderState.FULFILLED, 4800)
    assert [(line.order_line_id, line.quantity) for line in row.lines] == [(small, 1)]


def test_from_the_order_page_lines_are_chosen(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int]) -> None:
    order = read_order(order_id)
    small, large = lines_of(order_id)
    number, key = order.number, order.key
    assert f"/withdrawal?order={number}&amp;key={key}" in client.get(f"/orders/{number}?key={key}").text
    form = client.get(f"/withdrawal?order={number}&key={key}")
    assert (form.headers["Cache-Control"], NAME in form.text, EMAIL in form.text) == ("private, no-store", True, True)
    page = state(client, order=number, key=key, order_number="ignored", email="elsewhere@example.org",
                 **{f"quantity-{small}": "1", f"quantity-{large}": "0"})
    assert "1 × Bowl · Small" in page
    run_jobs()
    assert (read_order(order_id).state, read_order(order_id).refunded_amount) == (OrderState.PLACED, 2400)
    assert (only().order_number, only().email) == (number, "elsewhere@example.org")


def test_what_is_on_its_way_back_is_not_offered_again(client: FlaskClient, order_id: uuid.UUID) -> None:
    send(order_id)
    small, large = lines_of(order_id)
    request_return(order_id=order_id, return_id=uuid.uuid4(), quantities={small: 2}, reason="broken", actor="customer")
    order = read_order(order_id)
    page = client.get(f"/withdrawal?order={order.number}&key={order.key}").text
    assert (f"quantity-{small}" in page, f"quantity-{large}" in page) == (False, True)


@pytest.mark.parametrize("pair", [
    ("AAAA-BBBB-CCCC", EMAIL), ("{number}", "eve@example.org"), ("'; DROP TABLE", "eve@example.org"), ("🏺", EMAIL)])
def test_a_statement_that_fits_no_order_is_kept_and_answered_alike(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int], mailbox: Callable[[], list[Message]],
        pair: tuple[str, str]) -> None:
    number, email = pair
    said = number.format(number=read_order(order_id).number)
    page = state(client, order_number=said, email=email)
    run_jobs()
    right = state_page_of_a_real_one(client, order_id)
    assert without_its_words(page) == without_its_words(right)
    first = db.session.scalars(select(Withdrawal).where(Withdrawal.order_id.is_(None))).one()
    assert (first.is_open, first.outcome) == (True, "No order has this number and e-mail address")
    assert [mail["To"] for mail in mailbox() if "Receipt" in mail["Subject"]] == [email]
    assert (read_order(order_id).state, read_order(order_id).refunded_amount) == (OrderState.PLACED, 0)


def without_its_words(page: str) -> str:
    """The page's own part without what was stated and when."""
    own = page.partition("<main")[2].partition("</main>")[0]
    assert "Your withdrawal is here" in own
    return re.sub(r"<dd>.*?</dd>|We have it since .*?\.|on its way to .*?;", "", own, flags=re.S)


def state_page_of_a_real_one(client: FlaskClient, order_id: uuid.UUID) -> str:
    """The page after a statement that does fit, before any job has acted on it."""
    confirmation = client.post("/withdrawal", data={"name": NAME, "email": EMAIL,
                                                    "order_number": read_order(order_id).number})
    done = client.post("/withdrawal/statements", data=fields_of(confirmation.text))
    return client.get(done.location).text


def test_a_part_named_in_words_and_a_late_statement_wait_for_staff(
        client: FlaskClient, order_id: uuid.UUID, run_jobs: Callable[[], int]) -> None:
    number = read_order(order_id).number
    state(client, order_number=number, scope="only the small ones\nplease")
    run_jobs()
    assert (only().is_open, only().outcome, only().scope) == (
        True, "Names a part of the order in words", "only the small ones\nplease")
    note_delivered(fulfillment_id=send(order_id), actor=STAFF)
    db.session.execute(update(Order).values(delivered_at=now() - timedelta(days=20)))
    db.session.execute(update(Withdrawal).values(scope="The whole order.", handled_at=None))
    db.session.commit()
    assert act_on_withdrawal(withdrawal_id=only().id) == "Stated after the period"
    assert (count(Return), read_order(order_id).refunded_amount) == (0, 0)


def test_confirmed_twice_or_worked_by_eight_it_is_one_statement(
        app: Flask, client: FlaskClient, order_id: uuid.UUID) -> None:
    page = client.post("/withdrawal", data={"name": NAME, "email": EMAIL, "order_number": read_order(order_id).number})
    locations = {client.post("/withdrawal/statements", data=fields_of(page.text)).location for _ in range(2)}
    assert (len(locations), count(Withdrawal)) == (1, 1)
    statement_id = only().id
    in_parallel(app, 8, lambda: act_on_withdrawal(withdrawal_id=statement_id))
    assert (only().outcome, only().is_open) == ("3 not sent yet, called off and refunded", False)
    assert (read_order(order_id).refunded_amount, count(OrderRefund)) == (7650, 1)


@pytest.mark.parametrize(("said", "words"), [
    ({"name": ""}, "Enter your name."), ({"name": "a\0b"}, ""), ({"email": "nobody"}, "Enter an e-mail address"),
    ({"order_number": ""}, "Enter the order&#39;s number"), ({"order_number": "x" * 99}, "shorter"),
    ({"scope": "x" * 2001}, "at most 2000")])
def test_what_cannot_be_read_gets_a_sentence_and_stays_typed(
        client: FlaskClient, said: dict[str, str], words: str) -> None:
    form = {"name": NAME, "email": EMAIL, "order_number": "AAAA", **said}
    for path in ("/withdrawal", "/withdrawal/statements"):
        response = client.post(path, data=form)
        assert response.status_code == (422 if words else response.status_code)
        assert words in response.text
        assert response.status_code < 500
    assert not words or count(Withdrawal) == 0


def test_lines_that_cannot_be_read_are_not_taken_for_the_whole_order(
        client: FlaskClient, order_id: uuid.UUID) -> None:
    order = read_order(order_id)
    small, large = lines_of(order_id)
    base = {"name": NAME, "email": EMAIL, "order_number": order.number, "order": order.number, "key": order.key}
    for typed in ("-1", "3", "٣", "1e3", "NaN", "0.5", str(2**63), "0"):
        sent = {**base, f"quantity-{small}": typed, f"quantity-{large}": "0"}
        for path in ("/withdrawal", "/withdrawal/statements"):
            assert client.post(path, data=sent).status_code == 422, typed
    assert count(Withdrawal) == 0


def test_statements_are_throttled(client: FlaskClient) -> None:
    form = {"name": NAME, "email": EMAIL, "order_number": "AAAA"}
    answers = [client.post("/withdrawal/statements", data=form).status_code for _ in range(12)]
    assert answers == [303] * 10 + [429] * 2
    assert count(Withdrawal) == 10


@pytest.mark.parametrize(("arrived", "last"), [
    ("2026-11-02", "2026-11-16"), ("2026-11-07", "2026-11-23"), ("2026-11-08", "2026-11-23"),
    ("2026-12-31", "2027-01-14")])
def test_the_period_is_fourteen_days_and_a_weekend_moves_its_end(arrived: str, last: str) -> None:
    moment = datetime.fromisoformat(arrived).replace(hour=9, tzinfo=UTC)
    assert last_day_to_withdraw(moment) == date.fromisoformat(last)
    end = datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(days=1, hours=12)
    assert (may_withdraw(moment, end - timedelta(seconds=1)), may_withdraw(moment, end)) == (True, False)
    assert may_withdraw(None, end)
