import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storefront.cart.errors import CartFull, InvalidQuantity, LineGone, NotEnough, NotForSale
from storefront.cart.models import MAX_LINES, Cart, CartLine
from storefront.cart.queries import find_cart_id, find_guest_cart_id
from storefront.cart.services import (
    add_line,
    change_line,
    forget_carts,
    merge_carts,
    remove_line,
    restore_line,
    take_bought,
)
from storefront.catalog.models import ProductStatus, Variant
from storefront.catalog.services import change_status
from storefront.foundation.clock import now
from storefront.foundation.database import db
from tests.factories.cart import count_lines, line_of, make_cart, rows_of
from tests.factories.catalog import make_product

pytestmark = pytest.mark.usefixtures("app")


def add(variant_id: int, quantity: int, cart_id: uuid.UUID | None = None,
        customer_id: uuid.UUID | None = None) -> uuid.UUID:
    return add_line(cart_id=cart_id, customer_id=customer_id, variant_id=variant_id, quantity=quantity).cart_id


def at_once(app: Flask, tasks: list[Callable[[], object]]) -> list[object]:
    """Run the tasks in threads that start together; returns what each returned or raised."""
    barrier, answers = threading.Barrier(len(tasks)), list[object]()

    def run(task: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                answers.append(task())
            except Exception as error:
                answers.append(error)

    db.session.remove()
    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def test_the_first_thing_opens_a_cart_and_says_so() -> None:
    bowl = make_product(name="Oat Bowl")
    result = add_line(cart_id=None, customer_id=None, variant_id=bowl.variant_id, quantity=2)
    assert rows_of(result.cart_id) == {bowl.variant_id: 2}
    assert (result.quantity, result.message) == (2, "Oat Bowl is in your cart.")


def test_adding_the_same_again_adds_up_on_one_line() -> None:
    bowl = make_product()
    cart_id = add(bowl.variant_id, 2)
    assert add(bowl.variant_id, 3, cart_id) == cart_id
    assert rows_of(cart_id) == {bowl.variant_id: 5}
    assert count_lines() == 1


def test_an_unknown_cart_id_opens_a_cart_under_an_id_of_our_own() -> None:
    bowl, planted = make_product(), uuid.uuid4()
    cart_id = add(bowl.variant_id, 1, planted)
    assert cart_id != planted
    assert find_guest_cart_id(planted) is None


@pytest.mark.parametrize("quantity", [0, -1, 1000, 10**9, 2**31, 2**63])  # fault 53
def test_a_quantity_out_of_range_moves_no_row(quantity: int) -> None:
    bowl = make_product(policy="untracked")
    cart_id = make_cart({bowl.variant_id: 2})
    with pytest.raises(InvalidQuantity):
        add(bowl.variant_id, quantity, cart_id)
    if quantity:
        with pytest.raises(InvalidQuantity):
            change_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id), quantity=quantity)
    assert rows_of(cart_id) == {bowl.variant_id: 2}
    assert count_lines() == 1


@pytest.mark.parametrize("quantity", [0, -1, 1000, 2**31 - 1])  # fault 53
def test_the_table_itself_refuses_what_a_defect_would_write(quantity: int) -> None:
    cart_id = make_cart({make_product().variant_id: 1})
    db.session.add(CartLine(cart_id=cart_id, variant_id=99, quantity=quantity))
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_adding_more_than_is_available_keeps_the_old_quantity() -> None:
    bowl = make_product(stock=3)
    cart_id = make_cart({bowl.variant_id: 2})
    with pytest.raises(NotEnough, match=re.escape("There are 3 left; your cart still holds 2.")) as refusal:
        add(bowl.variant_id, 2, cart_id)
    assert (refusal.value.available, refusal.value.held) == (3, 2)
    assert rows_of(cart_id) == {bowl.variant_id: 2}


def test_adding_five_of_three_to_an_empty_cart_adds_none_and_offers_three() -> None:
    bowl = make_product(stock=3)
    with pytest.raises(NotEnough, match=re.escape("There are 3 left. Please choose 3 or fewer.")):
        add(bowl.variant_id, 5)
    assert count_lines() == 0
    assert db.session.scalars(select(Cart.id)).all() == []


