"""Passwords: argon2id at OWASP's parameters, a length and a list of the first guesses, no other rule.

Sources: OWASP Password Storage and Authentication cheat sheets; NIST SP 800-63B section 3.1.1.
"""

from __future__ import annotations

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from flask import current_app

from storefront.accounts.errors import WeakPassword

MIN_LENGTH, MAX_LENGTH = 8, 128
COST = (2, 19_456, 1)  # iterations, KiB of memory, lanes; app.config["PASSWORD_COST"] overrides it in tests

# Stems that guessers try first; a stem with only digits and signs around it is refused as well.
WORDS = (
    "password passwort passw0rd p@ssword p@ssw0rd motdepasse contrasena qwerty qwertyui qwertyuiop qwertz qwertzuiop "
    "azerty azertyuiop asdfghjk asdfghjkl zxcvbnm qazwsx qazwsxedc letmein welcome welcome1 iloveyou iloveu "
    "sunshine princess football baseball superman batman dragon monkey master shadow michael jennifer computer "
    "internet whatever trustno changeme secret secret1 admin administrator root login access starwars pokemon "
    "liverpool chelsea arsenal charlie freedom killer hunter summer winter autumn spring google facebook samsung "
    "abcdefgh abcd abc q1w2e3r4 q1w2e3r4t5 1q2w3e4r 1q2w3e4r5t 1qaz2wsx zaq12wsx a1b2c3d4 test tester testtest "
    "plainsong"
)
FIRST_GUESSES = frozenset(WORDS.split())
RUNS = "01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz"


def check_strength(password: str, email: str = "") -> None:
    """Raise WeakPassword, with a sentence to show, for a password that must not be chosen."""
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"Choose a password of at least {MIN_LENGTH} characters; a short sentence is good.")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"Choose a password of at most {MAX_LENGTH} characters.")
    if _is_guessed_first(password.casefold(), email.casefold()):
        raise WeakPassword("This is one of the passwords that are guessed first. Please choose another.")


def hash_password(password: str) -> str:
    """Return the argon2id hash, parameters included."""
    return _hasher().hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Tell whether the password has this hash; without one the same work is done for nothing."""
    try:
        _hasher().verify(password_hash or _dummy_hash(_cost()), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made at another cost."""
    return _hasher().check_needs_rehash(password_hash)


def new_password() -> str:
    """Return a made-up password of 96 random bits that can be read aloud in groups."""
    text = secrets.token_hex(12)
    return "-".join(text[at : at + 6] for at in range(0, len(text), 6))


def _is_guessed_first(password: str, email: str) -> bool:
    local, _, domain = email.partition("@")
    stem = password.strip("0123456789!?.,_-*#$@+ ")
    return (
        len(set(password)) < 3
        or any(password in run for run in RUNS)
        or password in FIRST_GUESSES
        or stem in FIRST_GUESSES
        or (bool(email) and password in (email, local, domain))
        or (len(local) > 2 and stem == local)
    )


def _cost() -> tuple[int, int, int]:
    time, memory, lanes = current_app.config.get("PASSWORD_COST", COST)
    return int(time), int(memory), int(lanes)


def _hasher() -> PasswordHasher:
    time, memory, lanes = _cost()
    return PasswordHasher(time_cost=time, memory_cost=memory, parallelism=lanes, type=Type.ID)


@functools.cache
def _dummy_hash(cost: tuple[int, int, int]) -> str:
    return _hasher().hash(secrets.token_urlsafe())
