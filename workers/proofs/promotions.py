"""I5: a promotion code is used as often as it is redeemed, and no more often than it may be."""

from __future__ import annotations

from workers.proofs.proof import Proof

USED = Proof(
    "I5",
    """
    SELECT c.id, c.code, c.used_count, c.usage_limit, coalesce(r.redeemed, 0) AS redeemed
    FROM promotions_promotion_code c
    LEFT JOIN (SELECT code_id, count(*) AS redeemed FROM promotions_redemption WHERE released_at IS NULL
               GROUP BY code_id) r ON r.code_id = c.id
    WHERE c.used_count <> coalesce(r.redeemed, 0)
       OR c.used_count > c.usage_limit OR coalesce(r.redeemed, 0) > c.usage_limit
    """,
    "Code {code} counts {used_count} uses of {usage_limit}; {redeemed} orders redeem it.",
    ("id",),
)

SLOTS = Proof(
    "I5",
    """
    SELECT c.id, c.code, r.customer_key, r.slot, count(*) AS uses
    FROM promotions_redemption r JOIN promotions_promotion_code c ON c.id = r.code_id
    WHERE r.released_at IS NULL AND r.slot IS NOT NULL
    GROUP BY c.id, c.code, r.customer_key, r.slot HAVING count(*) > 1
    """,
    "Code {code} is used {uses} times by one customer in slot {slot}.",
    ("id", "customer_key"),
)

# A warning: staff may have lowered the limit since, and what was used before stays used.
PER_CUSTOMER = Proof(
    "I5",
    """
    SELECT c.id, c.code, r.customer_key, c.per_customer_limit, count(*) AS uses
    FROM promotions_redemption r JOIN promotions_promotion_code c ON c.id = r.code_id
    WHERE r.released_at IS NULL AND r.slot IS NOT NULL
    GROUP BY c.id, c.code, r.customer_key, c.per_customer_limit HAVING count(*) > c.per_customer_limit
    """,
    "Code {code} is used {uses} times by one customer, more than the {per_customer_limit} allowed now.",
    ("id", "customer_key"), is_warning=True,
)

PROOFS = (USED, SLOTS, PER_CUSTOMER)
