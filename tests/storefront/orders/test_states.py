import itertools

import pytest

from storefront.orders.payment_status import payment_status
from storefront.orders.states import MOVES, IllegalMove, OrderState, check_move

# Said a second time, so that a change of the table is a decision.
LEGAL = {
    ("pending", "placed"), ("pending", "canceled"), ("pending", "expired"), ("expired", "placed"),
    ("placed", "partly_fulfilled"), ("placed", "fulfilled"), ("placed", "canceled"),
    ("partly_fulfilled", "fulfilled"), ("fulfilled", "delivered"), ("fulfilled", "completed"),
    ("delivered", "completed"),
}


@pytest.mark.parametrize(("current", "target"), list(itertools.product(OrderState, OrderState)))
def test_only_the_table_allows_a_move(current: OrderState, target: OrderState) -> None:
    assert (target in MOVES[current]) == ((current.value, target.value) in LEGAL)
    if (current.value, target.value) in LEGAL:
        check_move(current, target)
    else:
        with pytest.raises(IllegalMove):
            check_move(current, target)


def test_a_final_state_stays() -> None:
    assert MOVES[OrderState.CANCELED] == MOVES[OrderState.COMPLETED] == frozenset()


@pytest.mark.parametrize(("total", "paid", "refunded", "status"), [
    (5000, 0, 0, "unpaid"), (5000, 2000, 0, "unpaid"), (5000, 5000, 0, "paid"), (0, 0, 0, "paid"),
    (5000, 5000, 1, "partly_refunded"), (5000, 5000, 5000, "refunded"), (5000, 2000, 2000, "refunded")])
def test_the_payment_status_follows_from_the_sums(total: int, paid: int, refunded: int, status: str) -> None:
    assert payment_status(total=total, paid=paid, refunded=refunded) == status
