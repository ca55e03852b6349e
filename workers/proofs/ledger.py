"""I3: the money ledger agrees with itself, with orders, payments, refunds, disputes and gift cards."""

from __future__ import annotations

from workers.proofs.proof import Proof

NO_TRANSFER = Proof(
    "I3",
    """
    SELECT id, key, debit, credit, amount, currency FROM payments_ledger_transfer
    WHERE amount <= 0 OR debit = credit
    """,
    "Transfer {key} moves {amount} {currency} from {debit} to {credit}, which is no transfer.",
    ("id",),
)

# Each account's credits less its debits, beside what the rows of payments and orders say it must be.
# By hand: a refund that staff sent another way left the account `clearing:by_hand` instead of the gateway's.
# Ahead: a card has its money back a moment before the refund is noted as sent.
ACCOUNTS = Proof(
    "I3",
    """
    SELECT account, currency, sum(booked) AS booked, sum(expected) AS expected
    FROM (
      SELECT credit AS account, currency, amount AS booked, 0 AS expected FROM payments_ledger_transfer
      UNION ALL SELECT debit, currency, -amount, 0 FROM payments_ledger_transfer
      UNION ALL SELECT 'orders', currency, 0, paid_amount - refunded_amount FROM orders_order
      UNION ALL SELECT 'unassigned', currency, 0, captured_amount - refunded_amount FROM payments_payment
                WHERE state = 'payment_review'
      UNION ALL SELECT 'refunds_due', currency, 0, amount FROM payments_refund
                WHERE state = 'requested' OR (state = 'failed' AND next_try_at IS NULL)
      UNION ALL SELECT 'disputes', currency, 0, -amount FROM payments_dispute WHERE state <> 'won'
      UNION ALL SELECT 'clearing:' || gateway, currency, 0, -captured_amount FROM payments_payment
                WHERE gateway <> 'gift_card'
      UNION ALL SELECT 'clearing:' || p.gateway, r.currency, 0, r.amount
                FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
                WHERE r.state = 'refunded' AND p.gateway <> 'gift_card'
      UNION ALL SELECT 'clearing:' || p.gateway, d.currency, 0, d.amount
                FROM payments_dispute d JOIN payments_payment p ON p.id = d.payment_id WHERE d.state <> 'won'
      UNION ALL SELECT 'clearing:' || p.gateway, t.currency, 0, -t.amount
                FROM payments_ledger_transfer t JOIN payments_payment p ON p.id = t.payment_id
                WHERE t.credit = 'clearing:by_hand' AND p.gateway <> 'gift_card'
      UNION ALL SELECT 'clearing:by_hand', currency, 0, amount FROM payments_ledger_transfer
                WHERE credit = 'clearing:by_hand' AND debit = 'refunds_due'
      UNION ALL SELECT 'gift_cards_issued', currency, 0, -issued_amount FROM payments_gift_card
      UNION ALL SELECT 'gift_cards', currency, 0, balance FROM payments_gift_card
      UNION ALL SELECT 'gift_cards', currency, 0, amount FROM payments_payment
                WHERE gateway = 'gift_card' AND state IN ('created', 'pending')
      UNION ALL SELECT 'gift_cards', p.currency, 0, -e.amount
                FROM payments_gift_card_entry e JOIN payments_payment p ON p.id = e.payment_id
                WHERE e.key LIKE 'refunded:%'
      UNION ALL SELECT 'gift_cards', t.currency, 0, t.amount FROM payments_ledger_transfer t
                WHERE t.credit = 'gift_cards' AND t.key LIKE 'refunded:%'
    ) said
    GROUP BY account, currency HAVING sum(booked) <> sum(expected)
    """,
    "Account {account} stands at {booked} {currency}; what payments, refunds, gift cards and orders say comes to "
    "{expected}.",
    ("account", "currency"),
)

ORDERS = Proof(
    "I3",
    """
    SELECT s.order_id, o.number, s.currency, s.paid, s.came, s.refunded, s.went
    FROM (SELECT order_id, currency, sum(paid) AS paid, sum(came) AS came, sum(refunded) AS refunded,
                 sum(went) AS went
          FROM (SELECT id AS order_id, currency, paid_amount AS paid, 0 AS came, refunded_amount AS refunded,
                       0 AS went FROM orders_order
                UNION ALL
                SELECT order_id, currency, 0, CASE WHEN credit = 'orders' THEN amount ELSE 0 END, 0,
                       CASE WHEN debit = 'orders' THEN amount ELSE 0 END
                FROM payments_ledger_transfer WHERE credit = 'orders' OR debit = 'orders') said
          GROUP BY order_id, currency) s
    LEFT JOIN orders_order o ON o.id = s.order_id
    WHERE s.paid <> s.came OR s.refunded <> s.went
    """,
    "Order {number} says {paid} {currency} paid and {refunded} given back; the ledger says {came} and {went}.",
    ("order_id",),
)

