"""I3 and I5: a gift card's balance is the sum of its entries, and never more is spent than was issued."""

from __future__ import annotations

from workers.proofs.proof import Proof

BALANCES = Proof(
    "I3",
    """
    SELECT g.id, g.last_letters, g.currency, g.balance, coalesce(e.amount, 0) AS entries
    FROM payments_gift_card g
    LEFT JOIN (SELECT gift_card_id, sum(amount) AS amount FROM payments_gift_card_entry GROUP BY gift_card_id) e
      ON e.gift_card_id = g.id
    WHERE g.balance <> coalesce(e.amount, 0)
    """,
    "The gift card ending in {last_letters} has a balance of {balance} {currency}; its entries come to {entries}.",
    ("id",),
)

# Money held or spent for an order has left the card; money of a payment that ended without an order is back.
PAYMENTS = Proof(
    "I3",
    """
    SELECT p.id, p.order_id, p.gift_card_id, p.state, p.amount, p.currency, coalesce(e.taken, 0) AS taken,
           coalesce(e.given, 0) AS given, coalesce(r.sent, 0) AS sent
    FROM payments_payment p
    LEFT JOIN (SELECT payment_id, -sum(CASE WHEN key LIKE 'refunded:%' THEN 0 ELSE amount END) AS taken,
                      sum(CASE WHEN key LIKE 'refunded:%' THEN amount ELSE 0 END) AS given
               FROM payments_gift_card_entry WHERE payment_id IS NOT NULL GROUP BY payment_id) e
      ON e.payment_id = p.id
    LEFT JOIN (SELECT t.payment_id, sum(t.amount) AS sent
               FROM payments_ledger_transfer t WHERE t.credit = 'gift_cards' AND t.key LIKE 'refunded:%'
               GROUP BY t.payment_id) r ON r.payment_id = p.id
    WHERE p.gift_card_id IS NOT NULL
      AND (coalesce(e.taken, 0) <> CASE WHEN p.state IN ('pending', 'captured') THEN p.amount ELSE 0 END
           OR coalesce(e.given, 0) < coalesce(r.sent, 0) OR coalesce(e.given, 0) > p.refunded_amount)
    """,
    "Payment {id} by gift card over {amount} {currency} is {state}; {taken} were taken off the card for it and {given} "
    "given back, where the ledger says {sent}.",
    ("id", "gift_card_id"),
)

OVERSPENT = Proof(
    "I5",
    """
    SELECT id, last_letters, currency, balance, issued_amount FROM payments_gift_card
    WHERE balance < 0 OR balance > issued_amount
    """,
    "The gift card ending in {last_letters} was issued with {issued_amount} {currency} and has {balance} left.",
    ("id",),
)

PROOFS = (BALANCES, PAYMENTS, OVERSPENT)
