"""The life of an order as a table; anything that is not in it raises."""

from __future__ import annotations

import enum

from storefront.foundation.errors import ShopError


class OrderState(enum.StrEnum):
    """Where an order stands."""

    PENDING = "pending"  # written down, waits for its money
    PLACED = "placed"  # binding: paid, or to be paid on delivery
    PARTLY_FULFILLED = "partly_fulfilled"  # some of it has left
    FULFILLED = "fulfilled"  # everything has left
    DELIVERED = "delivered"  # everything has arrived
    COMPLETED = "completed"  # nothing more can happen by itself
    CANCELED = "canceled"  # called off, stock given back
    EXPIRED = "expired"  # the money never came


MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PLACED, OrderState.CANCELED, OrderState.EXPIRED}),
    OrderState.PLACED: frozenset({OrderState.PARTLY_FULFILLED, OrderState.FULFILLED, OrderState.CANCELED}),
    OrderState.PARTLY_FULFILLED: frozenset({OrderState.FULFILLED}),  # the rest left, or was called off
    OrderState.FULFILLED: frozenset({OrderState.DELIVERED, OrderState.COMPLETED}),
    OrderState.DELIVERED: frozenset({OrderState.COMPLETED}),
    OrderState.COMPLETED: frozenset(),
    OrderState.CANCELED: frozenset(),
    OrderState.EXPIRED: frozenset({OrderState.PLACED}),  # late money, when the stock is still there
}


class IllegalMove(ShopError):
    """The order cannot go from where it is to where it was sent."""

    status = 409


def check_move(current: OrderState, target: OrderState) -> None:
    """Raise IllegalMove unless the table allows the step."""
    if target not in MOVES[current]:
        raise IllegalMove(f"An order that is {current.value} cannot become {target.value}.")
