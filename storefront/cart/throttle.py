"""How often someone may try a code: guessing is slow, mistyping is not.

The limits are counted as sign-in counts its own (foundation/throttle.py): by hashes, and not at all without Redis.
"""

from __future__ import annotations

import hashlib
import uuid

from storefront.accounts.errors import TooManyTries
from storefront.foundation.throttle import count_in_window

MAX_TRIES = 20  # for one cart
MAX_TRIES_OF_ADDRESS = 100  # one network address, any cart: offices share one
WINDOW = 15 * 60  # seconds


def count_code_try(cart_id: uuid.UUID | None, network_address: str) -> None:
    """Count a try; raises TooManyTries when the cart or the network address has had too many."""
    of_cart = count_in_window(_key(f"{cart_id}"), WINDOW)
    of_address = count_in_window(_key(network_address), WINDOW)
    if of_cart > MAX_TRIES or of_address > MAX_TRIES_OF_ADDRESS:
        raise TooManyTries(WINDOW // 60)


def _key(text: str) -> str:
    return f"codes:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
