import itertools

import pytest

from storefront.orders.states import MOVES, IllegalMove, OrderState, check_move


@pytest.mark.parametrize(("current", "target"), list(itertools.product(OrderState, OrderState)))
def test_only_the_table_allows_a_move(current: OrderState, target: OrderState) -> None:
    if target in MOVES[current]:
        check_move(current, target)
    else:
        with pytest.raises(IllegalMove):
            check_move(current, target)


def test_a_final_state_stays() -> None:
    assert MOVES[OrderState.CANCELED] == MOVES[OrderState.COMPLETED] == frozenset()
