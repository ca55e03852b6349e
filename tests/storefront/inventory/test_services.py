import threading
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storefront.foundation.database import db
from storefront.inventory.errors import OutOfStock, StockTooLow
from storefront.inventory.models import StockLevel, StockMovement, StockPolicy
from storefront.inventory.queries import read_availability
from storefront.inventory.services import (
    allocate_stock,
    correct_stock,
    receive_stock,
    release_allocations,
    release_reservations,
    reserve_stock,
    ship_stock,
)

BOWL, CUP = 7, 9


def stock(variant_id: int) -> tuple[int, int, int]:
    db.session.rollback()
    row = db.session.scalars(select(StockLevel).where(StockLevel.variant_id == variant_id)).one()
    return row.on_hand, row.reserved, row.allocated


def ledger(variant_id: int) -> tuple[int, int, int]:
    """What the movements add up to: must equal the level after everything."""
    db.session.rollback()
    row = db.session.execute(
        select(func.sum(StockMovement.on_hand), func.sum(StockMovement.reserved), func.sum(StockMovement.allocated))
        .where(StockMovement.variant_id == variant_id)).one()
    return tuple(int(value or 0) for value in row)


def reserve(
    quantities: dict[int, int], order_id: uuid.UUID | None = None, holder_id: uuid.UUID | None = None
) -> uuid.UUID:
    order_id = order_id or uuid.uuid4()
    reserve_stock(order_id=order_id, holder_id=holder_id or uuid.uuid4(), quantities=quantities, actor="test")
    return order_id


@pytest.fixture
def ten_bowls(app: Flask) -> None:
    receive_stock(variant_id=BOWL, quantity=10, actor="test")


@pytest.mark.usefixtures("ten_bowls")
def test_a_unit_goes_from_shelf_to_hold_to_promise_to_parcel() -> None:
    order_id = reserve({BOWL: 3})
    assert stock(BOWL) == (10, 3, 0)
    allocate_stock(order_id=order_id, holder_id=uuid.uuid4(), quantities={BOWL: 3}, actor="test")
    assert stock(BOWL) == (10, 0, 3)
    ship_stock(order_id=order_id, quantities={BOWL: 3}, actor="test")
    assert stock(BOWL) == (7, 0, 0)
    assert ledger(BOWL) == (7, 0, 0)


@pytest.mark.usefixtures("ten_bowls")
def test_more_than_there_are_is_refused_whole_and_says_what_is_left() -> None:
    receive_stock(variant_id=CUP, quantity=1, actor="test")
    with pytest.raises(OutOfStock) as refused:
        reserve({BOWL: 4, CUP: 2})
    assert refused.value.available == {CUP: 1}
    assert (stock(BOWL), stock(CUP)) == ((10, 0, 0), (1, 0, 0))


@pytest.mark.usefixtures("ten_bowls")
def test_a_second_reservation_of_an_order_supersedes_the_first() -> None:
    order_id = reserve({BOWL: 8})
    reserve({BOWL: 9}, order_id)
    assert stock(BOWL) == (10, 9, 0)


@pytest.mark.usefixtures("ten_bowls")
def test_what_a_cart_holds_itself_counts_as_available_to_it_alone() -> None:
    cart_id = uuid.uuid4()
    reserve({BOWL: 10}, holder_id=cart_id)
    assert read_availability([BOWL], cart_id)[BOWL].available == 10
    assert read_availability([BOWL])[BOWL].state == "sold_out"


@pytest.mark.usefixtures("ten_bowls")
def test_releasing_twice_gives_back_once() -> None:
    order_id = reserve({BOWL: 3})
    assert release_reservations(order_id=order_id, actor="test") == 1
    assert release_reservations(order_id=order_id, actor="test") == 0
    assert stock(BOWL) == (10, 0, 0)


@pytest.mark.usefixtures("ten_bowls")
def test_allocating_twice_promises_once_and_late_money_reserves_anew() -> None:
    order_id = reserve({BOWL: 3})
    release_reservations(order_id=order_id, actor="test")
    for _ in range(2):
        allocate_stock(order_id=order_id, holder_id=uuid.uuid4(), quantities={BOWL: 3}, actor="test")
    assert stock(BOWL) == (10, 0, 3)
    release_allocations(order_id=order_id, actor="test")
    release_allocations(order_id=order_id, actor="test")
    assert stock(BOWL) == (10, 0, 0)


@pytest.mark.usefixtures("ten_bowls")
def test_no_more_leaves_than_was_promised() -> None:
    order_id = reserve({BOWL: 3})
    allocate_stock(order_id=order_id, holder_id=uuid.uuid4(), quantities={BOWL: 3}, actor="test")
    with pytest.raises(StockTooLow):
        ship_stock(order_id=order_id, quantities={BOWL: 4}, actor="test")
    assert stock(BOWL) == (10, 0, 3)


@pytest.mark.usefixtures("ten_bowls")
def test_a_correction_cannot_take_promised_units() -> None:
    reserve({BOWL: 8})
    with pytest.raises(StockTooLow):
        correct_stock(variant_id=BOWL, delta=-3, actor="staff", reason="broken")
    correct_stock(variant_id=BOWL, delta=-2, actor="staff", reason="broken")
    assert stock(BOWL) == (8, 8, 0)


def test_untracked_and_backorder_variants_sell_on(app: Flask) -> None:
    receive_stock(variant_id=BOWL, quantity=0, policy=StockPolicy.UNTRACKED, actor="test")
    receive_stock(variant_id=CUP, quantity=1, policy=StockPolicy.CONTINUE, actor="test")
    reserve({BOWL: 50, CUP: 5})
    assert (stock(BOWL), stock(CUP)) == ((0, 50, 0), (1, 5, 0))
    shown = read_availability([BOWL, CUP])
    assert (shown[BOWL].state, shown[CUP].state) == ("in_stock", "backorder")


@pytest.mark.usefixtures("ten_bowls")
def test_the_database_itself_refuses_to_oversell() -> None:
    row = db.session.scalars(select(StockLevel).where(StockLevel.variant_id == BOWL)).one()
    row.reserved = 11
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def in_parallel(app: Flask, count: int, work: Callable[[], object]) -> list[object]:
    """Run the work at once in as many threads; returns results and exceptions."""
    barrier = threading.Barrier(count)
    results: list[object] = []

    def one() -> None:
        with app.app_context():
            barrier.wait()
            try:
                results.append(work())
            except Exception as error:  # the test looks at what was raised
                results.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.usefixtures("ten_bowls")
def test_ten_units_wanted_by_thirty_at_once_sell_ten_times(app: Flask) -> None:  # fault 46
    results = in_parallel(app, 30, lambda: reserve({BOWL: 1}))
    assert sum(isinstance(result, uuid.UUID) for result in results) == 10
    assert sum(isinstance(result, OutOfStock) for result in results) == 20
    assert stock(BOWL) == (10, 10, 0)
    assert ledger(BOWL) == (10, 10, 0)
