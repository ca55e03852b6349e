"""What forms may carry: quantities that are none, columns that are nobody's business, cents that do not add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from storefront.accounts.models import Customer
from storefront.cart.errors import InvalidQuantity
from storefront.cart.forms import read_quantity
from storefront.cart.models import CartLine
from storefront.foundation.database import Base, db
from storefront.foundation.money import Money, format_money
from storefront.orders.models import Order
from storefront.orders.totals import LineInput, total_order
from storefront.payments.models import Payment
from storefront.taxes.rates import Rate
from tests.factories.accounts import PASSWORD
from tests.factories.cart import count_lines, line_of, make_cart
from tests.factories.catalog import make_product
from tests.factories.checkout import make_world
from tests.faults.walks import answer_provider, only, orders, payments, reach_bank, say_steps
from tests.journeys.walk import form_of, put_in_cart

NO_QUANTITIES = ["-1", "0", "1e9", "1e3", str(2**31), str(2**63), "٣", "NaN", "0.5", "1,5", "", "1 2", "0x1", "+1",
                 "1000", "९", "²", "1\x00", "null", "1;DROP TABLE", "inf", "1_0"]


@pytest.mark.usefixtures("sound")
def test_quantities_that_are_none(client: FlaskClient) -> None:
    """# fault 53. Red when read_quantity is int(): "٣" and "1_0" pass, "1e3" is a 500."""
    make_product(slug="bowl")
    fields = form_of(client.get("/p/bowl").text, "/cart/lines")
    for quantity in NO_QUANTITIES:
        answer = client.post("/cart/lines", data={**fields, "quantity": quantity})
        assert answer.status_code == 422, quantity
        assert "whole number from 1 to 999" in answer.text
    assert count_lines() == 0


def test_a_line_keeps_its_quantity_when_the_new_one_is_none(app: Flask, client: FlaskClient) -> None:
    """# fault 53. Red as above."""
    make_product(slug="bowl")
    put_in_cart(client, "bowl", quantity="2")
    line = db.session.query(CartLine).one()
    for quantity in set(NO_QUANTITIES) - {"0"}:
        assert client.post(f"/cart/lines/{line.id}", data={"quantity": quantity}).status_code == 422, quantity
    db.session.rollback()
    assert db.session.query(CartLine).one().quantity == 2


@given(st.one_of(st.text(max_size=12), st.integers().map(str), st.floats().map(str),
                 st.text(st.characters(categories=["Nd", "No"]), max_size=4)))
@example("999")
@example("1000")
def test_a_quantity_is_a_plain_whole_number(text: str) -> None:
    """# fault 53. Red as above."""
    plain = {str(number) for number in range(1, 1000)}
    written = text.strip(" ")
    is_plain = written in plain or (written.isascii() and written.isdigit() and len(written) <= 3
                                    and written.lstrip("0") in plain)
    try:
        found = read_quantity(text)
    except InvalidQuantity:
        assert not is_plain
    else:
        assert is_plain
        assert 1 <= found <= 999


@pytest.mark.parametrize("quantity", [-1, 0, 1000, 2**31, 2**63])
def test_the_database_takes_no_such_row(app: Flask, quantity: int) -> None:
    """# fault 53. Red without the CHECK of cart_cart_line."""
    bowl = make_product(slug="bowl").variant_id
    line_id = line_of(make_cart({bowl: 1}), bowl)
    statement = f"UPDATE cart_cart_line SET quantity = {quantity} WHERE variant_id = {bowl}"  # noqa: S608
    with pytest.raises((IntegrityError, DataError, OperationalError)):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.get_one(CartLine, line_id).quantity == 1