def test_the_sold_out_cannot_be_added() -> None:
    bowl = make_product(stock=0)
    with pytest.raises(NotEnough, match=re.escape("This one is sold out, so nothing was added.")):
        add(bowl.variant_id, 1)
    assert count_lines() == 0


def test_the_last_one_already_in_the_cart_is_told() -> None:
    bowl = make_product(stock=1)
    cart_id = make_cart({bowl.variant_id: 1})
    with pytest.raises(NotEnough, match=re.escape("There is 1 left, and you have it in your cart.")):
        add(bowl.variant_id, 1, cart_id)


def test_what_is_made_to_order_is_added_beyond_the_stock() -> None:
    bowl = make_product(stock=1, policy="continue")
    assert rows_of(add(bowl.variant_id, 40)) == {bowl.variant_id: 40}


def test_an_unknown_variant_is_not_for_sale() -> None:
    with pytest.raises(NotForSale):
        add(4711, 1)
    assert count_lines() == 0


def test_an_archived_variant_is_not_for_sale() -> None:
    bowl = make_product()
    db.session.get_one(Variant, bowl.variant_id).is_archived = True
    db.session.commit()
    with pytest.raises(NotForSale):
        add(bowl.variant_id, 1)


@pytest.mark.parametrize("status", ["draft", "inactive", "discontinued"])
def test_a_product_off_sale_is_not_for_sale(status: str) -> None:
    bowl = make_product(status="draft" if status == "draft" else "active")
    if status != "draft":
        change_status(product_id=bowl.id, status=ProductStatus.INACTIVE, actor="staff:1")
        if status == "discontinued":
            change_status(product_id=bowl.id, status=ProductStatus.DISCONTINUED, actor="staff:1")
    with pytest.raises(NotForSale):
        add(bowl.variant_id, 1)
    assert count_lines() == 0


def test_a_changed_quantity_is_set_not_added() -> None:
    bowl, cup = make_product(), make_product(slug="cup")
    cart_id = make_cart({bowl.variant_id: 2, cup.variant_id: 1})
    change_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id), quantity=7)
    assert rows_of(cart_id) == {bowl.variant_id: 7, cup.variant_id: 1}


def test_changing_to_more_than_there_are_keeps_the_old_quantity() -> None:
    bowl = make_product(stock=3)
    cart_id = make_cart({bowl.variant_id: 2})
    with pytest.raises(NotEnough, match=re.escape("There are 3 left; your cart still holds 2.")):
        change_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id), quantity=4)
    assert rows_of(cart_id) == {bowl.variant_id: 2}


def test_zero_removes_the_line_and_undo_brings_it_back_as_it_was() -> None:
    bowl, cup = make_product(), make_product(slug="cup")
    cart_id = make_cart({bowl.variant_id: 3, cup.variant_id: 1})
    line_id = line_of(cart_id, bowl.variant_id)
    change_line(cart_id=cart_id, line_id=line_id, quantity=0)
    assert rows_of(cart_id) == {cup.variant_id: 1}
    restore_line(cart_id=cart_id, line_id=line_id)
    restore_line(cart_id=cart_id, line_id=line_id)
    assert rows_of(cart_id) == {bowl.variant_id: 3, cup.variant_id: 1}


def test_removing_twice_is_removing_once() -> None:
    bowl = make_product()
    cart_id = make_cart({bowl.variant_id: 3})
    line_id = line_of(cart_id, bowl.variant_id)
    remove_line(cart_id=cart_id, line_id=line_id)
    remove_line(cart_id=cart_id, line_id=line_id)
    assert rows_of(cart_id) == {}


def test_a_removed_thing_added_again_counts_from_nothing() -> None:
    bowl = make_product(stock=3)
    cart_id = make_cart({bowl.variant_id: 3})
    remove_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id))
    add(bowl.variant_id, 2, cart_id)
    assert rows_of(cart_id) == {bowl.variant_id: 2}
    assert count_lines() == 1


