# ruff: noqa: S608  # fixed strings
"""What `flask audit` must find: SQL that breaks a lively shop, and what must then be said."""

from __future__ import annotations

from typing import NamedTuple

OLD = "'2020-01-01 00:00:00'"


class Plant(NamedTuple):
    """SQL that breaks the shop in one way, the invariants it breaks, and what a sentence must say."""

    broken: str
    says: str
    sql: str
    loosen: tuple[str, ...] = ()  # tables whose CHECKs, keys and triggers stand in the way


LEVEL, MOVE = "inventory_stock_level", "inventory_stock_movement"
STOCK = [
    Plant("I1", "movements add up to", f"UPDATE {LEVEL} SET on_hand = on_hand + 1"),
    Plant("I1", "are held for orders", f"UPDATE {LEVEL} SET reserved = reserved + 1; "
          f"INSERT INTO {MOVE} (variant_id, location_id, on_hand, reserved, allocated, reason, actor, created_at) "
          f"SELECT variant_id, location_id, 0, 1, 0, 'reserved', 'x', {OLD} FROM {LEVEL}"),
    Plant("I1", "is oversold: -99 on hand", f"UPDATE {LEVEL} SET on_hand = -99", (LEVEL,)),
    Plant("I1", "has no level", f"DELETE FROM {LEVEL}"),
    Plant("I1", "its movements say",
          "UPDATE inventory_allocation SET quantity = quantity + 1, released_quantity = released_quantity + 1"),
    Plant("I1", "bought 4 of variant", "UPDATE orders_order_line SET quantity = 4, unit_amount = total_amount / 4, "
          "total_amount = total_amount / 4 * 4, gross_amount = total_amount / 4 * 4 WHERE quantity = 3"),
    Plant("I1", "1 left", "UPDATE orders_fulfillment_line SET quantity = 1"),
    Plant("I1", "whose state is nothing",
          "UPDATE inventory_reservation SET order_id = (SELECT id FROM orders_return) WHERE state = 'held'"),
]

PAY = "payments_payment"
KEPT = f"(SELECT p.id FROM {PAY} p JOIN orders_order o ON o.id = p.order_id WHERE o.state = 'placed' " \
       "AND p.state = 'captured' AND p.gateway = 'demo' AND p.refunded_amount = 0 ORDER BY p.id LIMIT 1)"
UNPLACE = "UPDATE orders_order SET {} WHERE id = (SELECT order_id FROM " + f"{PAY} WHERE id = {KEPT})"
MONEY = [
    Plant("I2", "its order nothing is nothing",
          f"UPDATE {PAY} SET order_id = (SELECT id FROM orders_return) WHERE id = {KEPT}"),
    Plant("I1 I2 I8", "captured 2850 EUR and promises 0 back, but its order .* is canceled",
          UNPLACE.format("state = 'canceled'")),
    Plant("I2 I3", "is failed and says that 1 were captured",
          f"UPDATE {PAY} SET captured_amount = 1 WHERE state = 'pending'; "
          f"UPDATE {PAY} SET state = 'failed' WHERE captured_amount = 1 AND state = 'pending'"),
    Plant("I2 I3", "its captured payments come to 2850", UNPLACE.format("paid_amount = paid_amount - 1")),
    Plant("I2 I4", "to be paid by demo, has 2850 paid", UNPLACE.format("total_amount = total_amount + 1")),
    Plant("I2 I3", "is in JPY, its order", f"UPDATE {PAY} SET currency = 'JPY' WHERE id = {KEPT}"),
]

LEDGER = "payments_ledger_transfer"
BOOKS = [
    Plant("I3", "which is no transfer", f"UPDATE {LEDGER} SET credit = debit WHERE key LIKE 'issued:%'", (LEDGER,)),
    Plant("I3", "Account petty_cash stands at 5 EUR",
          f"INSERT INTO {LEDGER} (key, debit, credit, amount, currency, actor, booked_at) "
          f"VALUES ('x', 'clearing:demo', 'petty_cash', 5, 'EUR', 'x', {OLD})"),
    Plant("I2 I3", "the ledger says 0 and", f"DELETE FROM {LEDGER} WHERE key LIKE 'captured:%' AND credit = 'orders'",
          (LEDGER,)),
    Plant("I3", "Payment .* the ledger says 2851, 0 and 0",
          f"UPDATE {LEDGER} SET amount = amount + 1 WHERE key LIKE 'captured:%' AND payment_id = {KEPT}", (LEDGER,)),
    Plant("I3", "its refunds come to", "UPDATE payments_refund SET amount = amount + 1"),
    Plant("I3", "0 EUR due and .* sent; the ledger says",
          "UPDATE payments_refund SET state = 'failed', next_try_at = created_at WHERE state = 'refunded'"),
    Plant("I3", "counts 1 EUR as refunded",
          UNPLACE.format("refunded_amount = 1")),
    Plant("I3", "Line .* counts .* its refunds come to",
          "UPDATE orders_order_refund_line SET amount = amount + 1"),
    Plant("I3", "is over .* of it are promised by payments", "UPDATE payments_refund SET order_refund_id = NULL"),
    Plant("I3", "has a balance of 999 EUR; its entries come to 1000", "UPDATE payments_gift_card SET balance = 999"),
    Plant("I3", "were taken off the card for it",
          "UPDATE payments_gift_card_entry SET amount = amount - 1 WHERE key LIKE 'held:%'",
          ("payments_gift_card_entry",)),
    Plant("I3", "Account disputes stands at -2850 EUR", "UPDATE payments_dispute SET state = 'won'"),
    Plant("I3", "Account gift_cards_issued", "UPDATE payments_gift_card SET issued_amount = issued_amount + 1"),
]

