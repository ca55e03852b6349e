import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import ShopError
from storefront.promotions.errors import CodeLimitTooLow, CodeUsedUp
from storefront.promotions.models import PromotionCode, Redemption
from storefront.promotions.services import change_code, confirm_redemptions, redeem_codes, release_redemptions
from storefront.promotions.spelling import customer_key
from tests.factories.promotions import ACTOR, make_code

ADA, BEA = customer_key("ada@example.com"), customer_key("bea@example.com")
pytestmark = pytest.mark.usefixtures("app")


def redeem(*code_ids: int, who: str = ADA, order_id: uuid.UUID | None = None) -> uuid.UUID:
    order_id = order_id or uuid.uuid4()
    redeem_codes(order_id=order_id, code_ids=code_ids, customer_key=who)
    return order_id


def used(code_id: int) -> tuple[int, int]:
    """The counter, and what it must equal: the redemptions that were not given back."""
    db.session.rollback()
    count = db.session.scalar(select(PromotionCode.used_count).where(PromotionCode.id == code_id))
    rows = db.session.scalar(select(func.count()).where(Redemption.code_id == code_id,
                                                        Redemption.released_at.is_(None)))
    return count or 0, rows or 0


def test_a_code_is_used_as_often_as_its_limit_says() -> None:
    code = make_code(usage_limit=2)
    redeem(code)
    redeem(code, who=BEA)
    with pytest.raises(CodeUsedUp, match="has been used up") as refused:
        redeem(code, who=customer_key("cea@example.com"))
    assert not refused.value.by_customer
    assert used(code) == (2, 2)


def test_a_customer_uses_a_code_as_often_as_their_limit_says_however_the_address_is_written() -> None:
    code = make_code(per_customer_limit=2)
    redeem(code, who=customer_key("a.da+1@gmail.com"))
    redeem(code, who=customer_key("ADA+2@googlemail.com"))
    with pytest.raises(CodeUsedUp, match="You have used the code WELCOME10 already") as refused:
        redeem(code, who=customer_key("ada@gmail.com"))
    assert refused.value.by_customer
    assert used(code) == (2, 2)
    redeem(code, who=BEA)
    assert used(code) == (3, 3)


def test_redeeming_twice_for_one_order_counts_once() -> None:
    code = make_code(usage_limit=1, per_customer_limit=1)
    order_id = redeem(code)
    redeem(code, order_id=order_id)
    assert used(code) == (1, 1)


def test_an_order_that_is_rewritten_gives_back_what_it_no_longer_uses() -> None:
    first, second = make_code("ONE", usage_limit=1), make_code("TWO", usage_limit=1)
    order_id = redeem(first)
    redeem(second, order_id=order_id)
    assert (used(first), used(second)) == ((0, 0), (1, 1))
    redeem(order_id=order_id)
    assert used(second) == (0, 0)


def test_an_order_that_is_rewritten_for_another_address_takes_that_one_s_slot() -> None:
    code = make_code(usage_limit=1, per_customer_limit=1)
    order_id = redeem(code)
    redeem(code, order_id=order_id, who=BEA)
    assert used(code) == (1, 1)
    assert db.session.scalar(select(Redemption.customer_key)) == BEA


def test_releasing_twice_gives_back_once_and_the_slot_is_free_again() -> None:
    code = make_code(usage_limit=1, per_customer_limit=1)
    order_id = redeem(code)
    assert release_redemptions(order_id=order_id) == 1
    assert release_redemptions(order_id=order_id) == 0
    assert used(code) == (0, 0)
    redeem(code)
    assert used(code) == (1, 1)


def test_late_money_redeems_anew_or_is_refused() -> None:
    code = make_code(usage_limit=1)
    late = redeem(code)
    release_redemptions(order_id=late)
    confirm_redemptions(order_id=late)
    confirm_redemptions(order_id=late)
    assert used(code) == (1, 1)
    release_redemptions(order_id=late)
    redeem(code, who=BEA)
    with pytest.raises(CodeUsedUp):
        confirm_redemptions(order_id=late)
    assert used(code) == (1, 1)


