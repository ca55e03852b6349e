"""International bank account numbers (ISO 13616): their check digits and how people write them."""

from __future__ import annotations

import re

SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
# ISO 13616 registry: how long the numbers of the countries are in which shops hold accounts most
LENGTHS = {"AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
           "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21,
           "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
           "SE": 24, "SI": 19, "SK": 24, "SM": 27}


def compact(text: str) -> str:
    """Return the number as machines write it."""
    return "".join(text.split()).upper()


def spaced(text: str) -> str:
    """Return the number in groups of four, as people read it."""
    number = compact(text)
    return " ".join(number[at:at + 4] for at in range(0, len(number), 4))


def is_iban(text: str) -> bool:
    """Tell whether shape, length and check digits (modulo 97, ISO 7064) fit."""
    number = compact(text)
    if not SHAPE.fullmatch(number) or len(number) != LENGTHS.get(number[:2], len(number)):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def is_bic(text: str) -> bool:
    """Tell whether it has the shape of a bank's code (ISO 9362): bank, country, place, and maybe a branch."""
    return re.fullmatch(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", compact(text)) is not None
