"""Which amounts Stripe can charge, and how it writes them; https://docs.stripe.com/currencies, read in November 2026.

Stripe counts in minor units of its own: some currencies that have no minor unit any more are still sent with
two decimals (ISK, UGX), and others that ISO 4217 gives two are sent with none (MGA).
"""

from __future__ import annotations

from storefront.foundation.money import exponent

WHOLE = frozenset((  # sent in whole units
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"))
THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))  # three decimals, of which the last is 0

# In Stripe's units. The floor is the one of an account that settles in the same currency.
FLOORS = {
    "USD": 50, "AED": 200, "ARS": 50, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "COP": 50, "CZK": 1500, "DKK": 250,
    "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "IDR": 50, "ILS": 50, "INR": 50, "JPY": 50, "KRW": 50,
    "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PHP": 50, "PLN": 200, "RON": 200, "RUB": 50, "SEK": 300,
    "SGD": 50, "THB": 1000, "ZAR": 50,
}
DIGITS = {"IDR": 12, "COP": 10, "INR": 9}  # of the greatest amount; 8 for all others


class NotChargeable(ValueError):
    """Stripe cannot move exactly this amount."""


def as_sent(amount: int, currency: str) -> int:
    """Return our minor units in Stripe's; raises NotChargeable where it takes no such fraction."""
    scaled, rest = divmod(amount * _units(_decimals(currency)), _units(exponent(currency)))
    if rest or scaled % _step(currency):
        raise NotChargeable(f"Stripe cannot move exactly this amount of {currency}.")
    return scaled


def as_ours(amount: int, currency: str) -> int:
    """Return Stripe's units in our minor units; raises NotChargeable for a fraction that we have not."""
    scaled, rest = divmod(amount * _units(exponent(currency)), _units(_decimals(currency)))
    if rest:
        raise NotChargeable(f"Stripe says a fraction of {currency} that does not exist.")
    return scaled


def is_chargeable(amount: int, currency: str) -> bool:
    """Tell whether one payment can be of this amount: exactly, not below Stripe's floor, not too long."""
    try:
        sent = as_sent(amount, currency)
    except NotChargeable:
        return False
    return FLOORS.get(currency, 1) <= sent < _units(DIGITS.get(currency, 8))


def _decimals(currency: str) -> int:
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2


def _step(currency: str) -> int:
    return 10 if currency in THOUSANDTHS else 1


def _units(decimals: int) -> int:
    return int(10**decimals)
