"""Identifiers: random ones that strangers see, and numbers that people read aloud."""

from __future__ import annotations

import secrets
import uuid

# Crockford's base 32: no I, L, O, U, so a number survives a telephone call.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_uuid() -> uuid.UUID:
    """Return a random UUID (122 random bits), for rows whose id a stranger may see."""
    return uuid.uuid4()


def new_token() -> str:
    """Return a URL-safe secret of 192 random bits."""
    return secrets.token_urlsafe(24)


def new_number(groups: int = 3, size: int = 4) -> str:
    """Return a readable random number such as `7F3K-9QXM-2B4T` (5 random bits a letter)."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(groups * size))
    return "-".join(letters[at : at + size] for at in range(0, len(letters), size))


def spell_number(text: str, size: int = 4) -> str:
    """Return a number that somebody typed the way `new_number` writes it: capitals, hyphens, no letter mistaken."""
    letters = text.upper().translate(str.maketrans("OIL", "011"))
    kept = "".join(letter for letter in letters if letter in ALPHABET)
    return "-".join(kept[at : at + size] for at in range(0, len(kept), size))
