"""Writes of gift cards: issued, held for an order, spent, given back. The balance is guarded by its own statement.

A gift card pays as a payment of the gateway `gift_card`: pending while its money is held for an order that
is not placed, captured with the order, failed when the money was given back to the card.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import ALPHABET
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts, money
from storefront.payments.errors import GiftCardEmpty, UnknownGiftCard
from storefront.payments.ledger import GIFT_CARDS, GIFT_CARDS_ISSUED, ORDERS, book
from storefront.payments.models import GiftCard, GiftCardEntry, Payment, PaymentState

GATEWAY = "gift_card"
GROUPS, SIZE = 4, 4  # 16 letters of 5 random bits: 80 bits, nobody guesses one
# What people read for a letter that the alphabet leaves out (Crockford's base 32).
MISREAD = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class GiftCardInfo:
    """A gift card as pages read it; its code is known to its holder alone."""

    id: uuid.UUID
    last_letters: str
    issued: Money
    balance: Money
    expires_at: datetime | None
    is_blocked: bool
    recipient_email: str
    note: str
    created_at: datetime

    @property
    def can_pay(self) -> bool:
        return not self.is_blocked and bool(self.balance) and (self.expires_at is None or self.expires_at > now())


@transactional
def issue_gift_card(*, amount: int, note: str, recipient_email: str, expires_at: datetime | None, actor: str) -> str:
    """Make a gift card of `amount` minor units in the shop's currency and return its code, which is not kept.

    Raises ShopError for an amount of nothing or above GIFT_CARD_MAXIMUM, which catches a slip of the hand, and for
    a moment that is over.
    """
    if amount <= 0:
        raise ShopError("A gift card needs an amount above zero.")
    if amount > facts().gift_card_maximum:
        most = format_money(money(facts().gift_card_maximum), facts().locale)
        raise ShopError(f"A gift card holds at most {most}. Look at the amount again, or issue several cards.")
    if expires_at is not None and expires_at <= now():
        raise ShopError("This day is over, so the card could never pay. Choose a later one.")
    letters = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * SIZE))
    card = GiftCard(code_hash=_hash(letters), last_letters=letters[-4:], currency=facts().currency,
                    issued_amount=amount, balance=amount, expires_at=expires_at, recipient_email=recipient_email,
                    note=note[:300], actor=actor)
    db.session.add(card)
    db.session.flush()
    db.session.add(GiftCardEntry(gift_card_id=card.id, key=f"issued:{card.id}", amount=amount, actor=actor))
    book(key=f"issued:{card.id}", debit=GIFT_CARDS_ISSUED, credit=GIFT_CARDS, money=Money(amount, card.currency),
         actor=actor)
    return "-".join(letters[at : at + SIZE] for at in range(0, len(letters), SIZE))


@transactional
def block_gift_card(*, gift_card_id: uuid.UUID, actor: str) -> None:
    """Keep the card from paying, such as a stolen one; what it holds for orders stays theirs."""
    if not execute_counted(update(GiftCard).where(GiftCard.id == gift_card_id).values(is_blocked=True)):
        raise NotFound("There is no such gift card.")


def find_gift_card(code: str) -> GiftCardInfo:
    """Return the card with the code, however it is spelled; raises UnknownGiftCard when it cannot pay."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum()).translate(MISREAD)
    row = db.session.scalar(select(GiftCard).where(GiftCard.code_hash == _hash(letters)))
    if row is None:
        raise UnknownGiftCard("We know no such code. Please compare it letter by letter.")
    card = _info(row)
    if not card.balance:
        raise UnknownGiftCard(f"The gift card ending in {card.last_letters} has been spent.")
    if not card.can_pay or row.currency != facts().currency:
        raise UnknownGiftCard(f"The gift card ending in {card.last_letters} cannot pay here any more.")
    return card


def list_gift_cards(gift_card_ids: Sequence[uuid.UUID] | None = None, limit: int = 200, *,
                    order_id: uuid.UUID | None = None) -> list[GiftCardInfo]:
    """Return the cards with the ids in their order, or the newest ones.

    What they hold for the unpaid order `order_id` counts as still on them: its shopper sees the button again.
    """
    if gift_card_ids is None:
        return [_info(row) for row in db.session.scalars(select(GiftCard).order_by(GiftCard.created_at.desc(),
                                                                                   GiftCard.id).limit(limit))]
    rows = {row.id: row for row in db.session.scalars(
        select(GiftCard).where(GiftCard.id.in_(gift_card_ids)).execution_options(populate_existing=True))}
    held = _read_held(order_id) if order_id else {}
    return [_info(rows[card_id], held.get(card_id, 0)) for card_id in gift_card_ids if card_id in rows]


