"""I1: every unit is explained by movements, reservations and allocations; nothing is sold that is not there."""

from __future__ import annotations

from workers.proofs.proof import Proof

LEVELS = Proof(
    "I1",
    """
    SELECT l.variant_id, l.location_id, l.on_hand, l.reserved, l.allocated, coalesce(m.on_hand, 0) AS moved,
           coalesce(m.reserved, 0) AS moved_reserved, coalesce(m.allocated, 0) AS moved_allocated
    FROM inventory_stock_level l
    LEFT JOIN (SELECT variant_id, location_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved,
                      sum(allocated) AS allocated
               FROM inventory_stock_movement GROUP BY variant_id, location_id) m
      ON m.variant_id = l.variant_id AND m.location_id = l.location_id
    WHERE l.on_hand <> coalesce(m.on_hand, 0) OR l.reserved <> coalesce(m.reserved, 0)
       OR l.allocated <> coalesce(m.allocated, 0)
    """,
    "Variant {variant_id} at location {location_id} has {on_hand} on hand, {reserved} reserved, {allocated} "
    "allocated; its movements add up to {moved}, {moved_reserved}, {moved_allocated}.",
    ("variant_id", "location_id"),
)

PROMISES = Proof(
    "I1",
    """
    SELECT variant_id, location_id, sum(reserved) AS reserved, sum(held) AS held, sum(allocated) AS allocated,
           sum(open) AS open
    FROM (SELECT variant_id, location_id, reserved, 0 AS held, allocated, 0 AS open FROM inventory_stock_level
          UNION ALL
          SELECT variant_id, location_id, 0, quantity, 0, 0 FROM inventory_reservation WHERE state = 'held'
          UNION ALL
          SELECT variant_id, location_id, 0, 0, 0, quantity - shipped_quantity - released_quantity
          FROM inventory_allocation) said
    GROUP BY variant_id, location_id
    HAVING sum(reserved) <> sum(held) OR sum(allocated) <> sum(open)
    """,
    "Variant {variant_id} at location {location_id} says {reserved} reserved and {allocated} allocated; "
    "{held} are held for orders and {open} allocated to them.",
    ("variant_id", "location_id"),
)

NEGATIVE = Proof(
    "I1",
    """
    SELECT variant_id, location_id, on_hand, reserved, allocated FROM inventory_stock_level
    WHERE reserved < 0 OR allocated < 0
       OR (policy = 'deny' AND (on_hand < 0 OR on_hand - reserved - allocated < 0))
    """,
    "Variant {variant_id} at location {location_id} is oversold: {on_hand} on hand, {reserved} reserved, "
    "{allocated} allocated.",
    ("variant_id", "location_id"),
)

NOWHERE = Proof(
    "I1",
    """
    SELECT m.variant_id, m.location_id, sum(m.on_hand) AS on_hand FROM inventory_stock_movement m
    WHERE NOT EXISTS (SELECT 1 FROM inventory_stock_level l
                      WHERE l.variant_id = m.variant_id AND l.location_id = m.location_id)
    GROUP BY m.variant_id, m.location_id
    """,
    "Movements tell of {on_hand} units of variant {variant_id} at location {location_id}, which has no level.",
    ("variant_id", "location_id"),
)

ALLOCATIONS = Proof(
    "I1",
    """
    SELECT order_id, variant_id, sum(quantity) AS quantity, sum(moved) AS moved, sum(shipped) AS shipped,
           sum(moved_out) AS moved_out, sum(released) AS released, sum(moved_back) AS moved_back
    FROM (SELECT order_id, variant_id, location_id, quantity, 0 AS moved, shipped_quantity AS shipped,
                 0 AS moved_out, released_quantity AS released, 0 AS moved_back
          FROM inventory_allocation
          UNION ALL
          SELECT order_id, variant_id, location_id, 0, CASE WHEN allocated > 0 THEN allocated ELSE 0 END, 0,
                 CASE WHEN allocated < 0 AND on_hand < 0 THEN -on_hand ELSE 0 END, 0,
                 CASE WHEN allocated < 0 AND on_hand = 0 THEN -allocated ELSE 0 END
          FROM inventory_stock_movement WHERE order_id IS NOT NULL AND allocated <> 0) said
    GROUP BY order_id, variant_id, location_id
    HAVING sum(quantity) <> sum(moved) OR sum(shipped) <> sum(moved_out) OR sum(released) <> sum(moved_back)
    """,
    "Order {order_id} has {quantity} of variant {variant_id} allocated, {shipped} shipped, {released} released; "
    "its movements say {moved}, {moved_out}, {moved_back}.",
    ("order_id", "variant_id"),
)

# What orders say of units and what the stock says: bought, left, called off.
BOUGHT = Proof(
    "I1",
    """
    SELECT o.number, s.order_id, s.variant_id, s.bought, s.allocated, s.left_quantity, s.shipped, s.called_off,
           s.released
    FROM (SELECT order_id, variant_id, sum(bought) AS bought, sum(allocated) AS allocated,
                 sum(left_quantity) AS left_quantity, sum(shipped) AS shipped, sum(called_off) AS called_off,
                 sum(released) AS released
          FROM (SELECT order_id, variant_id, quantity AS bought, 0 AS allocated, 0 AS left_quantity, 0 AS shipped,
                       canceled_quantity AS called_off, 0 AS released
                FROM orders_order_line
                UNION ALL
                SELECT l.order_id, l.variant_id, 0, 0, f.quantity, 0, 0, 0
                FROM orders_fulfillment_line f JOIN orders_order_line l ON l.id = f.order_line_id
                UNION ALL
                SELECT order_id, variant_id, 0, quantity, 0, shipped_quantity, 0, released_quantity
                FROM inventory_allocation) said
          GROUP BY order_id, variant_id) s
    LEFT JOIN orders_order o ON o.id = s.order_id
    WHERE (o.placed_at IS NULL AND s.allocated <> 0)
       OR (o.placed_at IS NOT NULL AND s.allocated <> s.bought)
       OR s.left_quantity <> s.shipped
       OR (o.state = 'canceled' AND s.shipped + s.released <> s.allocated)
       OR (o.state <> 'canceled' AND s.released <> s.called_off)
    """,
    "Order {number} bought {bought} of variant {variant_id}, {left_quantity} left and {called_off} were called off; "
    "the stock says {allocated} allocated, {shipped} shipped, {released} released.",
    ("order_id", "variant_id"),
)

HELD_FOR_NOBODY = Proof(
    "I1",
    """
    SELECT r.id, r.order_id, r.variant_id, r.quantity, o.state FROM inventory_reservation r
    LEFT JOIN orders_order o ON o.id = r.order_id
    WHERE r.state = 'held' AND (o.id IS NULL OR o.state <> 'pending')
    """,
    "{quantity} of variant {variant_id} are held for order {order_id}, whose state is {state}.",
    ("id", "order_id"),
)

PROOFS = (LEVELS, PROMISES, NEGATIVE, NOWHERE, ALLOCATIONS, BOUGHT, HELD_FOR_NOBODY)
