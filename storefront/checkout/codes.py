"""Codes at the checkout: one field takes promotion codes and gift cards, one button takes either out again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from storefront.cart.codes import enter_code, remove_code
from storefront.cart.errors import CodeRefused
from storefront.cart.queries import CartView, read_codes
from storefront.checkout.queries import CheckoutInfo, find_unpaid_id, shopper_of
from storefront.checkout.services import add_gift_card, remove_gift_card
from storefront.foundation.database import transactional
from storefront.foundation.money import format_money
from storefront.foundation.shop import facts
from storefront.payments.gift_cards import list_gift_cards


@dataclass(frozen=True, slots=True)
class ChosenCode:
    """A promotion code or a gift card that was entered, with a sentence on what it is worth."""

    id: uuid.UUID
    name: str
    sentence: str
    is_refused: bool = False


def list_codes(cart: CartView, checkout: CheckoutInfo) -> Sequence[ChosenCode]:
    """Return the promotion codes of the cart and the gift cards of the checkout, as they were entered."""
    promotions = [ChosenCode(code.id, code.name, code.sentence, code.is_refused) for code in cart.codes]
    cards = list_gift_cards([uuid.UUID(card_id) for card_id in checkout.gift_cards],
                            order_id=find_unpaid_id(checkout)) if checkout.gift_cards else []
    return promotions + [ChosenCode(
        card.id, f"Gift card ••••{card.last_letters}",
        f"There are {format_money(card.balance, facts().locale)} on it."
        if card.can_pay else "It cannot pay any more.", not card.can_pay) for card in cards]


@transactional
def use_code(*, checkout: CheckoutInfo, text: str) -> None:
    """Keep what was typed as a promotion code, or else as a gift card that pays.

    Raises CodeRefused, TooManyCodes, UnknownGiftCard, StepMissing.
    """
    try:
        enter_code(cart_id=checkout.cart_id, text=text, shopper=shopper_of(checkout))
    except CodeRefused as error:
        if not error.is_unknown:
            raise
        add_gift_card(cart_id=checkout.cart_id, code=text)


@transactional
def drop_code(*, checkout: CheckoutInfo, code_id: uuid.UUID) -> None:
    """Take the promotion code or the gift card with the id out; a second call changes nothing."""
    remove_code(cart_id=checkout.cart_id, code_id=code_id)
    remove_gift_card(cart_id=checkout.cart_id, gift_card_id=code_id)


@transactional
def forget_code(*, checkout: CheckoutInfo, code: str) -> None:
    """Take a promotion code out by what it says, when somebody else used it up a moment ago."""
    code_id = read_codes(checkout.cart_id).get(code)
    if code_id is not None:
        remove_code(cart_id=checkout.cart_id, code_id=code_id)