class Poisoned:
    """A browser that sends every column of every model with each form."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        names = {column.name for table in Base.metadata.tables.values() for column in table.columns}
        self.poison = dict.fromkeys(sorted(name for name in names - WELCOME if not name.startswith("option_")), "7")

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, data: dict[str, str]) -> Any:
        return self.client.post(path, data={**self.poison, **data})


# Columns that are fields of some form; what they may hold is tested where the form is.
WELCOME = {"email", "name", "phone", "quantity", "variant_id", "country", "code", "note", "password", "method"}
CHANCE = {"id", "number", "key", "checkout_id", "cart_id", "customer_id", "order_id", "gateway_reference",
          "redirect_url", "password_hash", "email", "normalized_email"}


def facts(model: type[Any]) -> list[dict[str, Any]]:
    """Every row without times, random ids and whose it is."""
    db.session.rollback()
    names = [column.name for column in model.__table__.columns
             if column.name not in CHANCE and not column.name.endswith("_at")]
    in_order = model.email if model is Customer else model.created_at
    return [{name: getattr(row, name) for name in names} for row in db.session.query(model).order_by(in_order)]


@pytest.mark.usefixtures("sound")
def test_every_column_posted_to_every_form(
        app: Flask, client: FlaskClient, new_client: Callable[[], FlaskClient]) -> None:
    """# fault 54. Red when register_customer or save_contact sets its row from the whole form."""
    make_world()
    make_product(slug="bowl", stock=50)
    for browser, email in ((client, "ada@example.com"), (Poisoned(new_client()), "eve@example.com")):
        answer = browser.post("/account/register", data={"name": "Ada Byrne", "email": email, "password": PASSWORD})
        assert answer.status_code == 303
        browser.post("/account/sign-in", data={"email": email, "password": PASSWORD})
        bank = reach_bank(browser, quantity="2")  # type: ignore[arg-type]
        back = answer_provider(browser, bank)  # type: ignore[arg-type]
        assert "/orders/" in browser.get(back).location
    for model in (Customer, Order, Payment):
        honest, poisoned = facts(model)
        assert honest == poisoned, model


@pytest.mark.usefixtures("sound")
def test_tampered_prices_totals_and_foreign_ids(client: FlaskClient, new_client: Callable[[], FlaskClient]) -> None:
    """# fault 54. Red when the order takes its total or its lines' prices from the form."""
    make_world()
    make_product(slug="bowl", stock=50)
    bank = reach_bank(client)  # type: ignore[arg-type]
    client.get(answer_provider(client, bank))  # type: ignore[arg-type]
    victim = only(orders())
    other = new_client()
    put_in_cart(other, "bowl", unit_amount="1", amount="1", price="1", cart_id=str(victim.cart_id))
    button = say_steps(other)  # type: ignore[arg-type]
    for total in ("1", "0", "-2850", "", "1e1", "2850.00", "٢", str(2**63)):
        answer = other.post("/checkout/order", data={**button, "total": total})
        assert answer.status_code == 409, total
    assert len(payments()) == 1
    stolen = other.post("/checkout/order", data={**button, "checkout": str(victim.checkout_id),
                                                 "order_id": str(victim.id), "customer_id": "1", "paid_amount": "0"})
    assert victim.number not in stolen.location
    assert [payment.amount for payment in payments()] == [2850, 2850]
    assert other.post(f"/orders/{victim.number}/cancellation", data={"order_id": str(victim.id)}).status_code == 404
    assert [str(order.state) for order in orders()] == ["placed", "pending"]


LINES = st.lists(st.builds(LineInput, st.integers(1, 999), st.integers(0, 10**7), st.sampled_from(["a", "b"])),
                 min_size=1, max_size=12)
RATES = st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.booleans()).map(
    lambda said: {"a": Rate(said[0], said[2], "VAT"), "b": Rate(said[1], said[2], "VAT")})


@given(LINES, RATES, st.integers(0, 10**6))
def test_the_total_is_the_sum_of_what_is_listed(lines: list[LineInput], rates: dict[str, Rate], shipping: int) -> None:
    """# fault 55. Red when tax is rounded once on the sum instead of once per line."""
    totals = total_order(lines, shipping_amount=shipping, shipping_tax_category="a", rates=rates)
    every = [*zip(lines, totals.lines, strict=True),
             (LineInput(1, shipping, "a"), totals.shipping)]
    assert totals.total == sum(total.gross for _, total in every)
    assert totals.tax == sum(total.tax for _, total in every)
    for line, total in every:
        amount, rate = line.quantity * line.unit_amount, rates[line.tax_category]
        points = Fraction(rate.basis_points, 10_000)
        exact = amount * points / (1 + points) if rate.is_inclusive else amount * points
        assert abs(total.tax - exact) <= Fraction(1, 2)
        assert total.gross == (amount if rate.is_inclusive else amount + total.tax)


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "2,850"), ("EUR", "28.50"), ("KWD", "2.850")])
def test_what_is_shown_is_charged_in_every_currency(
        app: Flask, client: FlaskClient, currency: str, shown: str) -> None:
    """# fault 55. Red when format_money divides by 100 for every currency."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], currency=currency)
    app.config["CURRENCY"] = currency
    make_world()
    make_product(slug="bowl")
    bank = reach_bank(client)  # type: ignore[arg-type]
    assert shown in format_money(Money(2850, currency), app.config["SETTINGS"].locale)
    assert shown in client.get(bank).text
    client.get(answer_provider(client, bank))  # type: ignore[arg-type]
    payment = only(payments())
    assert (payment.captured_amount, payment.currency, only(orders()).total_amount) == (2850, currency, 2850)
