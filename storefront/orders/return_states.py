"""The life of a return as a table; anything that is not in it raises."""

from __future__ import annotations

import enum

from storefront.orders.states import IllegalMove


class ReturnState(enum.StrEnum):
    """Where a return stands."""

    REQUESTED = "requested"  # the customer asked
    APPROVED = "approved"  # staff agreed, or the law did; the goods may be sent
    REJECTED = "rejected"  # staff said no, and why
    RECEIVED = "received"  # the goods are here
    REFUNDED = "refunded"  # the money is on its way back
    CANCELED = "canceled"  # the customer keeps the goods after all


RETURN_MOVES: dict[ReturnState, frozenset[ReturnState]] = {
    ReturnState.REQUESTED: frozenset({ReturnState.APPROVED, ReturnState.REJECTED, ReturnState.CANCELED}),
    ReturnState.APPROVED: frozenset({ReturnState.RECEIVED, ReturnState.CANCELED}),
    ReturnState.REJECTED: frozenset(),
    ReturnState.RECEIVED: frozenset({ReturnState.REFUNDED, ReturnState.REJECTED}),  # what came is not what was sent
    ReturnState.REFUNDED: frozenset(),
    ReturnState.CANCELED: frozenset(),
}
OPEN_RETURNS = (ReturnState.REQUESTED, ReturnState.APPROVED, ReturnState.RECEIVED)  # something is still to be done


def check_return_move(current: ReturnState, target: ReturnState) -> None:
    """Raise IllegalMove unless the table allows the step."""
    if current == target:
        raise IllegalMove(f"That was done before: this return is {target.value} already.")
    if target not in RETURN_MOVES[current]:
        raise IllegalMove(f"A return that is {current.value} cannot become {target.value}.")
