"""What promotions take off: a pure function of lines, offers and the situation, in minor units.

Lanes apply one after another, each on what the lanes before left; in one lane only one promotion applies: of
those with the highest priority, the one that takes off most. Each promotion's discount is reckoned in exact
fractions, rounded once (docs/money.md) and shared over its lines, so that the parts add up to it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from storefront.foundation.money import round_parts
from storefront.promotions.labels import Words, say_beaten, say_benefit, say_missing_amount, say_missing_quantity
from storefront.promotions.rewards import count_rewarded
from storefront.promotions.terms import (
    AmountOff,
    Benefit,
    BuyGet,
    Conditions,
    Goods,
    PercentOff,
    ShippingOff,
    UnitAmountOff,
)

WHOLE = 10_000  # basis points in one


@dataclass(frozen=True, slots=True)
class Line:
    """A line as promotions see it; `category_ids` holds the product's categories and all above them."""

    product_id: int
    quantity: int
    unit_amount: int
    category_ids: frozenset[int] = frozenset()
    collection_ids: frozenset[int] = frozenset()

    def is_of(self, goods: Goods) -> bool:
        return (goods.is_everything or self.product_id in goods.product_ids
                or not self.category_ids.isdisjoint(goods.category_ids)
                or not self.collection_ids.isdisjoint(goods.collection_ids))


@dataclass(frozen=True, slots=True)
class Offer:
    """A promotion that may apply now: active, in its dates, and its code entered where it needs one."""

    promotion_id: int
    name: str  # for staff
    title: str  # for shoppers
    lane: int
    priority: int
    conditions: Conditions
    benefit: Benefit
    code: str = ""
    code_id: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What else matters. `shipping_amount` is None while no delivery is chosen."""

    words: Words
    shipping_amount: int | None = None
    is_first_order: bool = True


class Reason(enum.StrEnum):
    """Why an offer did not apply."""

    AMOUNT = "amount"  # the goods cost less than its minimum
    QUANTITY = "quantity"  # there are fewer than its minimum
    GOODS = "goods"  # none of its goods are there
    FIRST_ORDER = "first_order"  # the shopper has ordered before
    DELIVERY = "delivery"  # no delivery is chosen yet
    NOTHING_LEFT = "nothing_left"  # what it would reduce costs nothing (any more)
    BEATEN = "beaten"  # another promotion of its lane came first


@dataclass(frozen=True, slots=True)
class Skipped:
    """An offer that did not apply, and why, in a sentence that shopper and staff may both read."""

    offer: Offer
    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One promotion's part in one line (or the delivery): `base` less `amount` is what it left.

    `exact` is the part before rounding, in minor units, as a fraction such as `10/3`.
    """

    promotion_id: int
    title: str
    label: str
    code: str
    base: int
    exact: str
    amount: int


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that counts, with all that it takes off."""

    offer: Offer
    label: str
    amount: int
    is_shipping: bool


@dataclass(frozen=True, slots=True)
class Discounts:
    """What is taken off. `lines` and `line_explanations` stand in the order of the lines put in."""

    lines: tuple[int, ...]
    line_explanations: tuple[tuple[Explanation, ...], ...]
    shipping: int = 0
    shipping_explanations: tuple[Explanation, ...] = ()
    applied: tuple[Applied, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Standing:
    """What lines and delivery still cost while lanes pass."""

    lines: Sequence[Line]
    left: list[int]
    shipping_left: int | None
    explanations: list[list[Explanation]]
    shipping_explanations: list[Explanation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What an offer would take off: exact and rounded, per line, and off the delivery."""

    offer: Offer
    label: str
    exact: Sequence[Fraction]
    parts: Sequence[int]
    is_shipping: bool

    @property
    def amount(self) -> int:
        return sum(self.parts)


def apply_promotions(lines: Sequence[Line], offers: Sequence[Offer], situation: Situation) -> Discounts:
    """Return what the offers take off the lines and the delivery; no line and no delivery falls below zero."""
    standing = _Standing(lines, [line.quantity * line.unit_amount for line in lines], situation.shipping_amount,
                         [[] for _ in lines])
    applied: list[Applied] = []
    skipped: list[Skipped] = []
    ordered = sorted(offers, key=lambda offer: (offer.lane, -offer.priority, offer.promotion_id, offer.code_id or 0))
    for _, lane in groupby(ordered, key=lambda offer: offer.lane):
        proposals = []
        for offer in lane:
            proposal = _propose(offer, standing, situation)
            if isinstance(proposal, Skipped):
                skipped.append(proposal)
            else:
                proposals.append(proposal)
        if not proposals:
            continue
        best = max(proposals, key=lambda p: (p.offer.priority, p.amount))  # of equals the first, by id
        skipped += [Skipped(p.offer, Reason.BEATEN, say_beaten(best.offer.title)) for p in proposals if p is not best]
        _take_off(best, standing)
        applied.append(Applied(best.offer, best.label, best.amount, best.is_shipping))
    taken = [line.quantity * line.unit_amount - left for line, left in zip(lines, standing.left, strict=True)]
    return Discounts(
        lines=tuple(taken), line_explanations=tuple(map(tuple, standing.explanations)),
        shipping=(situation.shipping_amount or 0) - (standing.shipping_left or 0),
        shipping_explanations=tuple(standing.shipping_explanations), applied=tuple(applied), skipped=tuple(skipped))


