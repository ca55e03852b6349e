"""Reads of accounts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.accounts.addresses import PostalAddress, format_lines, from_fields
from storefront.accounts.errors import NoSuchAddress
from storefront.accounts.models import Address, Customer, SignIn, StaffMember
from storefront.foundation.database import db

Person = Customer | StaffMember
KINDS: dict[str, type[Customer] | type[StaffMember]] = {"customer": Customer, "staff": StaffMember}


@dataclass(frozen=True, slots=True)
class CustomerInfo:
    """A customer as other contexts may know one."""

    id: uuid.UUID
    email: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class AddressView:
    """An address of the book as it is shown."""

    id: uuid.UUID
    lines: list[str]
    is_default: bool
    postal: PostalAddress


def read_customer(customer_id: uuid.UUID) -> CustomerInfo | None:
    """Return the customer, or None."""
    row = db.session.get(Customer, customer_id)
    return CustomerInfo(row.id, row.email, row.name, row.phone) if row else None


def find_person(text: str, sign_in_id: uuid.UUID) -> tuple[Person, datetime] | None:
    """Return whom `customer:<id>:<version>` or `staff:…` names, and when the session began (UTC).

    None when the session ended or is another's, the version was raised, or the person is disabled.
    """
    kind, _, rest = text.partition(":")
    id_text, _, version = rest.partition(":")
    try:
        model, person_id = KINDS[kind], uuid.UUID(id_text)
    except (KeyError, ValueError):
        return None
    row = db.session.execute(
        select(model, SignIn.started_at).join(SignIn, SignIn.person_id == model.id)
        .where(model.id == person_id, SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    person = row[0]
    assert isinstance(person, Customer | StaffMember)
    if not person.is_active or str(person.session_version) != version:
        return None
    return person, row[1]


def list_staff() -> list[tuple[uuid.UUID, str]]:
    """Return the id and e-mail address of every member of staff who may work, in a steady order."""
    rows = db.session.execute(select(StaffMember.id, StaffMember.email).where(StaffMember.is_disabled.is_(False))
                              .order_by(StaffMember.email)).all()
    return [(row.id, row.email) for row in rows]


def list_addresses(customer_id: uuid.UUID) -> list[AddressView]:
    """Return the customer's addresses, the default one first."""
    rows = db.session.scalars(
        select(Address).where(Address.customer_id == customer_id)
        .order_by(Address.is_default.desc(), Address.created_at, Address.id)
    ).all()
    return [_address_view(row) for row in rows]


def read_address(customer_id: uuid.UUID, address_id: uuid.UUID) -> AddressView:
    """Return the customer's address; raises NoSuchAddress for another's as for none."""
    row = db.session.scalar(select(Address).where(Address.id == address_id, Address.customer_id == customer_id))
    if row is None:
        raise NoSuchAddress
    return _address_view(row)


def _address_view(row: Address) -> AddressView:
    postal = from_fields(row.postal)
    return AddressView(row.id, format_lines(postal), row.is_default, postal)
