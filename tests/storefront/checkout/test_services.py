import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.cart.services import add_line
from storefront.catalog.services import change_price
from storefront.checkout.errors import StepMissing, TotalChanged
from storefront.checkout.queries import find_checkout, first_open_step
from storefront.checkout.services import save_delivery, save_payment_method, start_payment
from storefront.checkout.settling import expire_orders, settle, settle_pending
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.errors import OutOfStock
from storefront.inventory.services import correct_stock
from storefront.orders.models import Order
from storefront.orders.queries import read_order_view
from storefront.orders.services import cancel_order
from storefront.orders.states import OrderState
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.models import DemoIntent, Payment, PaymentState
from storefront.payments.queries import PaymentInfo, list_payments, read_payment
from tests.factories.cart import rows_of
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, open_payments, pay, read_total
from tests.storefront.inventory.test_services import in_parallel, stock


@pytest.fixture
def bowl(app: Flask) -> int:
    make_world()
    return make_product(slug="bowl", amount=2400, stock=10).variant_id


def only_payment() -> PaymentInfo:
    return open_payments()[0]


def decide(decision: str) -> PaymentInfo:
    payment = only_payment()
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision=decision)
    return settle(payment_id=payment.id)


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def events(name: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == name)) or 0


def test_a_paid_order_is_placed_with_its_snapshot_and_the_cart_is_empty(bowl: int) -> None:
    cart_id = make_checkout({bowl: 2})
    assert read_total(cart_id) == 5250
    url = pay(cart_id)
    assert url.startswith("http://localhost/payments/demo/demo_")
    assert stock(bowl) == (10, 2, 0)
    payment = decide("accept")
    order = read_order_view(payment.order_id)
    assert (order.status, order.total.amount, payment.state) == (OrderState.PLACED, 5250, PaymentState.CAPTURED)
    assert [(row.label, row.amount and row.amount.amount) for row in order.totals] == [
        ("Goods", 4800), ("Delivery", 450), ("Total", 5250), ("of which VAT", 982)]
    assert [(line.name, line.quantity, line.total.amount) for line in order.lines] == [("Bowl", 2, 4800)]
    assert order.shipping_lines == ["Aoife Byrne", "4 Parnell Street", "Ennis", "Co. Clare", "V95 T0Y6", "Ireland"]
    assert stock(bowl) == (10, 0, 2)
    assert rows_of(cart_id) == {}
    assert find_checkout(cart_id) is None
    assert events("OrderPlaced") == 1


def test_settling_again_changes_nothing(bowl: int) -> None:
    pay(make_checkout({bowl: 1}))
    payment = decide("accept")
    for _ in range(3):
        assert settle(payment_id=payment.id).state == PaymentState.CAPTURED
    assert (stock(bowl), events("OrderPlaced")) == ((10, 0, 1), 1)


def test_settling_twenty_times_at_once_places_one_order(app: Flask, bowl: int) -> None:  # fault 35
    pay(make_checkout({bowl: 1}))
    payment = only_payment()
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision="accept")
    results = in_parallel(app, 20, lambda: settle(payment_id=payment.id).state)
    assert results == [PaymentState.CAPTURED] * 20
    assert (stock(bowl), events("OrderPlaced")) == ((10, 0, 1), 1)


def test_pressing_pay_many_times_at_once_makes_one_order_and_one_charge(app: Flask, bowl: int) -> None:  # fault 42
    cart_id = make_checkout({bowl: 1})
    total = read_total(cart_id)
    urls = in_parallel(app, 12, lambda: start_payment(cart_id=cart_id, confirmed_total=total, actor="guest"))
    assert len(set(map(str, urls))) == 1
    assert str(urls[0]).startswith("http://localhost/payments/demo/")
    assert (count(Order), count(Payment), count(DemoIntent)) == (1, 1, 1)
    assert stock(bowl) == (10, 1, 0)


def test_a_declined_payment_frees_the_stock_and_a_second_try_is_the_same_order(bowl: int) -> None:
    cart_id = make_checkout({bowl: 3})
    pay(cart_id)
    first = decide("decline")
    assert (first.state, stock(bowl), rows_of(cart_id)) == (PaymentState.FAILED, (10, 0, 0), {bowl: 3})
    pay(cart_id)
    second = decide("accept")
    assert (second.order_id, second.attempt) == (first.order_id, 2)
    assert (count(Order), stock(bowl)) == (1, (10, 0, 3))


def test_back_from_the_payment_page_and_pay_again_takes_up_the_same_payment(bowl: int) -> None:
    cart_id = make_checkout({bowl: 1})
    assert pay(cart_id) == pay(cart_id)
    assert (count(Payment), stock(bowl)) == (1, (10, 1, 0))


def test_a_changed_cart_calls_the_first_payment_off(bowl: int) -> None:  # fault 44
    cart_id = make_checkout({bowl: 1})
    first_url = pay(cart_id)
    add_line(cart_id=cart_id, customer_id=None, variant_id=bowl, quantity=1)
    assert pay(cart_id) != first_url
    first, second = list_payments(only_payment().order_id)
    assert (first.state, second.state) == (PaymentState.FAILED, PaymentState.PENDING)
    assert (second.money.amount, stock(bowl)) == (5250, (10, 2, 0))
    states = db.session.scalars(select(DemoIntent.state).order_by(DemoIntent.created_at)).all()
    assert states == ["voided", "open"]


def test_what_is_added_while_the_payment_runs_stays_in_the_cart(bowl: int) -> None:  # fault 44
    cart_id = make_checkout({bowl: 1})
    pay(cart_id)
    add_line(cart_id=cart_id, customer_id=None, variant_id=bowl, quantity=2)
    order = read_order_view(decide("accept").order_id)
    assert [line.quantity for line in order.lines] == [1]
    assert rows_of(cart_id) == {bowl: 2}


