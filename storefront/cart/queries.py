"""Reads of carts, with the prices and the stock of this moment. Never cached."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from storefront.cart import mirror
from storefront.cart.models import Cart, CartCode, CartLine
from storefront.cart.totals import PricedLine, TotalRow, add_up, total_rows
from storefront.catalog.history import read_lowest_prices
from storefront.catalog.media import Picture
from storefront.catalog.queries import read_variants
from storefront.catalog.variants import VariantInfo
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.foundation.shop import facts
from storefront.inventory.queries import SOLD_OUT, Availability, read_availability
from storefront.promotions.queries import CodeState, GoodsLine, Shopper, price_goods
from storefront.taxes.queries import read_rates
from storefront.taxes.rates import NO_TAX

VANISHED = "We no longer sell this one, so it is not counted."


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line as it is shown. `problem` is a sentence when it cannot be bought as it stands."""

    id: uuid.UUID
    variant_id: int
    name: str
    url: str
    variant_title: str
    picture: Picture | None
    unit_price: Money
    compare_at: Money | None
    quantity: int
    total: Money
    maximum: int
    problem: str = ""
    lowest_before: Money | None = None  # of the 30 days before the reduction
    is_counted: bool = True  # False: the variant is no longer sold, the totals pass over it


@dataclass(frozen=True, slots=True)
class EnteredCode:
    """A code that stands in the cart, and what it is worth now."""

    id: uuid.UUID
    state: CodeState

    @property
    def name(self) -> str:
        return self.state.code

    @property
    def sentence(self) -> str:
        return self.state.sentence or self.state.title

    @property
    def is_refused(self) -> bool:
        return self.state.is_refused


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as it is shown; `count` adds the quantities of all lines."""

    id: uuid.UUID | None
    lines: Sequence[CartLineView]
    count: int
    totals: Sequence[TotalRow]
    goods: Money
    notices: Sequence[str] = ()
    delivery_note: str = ""
    codes: Sequence[EnteredCode] = ()
    variants: Mapping[int, VariantInfo] = field(default_factory=dict)  # of the lines, as they were read with them

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def is_orderable(self) -> bool:
        """Whether every line can be bought as it stands."""
        return bool(self.lines) and not any(line.problem for line in self.lines)

    @property
    def is_sent(self) -> bool:
        """Whether any of it is sent by post; while nothing is known of the lines, that it is."""
        return not self.variants or any(variant.needs_shipping for variant in self.variants.values())


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line taken out a moment ago, which can be put back."""

    id: uuid.UUID
    name: str


def read_cart(cart_id: uuid.UUID | None, country: str | None = None, shopper: Shopper | None = None) -> CartView:
    """Return the cart with live prices, availability, promotions and the tax of `country` (ISO 3166; None: ours).

    `shopper` says who buys, as far as it is known, where promotions ask. No cart, or an unknown one, is an
    empty cart.
    """
    rows = _read_rows(cart_id) if cart_id else []
    ids = [row.variant_id for row in rows]
    variants, availability = (read_variants(ids), read_availability(ids, cart_id)) if rows else ({}, {})
    lowest = read_lowest_prices([variant.id for variant in variants.values() if variant.compare_at])
    lines = [
        _line_view(row, variants.get(row.variant_id), availability.get(row.variant_id, SOLD_OUT),
                   lowest.get(row.variant_id)) for row in rows
    ]
    rates = read_rates(country or facts().country) if rows else {}
    counted = [line for line in lines if line.is_counted]
    entered = read_codes(cart_id) if cart_id and rows else {}
    pricing = price_goods(
        [GoodsLine(variants[line.variant_id].product_id, line.quantity, line.unit_price.amount) for line in counted],
        codes=list(entered), shopper=shopper or Shopper(holder_id=cart_id))
    totals = add_up(
        PricedLine(line.quantity, line.unit_price.amount,
                   rates.get(variants[line.variant_id].tax_category, NO_TAX), discount)
        for line, discount in zip(counted, pricing.discounts.lines, strict=True)
    )
    currency = facts().currency
    return CartView(
        id=cart_id, lines=lines, count=sum(line.quantity for line in lines),
        totals=total_rows(totals, currency, facts().locale, pricing.discounts.applied) if lines else [],
        goods=Money(totals.goods, currency), variants=variants,
        codes=[EnteredCode(entered[state.code], state) for state in pricing.codes],
    )


