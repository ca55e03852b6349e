"""What accounts tell."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class CustomerRegistered(Event):
    """A new account: its owner is greeted by mail."""

    customer_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class RegistrationRepeated(Event):
    """Someone registered an address that has an account: only its owner is told, by mail."""

    customer_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """The password is another one: its owner is told by mail, in case it was not them."""

    customer_id: uuid.UUID
    session_version: int  # rises with each change, so each is told once