def test_a_price_that_rose_is_shown_before_anything_is_charged(bowl: int) -> None:  # fault 45
    cart_id = make_checkout({bowl: 1})
    total = read_total(cart_id)
    change_price(variant_id=bowl, currency="EUR", amount=9900, compare_at_amount=None, actor="staff:1")
    with pytest.raises(TotalChanged):
        start_payment(cart_id=cart_id, confirmed_total=total, actor="guest")
    assert (count(Order), count(Payment), stock(bowl)) == (0, 0, (10, 0, 0))
    assert read_total(cart_id) == 9900  # free delivery from €80


def test_the_last_unit_is_sold_once(app: Flask, bowl: int) -> None:  # fault 46
    correct_stock(variant_id=bowl, delta=-9, actor="staff:1", reason="count")
    carts = [make_checkout({bowl: 1}) for _ in range(6)]
    left = iter(carts)
    results = in_parallel(app, 6, lambda: start_payment(cart_id=next(left), confirmed_total=2850, actor="guest"))
    assert sum(isinstance(result, str) for result in results) == 1
    assert all(isinstance(result, str | OutOfStock | StepMissing) for result in results)
    assert (count(Order), stock(bowl)) == (1, (1, 1, 0))


def test_a_slow_payment_is_found_by_the_sweeper(bowl: int) -> None:
    pay(make_checkout({bowl: 1}))
    payment = decide("slow")
    assert payment.is_open
    db.session.execute(update(DemoIntent).values(settles_at=now()))
    db.session.execute(update(Payment).values(next_poll_at=payment.created_at.replace(year=2020)))
    db.session.commit()
    assert settle_pending() == 1
    assert read_order_view(payment.order_id).status == OrderState.PLACED


def expire() -> int:
    db.session.execute(update(Order).values(expires_at=now().replace(year=2020)))
    db.session.commit()
    return expire_orders()


def test_an_unpaid_order_expires_and_the_same_checkout_can_begin_anew(bowl: int) -> None:
    cart_id = make_checkout({bowl: 2})
    pay(cart_id)
    old = only_payment()
    assert expire() == 1
    assert (read_order_view(old.order_id).status, stock(bowl)) == (OrderState.EXPIRED, (10, 0, 0))
    assert read_payment(old.id).state == PaymentState.FAILED
    pay(cart_id)
    order = read_order_view(decide("accept").order_id)
    assert (order.status, count(Order), stock(bowl)) == (OrderState.PLACED, 2, (10, 0, 2))


def test_an_order_whose_money_came_in_silence_is_placed_instead_of_expired(bowl: int) -> None:  # fault 41
    pay(make_checkout({bowl: 1}))
    payment = only_payment()
    assert payment.gateway_reference
    decide_intent(reference=payment.gateway_reference, decision="closed")
    assert expire() == 0
    assert read_order_view(payment.order_id).status == OrderState.PLACED


def test_a_mismatched_amount_is_parked_and_never_fulfilled(bowl: int) -> None:  # fault 39
    pay(make_checkout({bowl: 1}))
    payment = only_payment()
    db.session.execute(update(DemoIntent).values(amount=1, state="captured"))
    db.session.commit()
    assert settle(payment_id=payment.id).state == PaymentState.REVIEW
    assert (read_order_view(payment.order_id).status, events("PaymentParked")) == (OrderState.PENDING, 1)
    # Staff read it, so it is money and no count of cents.
    assert read_payment(payment.id).problem == "The provider says €0.01; we asked for €28.50."


def test_money_for_a_canceled_order_goes_back_by_itself(bowl: int) -> None:  # fault 37
    pay(make_checkout({bowl: 1}))
    payment = only_payment()
    cancel_order(order_id=payment.order_id, reason="test", actor="staff:1")
    after = decide("accept")
    assert (after.state, after.captured.amount, after.refunded.amount) == (PaymentState.CAPTURED, 2850, 2850)
    assert (read_order_view(payment.order_id).status, stock(bowl)) == (OrderState.CANCELED, (10, 0, 0))
    assert (events("PaymentReturned"), events("RefundRequested"), events("OrderPlaced")) == (1, 1, 0)


def test_a_free_order_needs_no_provider(bowl: int) -> None:
    change_price(variant_id=bowl, currency="EUR", amount=0, compare_at_amount=None, actor="staff:1")
    cart_id = make_checkout({bowl: 1})
    save_delivery(cart_id=cart_id, code="post")
    assert read_total(cart_id) == 450


def test_steps_cannot_be_skipped(app: Flask, bowl: int) -> None:
    cart_id = add_line(cart_id=None, customer_id=None, variant_id=bowl, quantity=1).cart_id
    assert first_open_step(find_checkout(cart_id)) == "contact"
    with pytest.raises(StepMissing) as missing:
        save_payment_method(cart_id=cart_id, code="demo")
    assert missing.value.step == "contact"
    with pytest.raises(StepMissing):
        start_payment(cart_id=cart_id, confirmed_total=2850, actor="guest")
    with pytest.raises(StepMissing):
        save_delivery(cart_id=uuid.uuid4(), code="post")


def test_what_is_not_offered_cannot_be_chosen(bowl: int) -> None:
    cart_id = make_checkout({bowl: 1})
    with pytest.raises(StepMissing):
        save_delivery(cart_id=cart_id, code="rocket")
    with pytest.raises(StepMissing):
        save_payment_method(cart_id=cart_id, code="stripe")
    assert find_checkout(cart_id).shipping_code == "post"  # type: ignore[union-attr]
