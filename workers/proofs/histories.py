"""I8: every history is a chain of legal steps that begins at nothing and ends where the row stands."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.sql.elements import TextClause

from storefront.orders.return_states import RETURN_MOVES, ReturnState
from storefront.orders.states import MOVES, OrderState
from workers.proofs.proof import Proof


def _steps(first: enum.StrEnum, moves: Mapping[Any, frozenset[Any]]) -> list[str]:
    """Return each legal step as `from>to`, the birth included."""
    return [f">{first}", *(f"{current}>{target}" for current, targets in moves.items() for target in targets)]


def _with_steps(statement: TextClause) -> TextClause:
    return statement.bindparams(bindparam("steps", expanding=True))


ORDERS = Proof(
    "I8",
    """
    SELECT t.id, t.order_id, o.number, t.before, t.from_state, t.to_state
    FROM (SELECT id, order_id, from_state, to_state,
                 coalesce(lag(to_state) OVER (PARTITION BY order_id ORDER BY id), '') AS before
          FROM orders_order_transition) t
    LEFT JOIN orders_order o ON o.id = t.order_id
    WHERE t.from_state <> t.before OR t.from_state || '>' || t.to_state NOT IN :steps
    """,
    "Order {number} stood at “{before}” and took the step from “{from_state}” to “{to_state}”.",
    ("order_id", "id"),
    values=lambda: {"steps": _steps(OrderState.PENDING, MOVES)}, prepare=_with_steps,
)

ORDER_ENDS = Proof(
    "I8",
    """
    SELECT o.id, o.number, o.state, t.to_state, o.placed_at
    FROM orders_order o
    LEFT JOIN (SELECT order_id, max(id) AS last, max(CASE WHEN to_state = 'placed' THEN 1 ELSE 0 END) AS was_placed
               FROM orders_order_transition GROUP BY order_id) s ON s.order_id = o.id
    LEFT JOIN orders_order_transition t ON t.id = s.last
    WHERE t.id IS NULL OR t.to_state <> o.state OR (o.placed_at IS NOT NULL) <> (s.was_placed = 1)
    """,
    "Order {number} is {state} (placed at {placed_at}); its history ends at {to_state}.",
    ("id",),
)

RETURNS = Proof(
    "I8",
    """
    SELECT t.id, t.return_id, r.number, t.before, t.from_state, t.to_state
    FROM (SELECT id, return_id, from_state, to_state,
                 coalesce(lag(to_state) OVER (PARTITION BY return_id ORDER BY id), '') AS before
          FROM orders_return_transition) t
    LEFT JOIN orders_return r ON r.id = t.return_id
    WHERE t.from_state <> t.before OR t.from_state || '>' || t.to_state NOT IN :steps
    """,
    "Return {number} stood at “{before}” and took the step from “{from_state}” to “{to_state}”.",
    ("return_id", "id"),
    values=lambda: {"steps": _steps(ReturnState.REQUESTED, RETURN_MOVES)}, prepare=_with_steps,
)

RETURN_ENDS = Proof(
    "I8",
    """
    SELECT r.id, r.number, r.state, t.to_state FROM orders_return r
    LEFT JOIN (SELECT return_id, max(id) AS last FROM orders_return_transition GROUP BY return_id) s
      ON s.return_id = r.id
    LEFT JOIN orders_return_transition t ON t.id = s.last
    WHERE t.id IS NULL OR t.to_state <> r.state
    """,
    "Return {number} is {state}; its history ends at {to_state}.",
    ("id",),
)

PROOFS = (ORDERS, ORDER_ENDS, RETURNS, RETURN_ENDS)
