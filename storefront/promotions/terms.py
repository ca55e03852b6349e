"""The terms of a promotion: what must be so (conditions) and what it gives (one benefit).

Kept as JSON with the promotion and read back strictly: what a newer release wrote is refused, never guessed.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Goods(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A set of goods: any of these products, or of these categories and all below, or of these collections.

    An empty set means all goods.
    """

    product_ids: tuple[int, ...] = ()
    category_ids: tuple[int, ...] = ()
    collection_ids: tuple[int, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.product_ids or self.category_ids or self.collection_ids)


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What must be so. Amounts in minor units of the shop's currency, reckoned before any discount."""

    goods: Goods = Goods()  # the minimums count these, and the benefit is taken off these
    minimum_amount: int = 0
    minimum_quantity: int = 0
    is_first_order: bool = False


class PercentOff(msgspec.Struct, frozen=True, tag="percent_off", forbid_unknown_fields=True):
    """A share of what the goods cost; 1000 basis points are 10 %."""

    basis_points: int


class AmountOff(msgspec.Struct, frozen=True, tag="amount_off", forbid_unknown_fields=True):
    """A fixed amount off the goods together, never more than they cost."""

    amount: int


class UnitAmountOff(msgspec.Struct, frozen=True, tag="unit_amount_off", forbid_unknown_fields=True):
    """A fixed amount off every single one of the goods."""

    amount: int


class ShippingOff(msgspec.Struct, frozen=True, tag="shipping_off", forbid_unknown_fields=True):
    """A share of what the delivery costs; 10 000 basis points make it free."""

    basis_points: int = 10_000


class BuyGet(msgspec.Struct, frozen=True, tag="buy_get", omit_defaults=True, forbid_unknown_fields=True):
    """Who buys `buy` of the goods gets `get` more for less: always the cheapest that qualify.

    Without `reward` they are taken from the same goods (buy 2, get 1: of three the cheapest); with it, from
    the reward's goods, and those do not count as bought. `limit` is how often in one order; 0: as often as it goes.
    """

    buy: int
    get: int
    basis_points: int = 10_000
    reward: Goods | None = None
    limit: int = 0


Benefit = PercentOff | AmountOff | UnitAmountOff | ShippingOff | BuyGet


def read_conditions(data: Any) -> Conditions:
    """Return the conditions that a promotion's JSON holds; raises msgspec.ValidationError."""
    return msgspec.convert(data, Conditions)


def read_benefit(data: Any) -> Benefit:
    """Return the benefit that a promotion's JSON holds; raises msgspec.ValidationError."""
    return msgspec.convert(data, Benefit)  # type: ignore[no-any-return]


def to_json(terms: Conditions | Benefit) -> dict[str, Any]:
    """Return the terms as a JSON column keeps them."""
    built: dict[str, Any] = msgspec.to_builtins(terms)
    return built
