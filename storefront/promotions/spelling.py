"""How a code is spelled, and who a customer is where a limit counts."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

from storefront.foundation.ids import ALPHABET

MAX_CODE = 40
GMAIL = frozenset({"gmail.com", "googlemail.com"})  # both are one, and dots do not count there


def normalize_code(text: str) -> str:
    """Return the code as it is kept: capitals, without spaces; "" for what can be no code."""
    code = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    allowed = all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in code)
    return code if allowed and len(code) <= MAX_CODE else ""


def new_code(prefix: str = "", letters: int = 8) -> str:
    """Return a random code, five random bits a letter, such as `SPRING-7F3K9QXM`."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(letters))
    return f"{prefix}-{random}" if prefix else random


def normalize_for_limits(email: str) -> str:
    """Return the address that limits per customer count by: one mailbox, however it is written.

    Lower case, without a +tag, and for Gmail without dots. Only for counting: mails go to the address as given.
    """
    local, at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    if not at:
        return domain
    kept = local.split("+", 1)[0]
    if domain in GMAIL:
        kept, domain = kept.replace(".", ""), "gmail.com"
    return f"{kept or local}@{domain}"


def customer_key(email: str) -> str:
    """Return the hash of the mailbox, as redemptions keep it; "" for no address."""
    return hashlib.sha256(normalize_for_limits(email).encode()).hexdigest() if email else ""