def test_a_line_removed_in_another_tab_cannot_be_changed() -> None:
    bowl = make_product()
    cart_id = make_cart({bowl.variant_id: 3})
    line_id = line_of(cart_id, bowl.variant_id)
    remove_line(cart_id=cart_id, line_id=line_id)
    with pytest.raises(LineGone):
        change_line(cart_id=cart_id, line_id=line_id, quantity=1)
    assert rows_of(cart_id) == {}


def test_another_carts_line_cannot_be_reached() -> None:  # fault 63, security 17
    bowl = make_product()
    mine, theirs = make_cart({bowl.variant_id: 1}), make_cart({bowl.variant_id: 2})
    line_id = line_of(theirs, bowl.variant_id)
    for deed in (remove_line, restore_line):
        with pytest.raises(LineGone):
            deed(cart_id=mine, line_id=line_id)
    with pytest.raises(LineGone):
        change_line(cart_id=mine, line_id=line_id, quantity=9)
    assert (rows_of(mine), rows_of(theirs)) == ({bowl.variant_id: 1}, {bowl.variant_id: 2})


def test_a_full_cart_takes_no_other_thing_but_more_of_the_same() -> None:
    bowl, cup = make_product(), make_product(slug="cup")
    cart_id = make_cart({bowl.variant_id: 1})
    db.session.add_all(CartLine(cart_id=cart_id, variant_id=10_000 + at, quantity=1) for at in range(MAX_LINES - 1))
    db.session.commit()
    with pytest.raises(CartFull):
        add(cup.variant_id, 1, cart_id)
    add(bowl.variant_id, 1, cart_id)
    assert rows_of(cart_id)[bowl.variant_id] == 2
    assert len(rows_of(cart_id)) == MAX_LINES


def test_a_guests_cart_becomes_the_customers_who_has_none() -> None:
    bowl, customer_id = make_product(), uuid.uuid4()
    guest = make_cart({bowl.variant_id: 2})
    assert merge_carts(guest_cart_id=guest, customer_id=customer_id) == []
    assert find_cart_id(customer_id) == guest
    assert find_guest_cart_id(guest) is None
    assert rows_of(guest) == {bowl.variant_id: 2}


def test_merging_takes_the_larger_quantity_and_says_so() -> None:
    bowl, cup, vase, customer_id = make_product(), make_product(slug="cup"), make_product(slug="vase"), uuid.uuid4()
    own = make_cart({bowl.variant_id: 2, cup.variant_id: 5}, customer_id=customer_id)
    guest = make_cart({bowl.variant_id: 4, cup.variant_id: 1, vase.variant_id: 1})
    notices = merge_carts(guest_cart_id=guest, customer_id=customer_id)
    assert rows_of(own) == {bowl.variant_id: 4, cup.variant_id: 5, vase.variant_id: 1}
    assert notices == ["Your account had kept a cart from before; both are one now.",
                       "Where both held the same thing, the larger quantity stands."]
    assert db.session.get(Cart, guest) is None
    assert count_lines() == 3


def test_merging_again_changes_nothing() -> None:
    bowl, customer_id = make_product(), uuid.uuid4()
    own = make_cart({bowl.variant_id: 2}, customer_id=customer_id)
    guest = make_cart({bowl.variant_id: 4})
    merge_carts(guest_cart_id=guest, customer_id=customer_id)
    change_line(cart_id=own, line_id=line_of(own, bowl.variant_id), quantity=1)
    assert merge_carts(guest_cart_id=guest, customer_id=customer_id) == []
    assert merge_carts(guest_cart_id=own, customer_id=customer_id) == []
    assert rows_of(own) == {bowl.variant_id: 1}


def test_another_customers_cart_is_never_merged() -> None:
    bowl, mine, other = make_product(), uuid.uuid4(), uuid.uuid4()
    theirs = make_cart({bowl.variant_id: 4}, customer_id=other)
    own = make_cart({bowl.variant_id: 1}, customer_id=mine)
    assert merge_carts(guest_cart_id=theirs, customer_id=mine) == []
    assert merge_carts(guest_cart_id=theirs, customer_id=uuid.uuid4()) == []
    assert (rows_of(own), rows_of(theirs)) == ({bowl.variant_id: 1}, {bowl.variant_id: 4})