def _propose(offer: Offer, standing: _Standing, situation: Situation) -> _Proposal | Skipped:
    refused = _check(offer, standing.lines, situation)
    if refused is not None:
        return refused
    if isinstance(offer.benefit, ShippingOff):
        base = standing.shipping_left or 0
        exact, is_shipping = [Fraction(base * offer.benefit.basis_points, WHOLE)], True
    else:
        base, exact = _reckon(offer.conditions.goods, offer.benefit, standing)
        is_shipping = False
    proposal = _Proposal(offer, say_benefit(offer.benefit, base, situation.words), exact, round_parts(exact),
                         is_shipping)
    if proposal.amount == 0:
        return _say_why_nothing(offer, standing)
    return proposal


def _check(offer: Offer, lines: Sequence[Line], situation: Situation) -> Skipped | None:
    conditions = offer.conditions
    mine = [line for line in lines if line.is_of(conditions.goods)]
    if not mine:
        return Skipped(offer, Reason.GOODS, "Nothing in the cart is part of it yet.")
    if conditions.is_first_order and not situation.is_first_order:
        return Skipped(offer, Reason.FIRST_ORDER, "It is for a first order.")
    missing = conditions.minimum_amount - sum(line.quantity * line.unit_amount for line in mine)
    if missing > 0:
        return Skipped(offer, Reason.AMOUNT, say_missing_amount(missing, conditions.goods, situation.words))
    missing = conditions.minimum_quantity - sum(line.quantity for line in mine)
    if missing > 0:
        return Skipped(offer, Reason.QUANTITY, say_missing_quantity(missing, conditions.goods))
    if isinstance(offer.benefit, ShippingOff) and situation.shipping_amount is None:
        return Skipped(offer, Reason.DELIVERY, "It counts as soon as a delivery is chosen.")
    return None


def _reckon(goods: Goods, benefit: Benefit, standing: _Standing) -> tuple[int, list[Fraction]]:
    """Return what the benefit is reckoned from and its exact part of each line, never more than the line has left."""
    left = [amount if line.is_of(goods) else 0 for line, amount in zip(standing.lines, standing.left, strict=True)]
    base = sum(left)
    match benefit:
        case PercentOff(basis_points):
            return base, [Fraction(amount * basis_points, WHOLE) for amount in left]
        case AmountOff(off):
            return base, [Fraction(amount * min(off, base), base or 1) for amount in left]
        case UnitAmountOff(off):
            return base, [Fraction(min(off * line.quantity, amount))
                          for line, amount in zip(standing.lines, left, strict=True)]
        case BuyGet():
            rewarded = count_rewarded(
                benefit, bought=[line.quantity if line.is_of(goods) else 0 for line in standing.lines],
                eligible=[line.quantity if line.is_of(benefit.reward or goods) else 0 for line in standing.lines],
                unit_left=_unit_left(standing))
            parts = [price * count for price, count in zip(_unit_left(standing), rewarded, strict=True)]
            return sum(map(int, parts)), [part * benefit.basis_points / WHOLE for part in parts]
        case _:
            raise AssertionError(benefit)


def _unit_left(standing: _Standing) -> list[Fraction]:
    return [Fraction(left, line.quantity) for line, left in zip(standing.lines, standing.left, strict=True)]


def _say_why_nothing(offer: Offer, standing: _Standing) -> Skipped:
    if isinstance(offer.benefit, BuyGet) and any(standing.left):
        return Skipped(offer, Reason.QUANTITY, "Put more of what it is for into the cart and it counts.")
    return Skipped(offer, Reason.NOTHING_LEFT, "There is nothing left for it to take off.")


def _take_off(proposal: _Proposal, standing: _Standing) -> None:
    def explain(base: int, exact: Fraction, amount: int) -> Explanation:
        offer = proposal.offer
        return Explanation(offer.promotion_id, offer.title, proposal.label, offer.code, base, str(exact), amount)

    if proposal.is_shipping:
        base = standing.shipping_left or 0
        standing.shipping_explanations.append(explain(base, proposal.exact[0], proposal.parts[0]))
        standing.shipping_left = base - proposal.parts[0]
        return
    for at, (exact, amount) in enumerate(zip(proposal.exact, proposal.parts, strict=True)):
        if amount:
            standing.explanations[at].append(explain(standing.left[at], exact, amount))
            standing.left[at] -= amount