def test_a_refused_order_keeps_nothing_of_its_other_codes() -> None:
    free, full = make_code("FREE", usage_limit=5), make_code("FULL", usage_limit=1)
    redeem(full, who=BEA)
    with pytest.raises(CodeUsedUp):
        redeem(free, full)
    assert (used(free), used(full)) == ((0, 0), (1, 1))


def test_a_limit_cannot_fall_below_what_was_used_and_a_lower_one_per_customer_counts_all_uses() -> None:
    code = make_code()
    redeem(code)
    redeem(code)
    with pytest.raises(CodeLimitTooLow, match="used 2 times"):
        change_code(code_id=code, usage_limit=1, per_customer_limit=None, is_active=True, actor=ACTOR)
    change_code(code_id=code, usage_limit=2, per_customer_limit=1, is_active=True, actor=ACTOR)
    with pytest.raises(CodeUsedUp):
        redeem(code)
    assert used(code) == (2, 2)


def test_uses_from_before_there_was_a_limit_per_customer_count_too() -> None:
    code = make_code()
    redeem(code)
    change_code(code_id=code, usage_limit=None, per_customer_limit=1, is_active=True, actor=ACTOR)
    with pytest.raises(CodeUsedUp):
        redeem(code)
    assert used(code) == (1, 1)


def test_the_database_itself_refuses_a_use_too_many_and_a_slot_taken_twice() -> None:
    code = make_code(usage_limit=1, per_customer_limit=1)
    redeem(code)

    @transactional
    def count_beyond() -> None:
        db.session.execute(update(PromotionCode).values(used_count=2))

    @transactional
    def take_again() -> None:
        db.session.add(Redemption(id=uuid.uuid4(), code_id=code, order_id=uuid.uuid4(), customer_key=ADA, slot=1,
                                  created_at=now()))
        db.session.flush()

    for deed in (count_beyond, take_again):
        with pytest.raises(IntegrityError):
            deed()


def together(app: Flask, deeds: list[Callable[[], Any]]) -> list[str]:
    """Run the deeds at the same moment, each in a thread of its own; returns "done" or the refusal of each."""
    db.session.remove()
    barrier = threading.Barrier(len(deeds))
    said = [""] * len(deeds)

    def run(at: int) -> None:
        with app.app_context():
            barrier.wait(30)
            try:
                deeds[at]()
                said[at] = "done"
            except ShopError as error:
                said[at] = type(error).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(said)


@pytest.mark.parametrize("rounds", [20])
def test_the_last_use_wanted_by_two_goes_to_one(app: Flask, rounds: int) -> None:
    for number in range(rounds):
        code = make_code(f"LAST{number}", usage_limit=1)
        said = together(app, [lambda who=who, code=code: redeem(code, who=who) for who in (ADA, BEA)])
        assert said == ["CodeUsedUp", "done"]
        assert used(code) == (1, 1)


@pytest.mark.parametrize("rounds", [20])
def test_one_customer_s_orders_at_once_stay_within_their_limit(app: Flask, rounds: int) -> None:
    for number in range(rounds):
        code = make_code(f"EACH{number}", per_customer_limit=2)
        said = together(app, [lambda code=code: redeem(code)] * 4)
        assert said == ["CodeUsedUp", "CodeUsedUp", "done", "done"]
        assert used(code) == (2, 2)


def test_orders_with_the_same_codes_in_another_order_do_not_block_each_other(app: Flask) -> None:
    for number in range(5):
        one, two = make_code(f"ONE{number}", usage_limit=9), make_code(f"TWO{number}", usage_limit=9)
        said = together(app, [lambda one=one, two=two: redeem(one, two), lambda one=one, two=two: redeem(two, one)] * 2)
        assert said == ["done"] * 4
        assert (used(one), used(two)) == ((4, 4), (4, 4))


def test_a_release_twice_at_once_gives_back_once(app: Flask) -> None:
    code = make_code(usage_limit=3)
    order_id = redeem(code)
    redeem(code, who=BEA)
    together(app, [lambda: release_redemptions(order_id=order_id)] * 3)
    assert used(code) == (1, 1)
