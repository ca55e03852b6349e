"""One way to write an e-mail address, so that a person has one account."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

from storefront.accounts.errors import InvalidEmail

MAX_LENGTH = 254  # RFC 5321, with the angle brackets taken off


def normalize_email(text: str) -> str:
    """Return the address trimmed, in NFC and lower case; raises InvalidEmail.

    Whether it exists is not asked of anybody; dots and +tags stay as they are, they are the owner's.
    """
    text = unicodedata.normalize("NFC", text.strip())
    if len(text) > MAX_LENGTH:
        raise InvalidEmail
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise InvalidEmail from None
    return found.normalized.lower()