def test_what_was_removed_from_the_guests_cart_stays_out() -> None:
    bowl, cup, customer_id = make_product(), make_product(slug="cup"), uuid.uuid4()
    own = make_cart({cup.variant_id: 1}, customer_id=customer_id)
    guest = make_cart({bowl.variant_id: 4})
    remove_line(cart_id=guest, line_id=line_of(guest, bowl.variant_id))
    merge_carts(guest_cart_id=guest, customer_id=customer_id)
    assert rows_of(own) == {cup.variant_id: 1}


@pytest.mark.parametrize("has_own", [True, False])
def test_signing_in_ten_times_at_once_merges_once(app: Flask, has_own: bool) -> None:  # fault 52
    bowl, cup, customer_id = make_product(stock=50), make_product(slug="cup"), uuid.uuid4()
    if has_own:
        make_cart({bowl.variant_id: 5, cup.variant_id: 1}, customer_id=customer_id)
    guest = make_cart({bowl.variant_id: 7})
    answers = at_once(app, [lambda: merge_carts(guest_cart_id=guest, customer_id=customer_id)] * 10)
    assert all(isinstance(answer, list) for answer in answers)
    assert sum(bool(answer) for answer in answers) == has_own  # told once
    own = find_cart_id(customer_id)
    assert own is not None
    assert rows_of(own) == ({bowl.variant_id: 7, cup.variant_id: 1} if has_own else {bowl.variant_id: 7})
    assert db.session.scalars(select(Cart.id)).all() == [own]


def test_two_tabs_adding_at_once_lose_nothing_and_never_pass_the_stock(app: Flask) -> None:
    bowl = make_product(stock=7)
    cart_id = make_cart({bowl.variant_id: 1})
    answers = at_once(app, [lambda: add(bowl.variant_id, 1, cart_id)] * 10)
    assert sum(answer == cart_id for answer in answers) == 6
    assert sum(isinstance(answer, NotEnough) for answer in answers) == 4
    assert rows_of(cart_id) == {bowl.variant_id: 7}
    assert count_lines() == 1


def test_a_customers_first_thing_from_two_tabs_makes_one_cart(app: Flask) -> None:
    bowl, customer_id = make_product(stock=50), uuid.uuid4()
    answers = at_once(app, [lambda: add(bowl.variant_id, 1, None, customer_id)] * 6)
    own = find_cart_id(customer_id)
    assert own is not None
    assert answers == [own] * 6
    assert rows_of(own) == {bowl.variant_id: 6}


def test_what_was_bought_leaves_and_what_was_added_meanwhile_stays() -> None:
    bowl, cup, vase = make_product(), make_product(slug="cup"), make_product(slug="vase")
    cart_id = make_cart({bowl.variant_id: 3, cup.variant_id: 2, vase.variant_id: 1})
    take_bought(cart_id=cart_id, quantities={bowl.variant_id: 2, cup.variant_id: 2, 4711: 1})
    assert rows_of(cart_id) == {bowl.variant_id: 1, vase.variant_id: 1}


def test_taking_from_a_cart_that_is_gone_changes_nothing() -> None:
    cart_id = make_cart({make_product().variant_id: 3})
    take_bought(cart_id=uuid.uuid4(), quantities={1: 3})
    assert list(rows_of(cart_id).values()) == [3]


def test_old_guests_carts_are_forgotten_customers_and_new_ones_stay() -> None:
    bowl = make_product()
    old, new = make_cart({bowl.variant_id: 1}), make_cart({bowl.variant_id: 1})
    own = make_cart({bowl.variant_id: 1}, customer_id=uuid.uuid4())
    for cart_id in (old, own):
        db.session.get_one(Cart, cart_id).updated_at = now() - timedelta(days=31)
    db.session.commit()
    assert forget_carts() == 1
    assert set(db.session.scalars(select(Cart.id))) == {new, own}
    assert count_lines() == 2
