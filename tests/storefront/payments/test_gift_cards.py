"""Gift cards: a balance that pays in part or whole, is held while the rest is paid, and is never overspent."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.cart.queries import read_cart
from storefront.checkout.codes import list_codes
from storefront.checkout.errors import TotalChanged
from storefront.checkout.queries import find_checkout, read_offer
from storefront.checkout.services import add_gift_card, remove_gift_card, start_payment
from storefront.checkout.settling import expire_orders, settle
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.orders.models import Order
from storefront.orders.queries import read_order_view
from storefront.orders.services import cancel_order
from storefront.orders.states import OrderState
from storefront.payments.errors import GiftCardEmpty, UnknownGiftCard
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.gift_cards import (
    block_gift_card,
    capture_gift_cards,
    find_gift_card,
    hold_gift_cards,
    issue_gift_card,
    list_gift_cards,
    release_gift_cards,
)
from storefront.payments.ledger import GIFT_CARDS, GIFT_CARDS_ISSUED, ORDERS, REFUNDS_DUE
from storefront.payments.models import DemoIntent, GiftCard, GiftCardEntry, Payment, PaymentState
from storefront.payments.queries import list_payments
from storefront.payments.refunds import send_due_refunds
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, open_payments
from tests.factories.ledger import read_balance
from tests.storefront.inventory.test_services import in_parallel, stock


def issue(amount: int = 2000) -> str:
    return issue_gift_card(amount=amount, note="", recipient_email="", expires_at=None, actor="staff:1")


def balance(code: str = "") -> int:
    db.session.rollback()
    return db.session.scalars(select(GiftCard.balance).order_by(GiftCard.created_at)).one()


def entries() -> int:
    return int(db.session.scalar(select(func.sum(GiftCardEntry.amount))) or 0)


@pytest.fixture
def bowl(app: Flask) -> int:
    make_world()
    return make_product(slug="bowl", amount=2400, stock=10).variant_id


def test_a_code_is_found_however_it_is_spelled_and_its_letters_are_not_kept(app: Flask) -> None:
    code = issue()
    assert find_gift_card(code).balance.amount == 2000
    assert find_gift_card(code.lower().replace("-", " ").replace("0", "o").replace("1", "l")).balance.amount == 2000
    row = db.session.scalars(select(GiftCard)).one()
    assert code.replace("-", "") not in repr(vars(row))
    assert (row.last_letters, len(code)) == (code[-4:], 19)
    assert (read_balance(GIFT_CARDS, "EUR"), read_balance(GIFT_CARDS_ISSUED, "EUR")) == (2000, -2000)


def test_a_card_that_cannot_pay_says_why(app: Flask) -> None:
    for code in ("", "nothing", "é" * 16, "\0"):
        with pytest.raises(UnknownGiftCard, match="no such code"):
            find_gift_card(code)
    old = issue_gift_card(amount=5, note="", recipient_email="", expires_at=now() + timedelta(days=1), actor="staff:1")
    db.session.execute(update(GiftCard).values(expires_at=now() - timedelta(days=1)))
    db.session.commit()
    blocked = issue()
    block_gift_card(gift_card_id=find_gift_card(blocked).id, actor="staff:1")
    for code in (old, blocked):
        with pytest.raises(UnknownGiftCard, match="cannot pay here any more"):
            find_gift_card(code)
    with pytest.raises(ShopError):
        issue(0)
    with pytest.raises(ShopError):
        issue(-5)


def test_a_card_pays_a_part_and_the_provider_the_rest(bowl: int) -> None:
    code = issue()
    cart_id = make_checkout({bowl: 1})  # 28.50
    add_gift_card(cart_id=cart_id, code=code)
    add_gift_card(cart_id=cart_id, code=code)  # twice is once
    with pytest.raises(TotalChanged):
        start_payment(cart_id=cart_id, confirmed_total=2850, actor="guest")
    start_payment(cart_id=cart_id, confirmed_total=850, actor="guest")
    assert (balance(), entries()) == (0, 0)
    payment = open_payments()[0]
    assert (payment.gateway, payment.money.amount) == ("demo", 850)
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision="accept")
    settle(payment_id=payment.id)
    order = read_order_view(payment.order_id)
    assert (order.status, order.paid.amount, order.total.amount) == (OrderState.PLACED, 2850, 2850)
    assert (read_balance(ORDERS, "EUR"), read_balance(GIFT_CARDS, "EUR"), read_balance("clearing:demo", "EUR")) == (
        2850, 0, -850)
    cancel_order(order_id=order.id, reason="test", actor="staff:1")
    assert send_due_refunds() == 2
    assert (balance(), read_balance(GIFT_CARDS, "EUR"), read_balance(REFUNDS_DUE, "EUR")) == (2000, 2000, 0)
    assert db.session.scalars(select(DemoIntent.refunded_amount)).all() == [850]


def test_a_card_that_covers_everything_places_the_order_at_once(bowl: int) -> None:
    cart_id = make_checkout({bowl: 1})
    add_gift_card(cart_id=cart_id, code=issue(5000))
    url = start_payment(cart_id=cart_id, confirmed_total=0, actor="guest")
    assert url.startswith("/orders/")
    order_id = db.session.scalars(select(Order.id)).one()
    assert (balance(), stock(bowl), read_order_view(order_id).status) == (2150, (10, 0, 1), OrderState.PLACED)
    assert [(p.gateway, p.state) for p in list_payments(order_id)] == [("gift_card", PaymentState.CAPTURED)]


def test_a_declined_rest_gives_the_cards_money_back(bowl: int) -> None:
    code = issue()
    cart_id = make_checkout({bowl: 1})
    add_gift_card(cart_id=cart_id, code=code)
    start_payment(cart_id=cart_id, confirmed_total=850, actor="guest")
    payment = open_payments()[0]
    decide_intent(reference=payment.gateway_reference or "", decision="decline")
    settle(payment_id=payment.id)
    assert (balance(), entries()) == (2000, 2000)
    remove_gift_card(cart_id=cart_id, gift_card_id=find_gift_card(code).id)
    start_payment(cart_id=cart_id, confirmed_total=2850, actor="guest")
    assert (balance(), open_payments()[0].money.amount) == (2000, 2850)


def test_late_money_holds_the_card_again_or_goes_back(bowl: int) -> None:
    code = issue()
    cart_id = make_checkout({bowl: 1})
    add_gift_card(cart_id=cart_id, code=code)
    start_payment(cart_id=cart_id, confirmed_total=850, actor="guest")
    payment = open_payments()[0]
    db.session.execute(update(Order).values(expires_at=now().replace(year=2020)))
    db.session.commit()
    assert expire_orders() == 1
    assert balance() == 2000
    hold_gift_cards(order_id=uuid.uuid4(), plan=[(find_gift_card(code).id, 1)], actor="test")  # spent elsewhere
    db.session.execute(update(DemoIntent).values(state="captured"))
    db.session.commit()
    after = settle(payment_id=payment.id, is_told=True)
    assert (read_order_view(payment.order_id).status, after.refunded.amount, balance()) == (
        OrderState.EXPIRED, 850, 1999)


def test_a_card_wanted_by_many_is_never_overspent(app: Flask) -> None:  # fault 49
    card_id = find_gift_card(issue(1000)).id
    orders = iter([uuid.uuid4() for _ in range(12)])
    results = in_parallel(app, 12, lambda: hold_gift_cards(order_id=next(orders), plan=[(card_id, 300)], actor="test"))
    assert sum(result is None for result in results) == 3
    assert all(result is None or isinstance(result, GiftCardEmpty) for result in results)
    assert (balance(), entries()) == (100, 100)


def test_held_money_is_spent_or_released_once(app: Flask) -> None:
    card_id, order_id = find_gift_card(issue(1000)).id, uuid.uuid4()
    plan = [(card_id, 300)]
    for _ in range(3):
        hold_gift_cards(order_id=order_id, plan=plan, actor="test")
    in_parallel(app, 6, lambda: capture_gift_cards(order_id=order_id, plan=plan, actor="test"))
    release_gift_cards(order_id=order_id, actor="test")
    assert (balance(), read_balance(ORDERS, "EUR")) == (700, 300)
    assert [card.balance.amount for card in list_gift_cards()] == [700]


def test_captured_twice_is_spent_once_even_after_the_hold_is_gone(app: Flask) -> None:
    card_id, order_id = find_gift_card(issue(1000)).id, uuid.uuid4()
    capture_gift_cards(order_id=order_id, plan=[(card_id, 300)], actor="test")
    capture_gift_cards(order_id=order_id, plan=[(card_id, 300)], actor="test")
    assert (balance(), db.session.scalar(select(func.count()).select_from(Payment))) == (700, 1)


def test_whoever_comes_back_from_the_bank_still_pays_with_the_card(bowl: int) -> None:
    code = issue()
    cart_id = make_checkout({bowl: 1})
    add_gift_card(cart_id=cart_id, code=code)
    page = start_payment(cart_id=cart_id, confirmed_total=850, actor="guest")
    checkout = find_checkout(cart_id)
    assert checkout is not None
    assert read_offer(read_cart(cart_id, checkout.country), checkout).amount == 850  # what the button says
    assert [chosen.sentence for chosen in list_codes(read_cart(cart_id), checkout)] == ["There are €20.00 on it."]
    assert start_payment(cart_id=cart_id, confirmed_total=850, actor="guest") == page
    assert (balance(), len(open_payments())) == (0, 1)


def test_a_card_that_could_never_pay_is_not_issued(app: Flask) -> None:
    with pytest.raises(ShopError, match="later"):
        issue_gift_card(amount=500, note="", recipient_email="", expires_at=now(), actor="staff:1")
    assert list_gift_cards() == []