def read_codes(cart_id: uuid.UUID) -> dict[str, uuid.UUID]:
    """Return the promotion codes that were entered, the first one first, with the ids of their rows."""
    rows = db.session.execute(select(CartCode.code, CartCode.id).where(CartCode.cart_id == cart_id)
                              .order_by(CartCode.entered_at, CartCode.id))
    return {code: row_id for code, row_id in rows}  # noqa: C416  # Row, not tuple


def read_quantities(cart_id: uuid.UUID) -> dict[int, int]:
    """Return variant id → quantity of the cart's lines, oldest line first."""
    return {row.variant_id: row.quantity for row in _read_rows(cart_id)}


def count_items(cart_id: uuid.UUID | None) -> int:
    """Return the sum of the quantities, from the Redis mirror where it stands."""
    if cart_id is None:
        return 0
    count = mirror.read_count(cart_id)
    return _count_anew(cart_id) if count is None else count


def count_guests_items(cart_id: uuid.UUID) -> int:
    """Return the sum of the quantities of a guest's cart, 0 for a customer's; no SQL where the mirror stands."""
    count = mirror.read_guest_count(cart_id)
    if count is None:
        count = _count_anew(cart_id, is_guests=True) if find_guest_cart_id(cart_id) else 0
    return count


def count_customers_items(customer_id: uuid.UUID) -> int:
    """Return the sum of the quantities of the customer's cart; no SQL where the mirror stands."""
    cart_id = mirror.read_cart_of(customer_id)
    if cart_id is None:
        cart_id = find_cart_id(customer_id)
        if cart_id is not None:
            mirror.keep_cart_of(customer_id, cart_id)
    return count_items(cart_id)


def find_cart_id(customer_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the customer's cart."""
    return db.session.scalar(select(Cart.id).where(Cart.customer_id == customer_id))


def find_guest_cart_id(cart_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id if it is a guest's cart: one that a customer took over is no guest's any more."""
    return db.session.scalar(select(Cart.id).where(Cart.id == cart_id, Cart.customer_id.is_(None)))


def find_removed(cart_id: uuid.UUID, line_id: uuid.UUID) -> RemovedLine | None:
    """Return the cart's removed line with its product's name; None when it stands in the cart or is unknown."""
    variant_id = db.session.scalar(
        select(CartLine.variant_id)
        .where(CartLine.id == line_id, CartLine.cart_id == cart_id, CartLine.removed_at.is_not(None))
    )
    if variant_id is None:
        return None
    variant = read_variants([variant_id]).get(variant_id)
    return RemovedLine(line_id, variant.name if variant else "It")


def _count_anew(cart_id: uuid.UUID, *, is_guests: bool = False) -> int:
    mark = mirror.begin_rebuild(cart_id)
    db.session.rollback()  # rows of a snapshot from before the mark (SQLite) would be kept under it
    quantities = read_quantities(cart_id)
    mirror.keep(cart_id, quantities, mark=mark, is_guests=is_guests)
    return sum(quantities.values())


def _read_rows(cart_id: uuid.UUID) -> Sequence[CartLine]:
    return db.session.scalars(
        select(CartLine).where(CartLine.cart_id == cart_id, CartLine.removed_at.is_(None))
        .order_by(CartLine.added_at, CartLine.id).execution_options(populate_existing=True)
    ).all()


def _line_view(row: CartLine, variant: VariantInfo | None, availability: Availability,
               lowest: int | None) -> CartLineView:
    if variant is None:
        nothing = Money(0, facts().currency)
        return CartLineView(row.id, row.variant_id, "Something we no longer sell", "/", "", None, nothing, None,
                            row.quantity, nothing, 0, VANISHED, is_counted=False)
    is_counted = variant.is_sellable
    return CartLineView(
        id=row.id, variant_id=row.variant_id, name=variant.name, url=variant.url, variant_title=variant.title,
        picture=variant.picture, unit_price=variant.price, compare_at=variant.compare_at, quantity=row.quantity,
        total=variant.price * row.quantity if is_counted else Money(0, variant.price.currency),
        maximum=availability.maximum, is_counted=is_counted,
        lowest_before=Money(lowest, variant.price.currency) if lowest is not None else None,
        problem=_problem(row.quantity, availability) if is_counted else VANISHED,
    )


def _problem(quantity: int, availability: Availability) -> str:
    if quantity <= availability.maximum:
        return ""
    if availability.maximum == 0:
        return "This one has just sold out. Please take it out to go on."
    if availability.maximum == 1:
        return "There is 1 left. Please choose 1."
    return f"There are {availability.maximum} left. Please choose {availability.maximum} or fewer."