PAYMENTS = Proof(
    "I3",
    """
    SELECT s.payment_id, s.currency, s.captured, s.booked, s.refunded, s.given, s.unassigned, s.parked
    FROM (SELECT payment_id, currency, sum(captured) AS captured, sum(booked) AS booked, sum(refunded) AS refunded,
                 sum(given) AS given, sum(unassigned) AS unassigned, sum(parked) AS parked
          FROM (SELECT id AS payment_id, currency, captured_amount AS captured, 0 AS booked,
                       refunded_amount AS refunded, 0 AS given, 0 AS unassigned,
                       CASE WHEN state = 'payment_review' THEN captured_amount - refunded_amount ELSE 0 END AS parked
                FROM payments_payment
                UNION ALL
                SELECT payment_id, currency, 0, CASE WHEN key LIKE 'captured:%' THEN amount ELSE 0 END, 0,
                       CASE WHEN debit IN ('orders', 'unassigned') AND key NOT LIKE 'accepted:%' THEN amount ELSE 0 END,
                       CASE WHEN credit = 'unassigned' THEN amount WHEN debit = 'unassigned' THEN -amount ELSE 0 END, 0
                FROM payments_ledger_transfer WHERE payment_id IS NOT NULL) said
          GROUP BY payment_id, currency) s
    WHERE s.captured <> s.booked OR s.refunded <> s.given OR s.unassigned <> s.parked
    """,
    "Payment {payment_id} says {captured} {currency} captured, {refunded} promised back and {parked} parked; the "
    "ledger says {booked}, {given} and {unassigned}.",
    ("payment_id",),
)

# A refund that failed and was followed by another one counts no more: its successor does.
REFUNDS = Proof(
    "I3",
    """
    SELECT p.id, p.order_id, p.currency, p.captured_amount, p.refunded_amount, coalesce(r.amount, 0) AS amount
    FROM payments_payment p
    LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payments_refund
               WHERE state <> 'failed' OR next_try_at IS NULL GROUP BY payment_id) r ON r.payment_id = p.id
    WHERE p.refunded_amount <> coalesce(r.amount, 0) OR p.refunded_amount > p.captured_amount
    """,
    "Payment {id} captured {captured_amount} {currency} and says {refunded_amount} go back; its refunds come to "
    "{amount}.",
    ("id", "order_id"),
)

SENT = Proof(
    "I3",
    """
    SELECT payment_id, currency, sum(due) AS due, sum(booked_due) AS booked_due, sum(sent) AS sent,
           sum(booked_sent) AS booked_sent
    FROM (SELECT payment_id, currency,
                 CASE WHEN state = 'requested' OR (state = 'failed' AND next_try_at IS NULL)
                      THEN amount ELSE 0 END AS due, 0 AS booked_due,
                 CASE WHEN state = 'refunded' THEN amount ELSE 0 END AS sent, 0 AS booked_sent
          FROM payments_refund
          UNION ALL
          SELECT payment_id, currency, 0,
                 CASE WHEN credit = 'refunds_due' THEN amount WHEN debit = 'refunds_due' THEN -amount ELSE 0 END,
                 0, CASE WHEN key LIKE 'refunded:%' THEN amount ELSE 0 END
          FROM payments_ledger_transfer
          WHERE payment_id IS NOT NULL AND (credit = 'refunds_due' OR debit = 'refunds_due' OR key LIKE 'refunded:%')
         ) said
    GROUP BY payment_id, currency HAVING sum(due) <> sum(booked_due) OR sum(sent) <> sum(booked_sent)
    """,
    "Of payment {payment_id} the refunds say {due} {currency} due and {sent} sent; the ledger says {booked_due} and "
    "{booked_sent}.",
    ("payment_id",),
)

PROOFS = (NO_TRANSFER, ACCOUNTS, ORDERS, PAYMENTS, REFUNDS, SENT)
