"""What leaves, what arrives, and how an order's life ends."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.orders.fulfillments import complete_orders, fulfill_order, note_delivered, note_parcel, tell_sighting
from storefront.orders.models import Fulfillment, Order
from storefront.orders.returns import cancel_return, request_return
from storefront.orders.states import IllegalMove, OrderState
from storefront.shipping.carriers.port import ParcelStatus, Sighting
from storefront.shipping.models import Parcel
from storefront.shipping.tracking import add_sighting
from tests.factories.orders import STAFF, count, lines_of, make_bowl_order, make_order, read_order, send


@pytest.fixture
def order_id(app: Flask) -> uuid.UUID:
    return make_bowl_order()


def steps(order_id: uuid.UUID) -> list[tuple[str, str, str]]:
    return [(step.from_state, step.to_state, step.actor.partition(":")[0]) for step in read_order(order_id).history]


def seen(status: ParcelStatus, hours: int = 0) -> Sighting:
    return Sighting(uuid.uuid4().hex, status, "", "", now() + timedelta(hours=hours))


def test_two_parcels_leave_and_arrive_and_every_step_is_told(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    first, second = send(order_id, {small: 1}), send(order_id, {small: 1, large: 1})
    assert read_order(order_id).state == OrderState.FULFILLED
    assert note_delivered(fulfillment_id=first, actor=STAFF)
    assert (read_order(order_id).state, read_order(order_id).delivered_at) == (OrderState.FULFILLED, None)
    later = now()
    assert note_delivered(fulfillment_id=second, actor="carrier", at=later)
    assert not note_delivered(fulfillment_id=second, actor="carrier")
    order = read_order(order_id)
    assert (order.state, order.delivered_at) == (OrderState.DELIVERED, later)
    assert steps(order_id)[2:] == [("placed", "partly_fulfilled", "staff"), ("partly_fulfilled", "fulfilled", "staff"),
                                   ("fulfilled", "delivered", "carrier")]


def test_a_part_that_has_arrived_does_not_deliver_what_has_not_left(order_id: uuid.UUID) -> None:
    first = send(order_id, {lines_of(order_id)[0]: 1})
    note_delivered(fulfillment_id=first, actor=STAFF)
    assert read_order(order_id).state == OrderState.PARTLY_FULFILLED


def test_nothing_more_leaves_than_is_left_and_nothing_of_an_ended_order(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    for quantities in ({small: 3}, {small: -1}, {small: 0}, {uuid.uuid4(): 1}, {}):
        with pytest.raises(ShopError):
            send(order_id, quantities)
    send(order_id)
    with pytest.raises(IllegalMove):
        send(order_id, {small: 1})
    assert count(Fulfillment) == 1


def test_a_form_sent_twice_is_one_parcel(order_id: uuid.UUID) -> None:
    small, _ = lines_of(order_id)
    key = uuid.uuid4()
    for _ in range(2):
        assert fulfill_order(order_id=order_id, carrier="Post", tracking_number="", actor=STAFF, quantities={small: 1},
                             fulfillment_id=key) == key
    assert count(Fulfillment) == 1
    other = make_order({read_order(order_id).lines[0].variant_id: 1})
    with pytest.raises(ShopError, match="no such parcel"):
        fulfill_order(order_id=other, carrier="Post", tracking_number="", actor=STAFF, fulfillment_id=key)
    with pytest.raises(ShopError, match="everything stands at 0"):
        send(order_id, {small: 0})


def test_a_tracking_number_makes_one_parcel_for_whoever_is_in_it(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    send(order_id, {small: 2}, number="ce 123 456 785 ie")
    send(order_id, {large: 1}, number="CE123456785IE", carrier="AN POST")
    parcel = db.session.scalars(select(Parcel)).one()
    assert parcel.tracking_url == "https://www.anpost.com/Post-Parcels/Track/History?item=CE123456785IE"
    assert add_sighting(parcel_id=parcel.id, sighting=seen(ParcelStatus.DELIVERED), actor="carrier")
    assert (note_parcel(parcel_id=parcel.id), note_parcel(parcel_id=parcel.id)) == (2, 0)
    assert read_order(order_id).state == OrderState.DELIVERED


def test_staff_say_that_a_parcel_without_a_number_has_arrived(order_id: uuid.UUID) -> None:
    fulfillment_id = send(order_id)
    with pytest.raises(ShopError, match="no tracking number"):
        tell_sighting(fulfillment_id=fulfillment_id, sighting=seen(ParcelStatus.IN_TRANSIT), actor=STAFF)
    assert tell_sighting(fulfillment_id=fulfillment_id, sighting=seen(ParcelStatus.DELIVERED), actor=STAFF)
    assert read_order(order_id).state == OrderState.DELIVERED


def test_whoever_says_that_a_tracked_parcel_arrived_stands_in_the_history(order_id: uuid.UUID) -> None:
    fulfillment_id = send(order_id, number="CE123456785IE")
    assert tell_sighting(fulfillment_id=fulfillment_id, sighting=seen(ParcelStatus.DELIVERED), actor=STAFF)
    assert steps(order_id)[-1] == ("fulfilled", "delivered", "staff")


def test_a_link_is_kept_only_when_it_is_https(order_id: uuid.UUID) -> None:
    small, large = lines_of(order_id)
    for line_id, url in ((small, "https://carrier.example/t/1"), (large, "javascript:alert(1)")):
        fulfill_order(order_id=order_id, carrier="Bertie", tracking_number=f"N{line_id}", tracking_url=url, actor=STAFF,
                      quantities={line_id: 1})
    assert sorted(db.session.scalars(select(Parcel.tracking_url))) == ["", "https://carrier.example/t/1"]


def age(order_id: uuid.UUID, days: int) -> None:
    db.session.execute(update(Order).values(delivered_at=now() - timedelta(days=days))
                       .where(Order.delivered_at.is_not(None)))
    db.session.execute(update(Fulfillment).values(created_at=now() - timedelta(days=days)))
    db.session.commit()


def test_a_delivered_order_completes_after_thirty_days(order_id: uuid.UUID) -> None:
    note_delivered(fulfillment_id=send(order_id), actor=STAFF)
    age(order_id, 29)
    assert complete_orders() == 0
    age(order_id, 31)
    assert (complete_orders(), complete_orders()) == (1, 0)
    assert steps(order_id)[-1] == ("delivered", "completed", "system")


def test_without_news_an_order_completes_after_forty_five_days(order_id: uuid.UUID) -> None:
    send(order_id)
    age(order_id, 44)
    assert complete_orders() == 0
    age(order_id, 46)
    assert complete_orders() == 1
    assert read_order(order_id).state == OrderState.COMPLETED


def test_an_order_of_which_something_comes_back_stays_open(order_id: uuid.UUID) -> None:
    note_delivered(fulfillment_id=send(order_id), actor=STAFF)
    return_id = uuid.uuid4()
    request_return(return_id=return_id, order_id=order_id, quantities={lines_of(order_id)[0]: 1}, reason="",
                   actor="guest")
    age(order_id, 40)
    assert complete_orders() == 0
    cancel_return(return_id=return_id, actor="guest")
    assert complete_orders() == 1
