"""The mail with a gift card's code. It leaves at once: the code is kept nowhere that a later try could read it."""

from __future__ import annotations

import uuid

from storefront.notifications.services import send_message
from storefront.payments.gift_cards import list_gift_cards


def mail_gift_card(*, gift_card_id: uuid.UUID, code: str, recipient: str) -> bool:
    """Send the code to its recipient; False when that was done before. Raises TransportError."""
    [card] = list_gift_cards([gift_card_id])
    return send_message(message="gift_card", reference=str(gift_card_id), recipient=recipient,
                        context={"card": card, "code": code})