def plan_gift_cards(gift_card_ids: Sequence[uuid.UUID], total: int, *, order_id: uuid.UUID | None = None,
                    ) -> list[tuple[uuid.UUID, int]]:
    """Return what each card pays of `total` minor units by its present balance, the first one first.

    The balance includes what is held for the unpaid order `order_id`.
    """
    plan, left = [], total
    for card in list_gift_cards(gift_card_ids, order_id=order_id):
        amount = min(card.balance.amount, left) if card.can_pay else 0
        if amount:
            plan.append((card.id, amount))
            left -= amount
    return plan


@transactional
def hold_gift_cards(*, order_id: uuid.UUID, plan: Sequence[tuple[uuid.UUID, int]], actor: str) -> None:
    """Take the planned amounts off the cards for the order, unless it has them; raises GiftCardEmpty."""
    if not plan:
        return
    held = set(db.session.scalars(select(Payment.gift_card_id).where(
        Payment.order_id == order_id, Payment.gift_card_id.is_not(None),
        Payment.state.in_([PaymentState.PENDING, PaymentState.CAPTURED]))))
    currency = facts().currency
    for card_id, amount in sorted(plan):
        if card_id in held:
            continue
        taken = execute_counted(
            update(GiftCard).where(GiftCard.id == card_id, GiftCard.balance >= amount, GiftCard.is_blocked.is_(False))
            .values(balance=GiftCard.balance - amount))
        if not taken:
            raise GiftCardEmpty("A gift card no longer covers what it was to pay. Please look at the payment again.")
        attempts = db.session.scalar(select(func.count()).select_from(Payment).where(Payment.order_id == order_id)) or 0
        payment = Payment(order_id=order_id, attempt=attempts + 1, gateway=GATEWAY, gift_card_id=card_id,
                          state=PaymentState.PENDING, amount=amount, currency=currency)
        db.session.add(payment)
        db.session.flush()
        payment.gateway_reference = str(payment.id)
        db.session.add(GiftCardEntry(gift_card_id=card_id, key=f"held:{payment.id}", amount=-amount,
                                     payment_id=payment.id, actor=actor))
        db.session.flush()


@transactional
def capture_gift_cards(*, order_id: uuid.UUID, plan: Sequence[tuple[uuid.UUID, int]], actor: str) -> None:
    """Spend the planned amounts for the order that is being placed; what is not held any more is held first."""
    hold_gift_cards(order_id=order_id, plan=plan, actor=actor)
    for payment in _pending(order_id) if plan else ():
        if _end(payment, PaymentState.CAPTURED, captured=payment.amount):
            book(key=f"captured:{payment.id}", debit=GIFT_CARDS, credit=ORDERS,
                 money=Money(payment.amount, payment.currency), actor=actor, order_id=order_id, payment_id=payment.id)


@transactional
def release_gift_cards(*, order_id: uuid.UUID, actor: str) -> None:
    """Give back what the cards hold for an order that is not placed; a second call changes nothing."""
    for payment in _pending(order_id):
        if _end(payment, PaymentState.FAILED, captured=0):
            give_back(payment=payment, amount=payment.amount, key=f"released:{payment.id}", actor=actor)


@transactional
def give_back(*, payment: Payment, amount: int, key: str, actor: str) -> None:
    """Put money of a gift card's payment on the card again, once per key."""
    if db.session.scalar(select(GiftCardEntry.id).where(GiftCardEntry.key == key)) is not None:
        return
    assert payment.gift_card_id is not None
    db.session.add(GiftCardEntry(gift_card_id=payment.gift_card_id, key=key, amount=amount, payment_id=payment.id,
                                 actor=actor))
    db.session.flush()
    execute_counted(update(GiftCard).where(GiftCard.id == payment.gift_card_id)
                    .values(balance=GiftCard.balance + amount))


def _read_held(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    return {payment.gift_card_id: payment.amount for payment in _pending(order_id) if payment.gift_card_id}


def _pending(order_id: uuid.UUID) -> Sequence[Payment]:
    return db.session.scalars(
        select(Payment).where(Payment.order_id == order_id, Payment.gift_card_id.is_not(None),
                              Payment.state == PaymentState.PENDING)
        .order_by(Payment.gift_card_id).execution_options(populate_existing=True)).all()


def _end(payment: Payment, state: PaymentState, *, captured: int) -> bool:
    return bool(execute_counted(
        update(Payment).where(Payment.id == payment.id, Payment.state == PaymentState.PENDING)
        .values(state=state, captured_amount=captured, settled_at=now())))


def _hash(letters: str) -> str:
    # No salt and no slow hash: 80 random bits cannot be guessed, and the card is found by this value.
    return hashlib.sha256(letters.encode()).hexdigest()


def _info(row: GiftCard, held: int = 0) -> GiftCardInfo:
    return GiftCardInfo(row.id, row.last_letters, Money(row.issued_amount, row.currency),
                        Money(row.balance + held, row.currency), row.expires_at, row.is_blocked, row.recipient_email,
                        row.note, row.created_at)