SUMS = [
    Plant("I4", "says goods 1,|says goods 1 ", UNPLACE.format("subtotal_amount = 1")),
    Plant("I4", "Line .* is not 7199", "UPDATE orders_order_line SET total_amount = 7199 WHERE quantity = 3"),
    Plant("I4", "Line .*: 3 × 2399", "UPDATE orders_order_line SET unit_amount = 2399 WHERE quantity = 3"),
    Plant("I4", "by its lines, discounts and rates it comes to", "UPDATE orders_order SET is_tax_inclusive = false, "
          "shipping_tax_amount = 0, shipping_amount = shipping_amount + shipping_tax_amount, "
          "tax_amount = tax_amount - shipping_tax_amount WHERE id IN (SELECT order_id FROM orders_order_line "
          "WHERE quantity = 3); "
          "UPDATE orders_order_line SET tax_amount = 0 WHERE quantity = 3; "
          "UPDATE orders_order SET tax_amount = 0, shipping_amount = total_amount - 7200 WHERE NOT is_tax_inclusive"),
]

CODE, USE = "promotions_promotion_code", "promotions_redemption"
LIMITS = [
    Plant("I5", "counts 1 uses of 3; 2 orders redeem it", f"UPDATE {CODE} SET used_count = 1"),
    Plant("I5", "counts 2 uses of 1", f"UPDATE {CODE} SET usage_limit = 1", (CODE,)),
    Plant("I5", "used 2 times by one customer in slot 1", f"UPDATE {USE} SET customer_key = 'x'", (USE,)),
    Plant("I5", "more than the 0 allowed", f"UPDATE {CODE} SET per_customer_limit = 0", (CODE,)),
    Plant("I3 I5", "has -1 left", "UPDATE payments_gift_card SET balance = -1", ("payments_gift_card",)),
]

EVENT, JOB = "payments_payment_event", "foundation_outbox_job"
PASSED = [
    Plant("I6", "is stored 2 times", f"INSERT INTO {EVENT} SELECT * FROM {EVENT} WHERE id = 1", (EVENT,)),
    Plant("I6", "waits since", f"UPDATE {EVENT} SET handled_at = NULL, received_at = {OLD} WHERE id = 1"),
    Plant("I7", "waits for the relay since",
          f"UPDATE foundation_outbox_event SET relayed_at = NULL, recorded_at = {OLD} WHERE name = 'StockChanged'"),
    Plant("I7", "was relayed and led to no job",
          f"DELETE FROM {JOB} WHERE event_id = (SELECT max(id) FROM foundation_outbox_event "
          "WHERE name = 'OrderPlaced')"),
    Plant("I7", "had 8 tries, is not finished", f"UPDATE {JOB} SET attempts = 8, handed_at = {OLD}, "
          "finished_at = NULL WHERE id = 1"),
    Plant("I7", "tries, is not finished", f"UPDATE {JOB} SET failed_at = finished_at WHERE id = 1"),
    Plant("I7", "has 2 jobs", f"INSERT INTO {JOB} SELECT * FROM {JOB} WHERE id = 1", (JOB,)),
    Plant("I7", "is 2 times in the delivery log", "INSERT INTO notifications_delivery "
          "SELECT * FROM notifications_delivery WHERE id = 1", ("notifications_delivery",)),
]

STEP, RETURN_STEP = "orders_order_transition", "orders_return_transition"
CHAINS = [
    Plant("I8", "from “placed” to “canceled”|from “pending” to “fulfilled”",
          f"UPDATE {STEP} SET to_state = 'fulfilled' WHERE to_state = 'placed'", (STEP,)),
    Plant("I8", "stood at “” and took the step from “pending”", f"DELETE FROM {STEP} WHERE from_state = ''", (STEP,)),
    Plant("I8", "is fulfilled .*; its history ends at placed", UNPLACE.format("state = 'fulfilled'")),
    Plant("I1 I2 I8", r"is placed \(placed at nothing\)", UNPLACE.format("placed_at = NULL")),
    Plant("I8", "Return .* took the step from “requested” to “received”",
          f"UPDATE {RETURN_STEP} SET to_state = 'received' WHERE to_state = 'approved'", (RETURN_STEP,)),
    Plant("I8", "Return .* is canceled; its history ends at refunded", "UPDATE orders_return SET state = 'canceled'"),
    Plant("I8", "Return .* is refunded; its history ends at nothing", f"DELETE FROM {RETURN_STEP}", (RETURN_STEP,)),
]

PAGE = "foundation_page"
PAGES = [
    Plant("I9", "belongs to no page", f"DELETE FROM {PAGE} WHERE address = '/'"),
    Plant("I9", "is wanted anew since", f"UPDATE {PAGE} SET wanted = wanted + 1, marked_at = {OLD} "
          "WHERE address = '/'"),
    Plant("I9", "no page was marked", "INSERT INTO foundation_page_subject (subject, version, lies, touched_at) "
          f"VALUES ('home', 1, FALSE, {OLD})"),
]

PLANTS = (*STOCK, *MONEY, *BOOKS, *SUMS, *LIMITS, *PASSED, *CHAINS, *PAGES)
