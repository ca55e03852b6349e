"""Customers, staff members and the customers' addresses."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model
from storefront.foundation.ids import new_uuid


class Customer(UserMixin, Model):
    """A person with an account. `session_version` rises to end every session at once."""

    __tablename__ = "accounts_customer"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # normalized: lower case, NFC
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    avatar: Mapped[str] = mapped_column(String(200), default="")
    email_verified: Mapped[bool] = mapped_column(default=False)
    phone_verified: Mapped[bool] = mapped_column(default=False)
    is_premium: Mapped[bool] = mapped_column(default=False)
    is_disabled: Mapped[bool] = mapped_column(default=False)
    session_version: Mapped[int] = mapped_column(default=1)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)

    @property
    def is_active(self) -> bool:
        return not self.is_disabled

    @property
    def is_staff(self) -> bool:
        return False

    def get_id(self) -> str:
        return f"customer:{self.id}:{self.session_version}"


class StaffMember(UserMixin, Model):
    """A person who works in the panel."""

    __tablename__ = "accounts_staff_member"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(120), default="")
    is_disabled: Mapped[bool] = mapped_column(default=False)
    session_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @property
    def is_active(self) -> bool:
        return not self.is_disabled

    @property
    def is_staff(self) -> bool:
        return True

    def get_id(self) -> str:
        return f"staff:{self.id}:{self.session_version}"


class SignIn(Model):
    """A session of a customer or a staff member: the cookie names it, so signing out ends it for good."""

    __tablename__ = "accounts_sign_in"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    person_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of a customer or a staff member
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Address(Model):
    """A postal address in a customer's book; orders copy it, they never point at it."""

    __tablename__ = "accounts_address"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts_customer.id", ondelete="CASCADE"), index=True)
    postal: Mapped[dict[str, str]] = mapped_column(JSON)  # the fields of addresses.PostalAddress
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
