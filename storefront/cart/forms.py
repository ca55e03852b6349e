"""What a form may post to the cart, read as strictly as a till counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.cart.errors import InvalidQuantity, NotForSale
from storefront.cart.models import MAX_QUANTITY

MAX_ID = 2**31 - 1  # what an INTEGER column holds


@dataclass(frozen=True, slots=True)
class Addition:
    """A wish to add: the variant named by the form, or by the option values chosen beside it."""

    variant_id: int
    quantity: int
    option_value_ids: tuple[int, ...]


def read_addition(form: Mapping[str, str]) -> Addition:
    """Read `variant_id`, `quantity` (1 when the form has no such field) and `option_<id>` fields.

    Raises InvalidQuantity and NotForSale; other fields are passed over.
    """
    return Addition(
        variant_id=_read_id(form.get("variant_id", "")),
        quantity=read_quantity(form.get("quantity", "1")),
        option_value_ids=tuple(_read_id(value) for name, value in form.items() if name.startswith("option_")),
    )


def read_quantity(text: str, minimum: int = 1) -> int:
    """Return a plain ASCII whole number from `minimum` to 999; anything else raises InvalidQuantity."""
    text = text.strip(" ")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and minimum <= int(text) <= MAX_QUANTITY):
        raise InvalidQuantity
    return int(text)


def _read_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= MAX_ID):
        raise NotForSale
    return int(text)
