"""Writes of accounts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from storefront.accounts.addresses import PostalAddress, as_fields, check_address
from storefront.accounts.emails import normalize_email
from storefront.accounts.errors import (
    EmailTaken,
    InvalidEmail,
    NoSuchAddress,
    TooManyAddresses,
    WrongCredentials,
    WrongPassword,
)
from storefront.accounts.events import CustomerRegistered, PasswordChanged, RegistrationRepeated
from storefront.accounts.models import Address, Customer, SignIn, StaffMember
from storefront.accounts.passwords import check_strength, hash_password, is_password, needs_rehash
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record

MAX_ADDRESSES = 30
SESSIONS_KEPT = timedelta(days=90)  # longer than sign_in.LIFETIMES
T = TypeVar("T", Customer, StaffMember)


def register_customer(*, email: str, password: str, name: str) -> uuid.UUID | None:
    """Open an account and return its id; None when the address has one, whose owner is told by mail.

    Callers must not let the visitor see which. Raises InvalidEmail and WeakPassword.
    """
    email = normalize_email(email)
    check_strength(password, email)
    # Outside the transaction: hashing takes longer than a write lock should be held.
    return _register(email=email, password_hash=hash_password(password), name=name.strip())


@transactional
def _register(*, email: str, password_hash: str, name: str) -> uuid.UUID | None:
    customer = Customer(email=email, password_hash=password_hash, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(customer)
    except IntegrityError:
        known = db.session.scalars(select(Customer.id).where(Customer.email == email)).one()
        record(RegistrationRepeated(customer_id=known))
        return None
    record(CustomerRegistered(customer_id=customer.id))
    return customer.id


def create_staff(*, email: str, password: str, name: str) -> uuid.UUID:
    """Open a staff account and return its id; raises InvalidEmail, WeakPassword and EmailTaken."""
    email = normalize_email(email)
    check_strength(password, email)
    return _create_staff(email=email, password_hash=hash_password(password), name=name.strip())


@transactional
def _create_staff(*, email: str, password_hash: str, name: str) -> uuid.UUID:
    member = StaffMember(email=email, password_hash=password_hash, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(member)
    except IntegrityError:
        raise EmailTaken(email) from None
    return member.id


@transactional
def change_staff_password(*, email: str, password: str) -> None:
    """Give the staff member a new password and end all of their sessions; raises WeakPassword."""
    email = normalize_email(email)
    check_strength(password, email)
    execute_counted(
        update(StaffMember).where(StaffMember.email == email)
        .values(password_hash=hash_password(password), session_version=StaffMember.session_version + 1)
    )


def check_password(*, email: str, password: str) -> Customer:
    """Return the customer with this e-mail address and password; raises WrongCredentials.

    An unknown address takes as long as a wrong password. A hash of another cost is made anew.
    """
    return _check(Customer, email, password)


def check_staff_password(*, email: str, password: str) -> StaffMember:
    """Return the staff member with this e-mail address and password; raises WrongCredentials."""
    return _check(StaffMember, email, password)


def _check(model: type[T], email: str, password: str) -> T:
    try:
        found = db.session.scalar(select(model).where(model.email == normalize_email(email)))
    except InvalidEmail:
        found = None
    known_hash = found.password_hash if found else None
    is_right = is_password(password, known_hash)
    if found is None or not is_right or not found.is_active:
        raise WrongCredentials
    person: T = found
    if needs_rehash(person.password_hash):
        _replace_hash(model, person.id, old=person.password_hash, new=hash_password(password))
    return person


@transactional
def _replace_hash(model: type[T], person_id: uuid.UUID, *, old: str, new: str) -> None:
    """Keep the same password under another cost, unless it was changed meanwhile."""
    execute_counted(
        update(model).where(model.id == person_id, model.password_hash == old).values(password_hash=new)
    )


@transactional
def open_session(*, person_id: uuid.UUID) -> uuid.UUID:
    """Begin a session of the customer or staff member and return its id."""
    session = SignIn(person_id=person_id)
    db.session.add(session)
    db.session.flush()
    return session.id


@transactional
def end_session(*, sign_in_id: uuid.UUID) -> None:
    """End the session; a second call changes nothing."""
    execute_counted(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now())
    )


@transactional
def forget_sessions() -> int:
    """Delete the rows of sessions begun longer ago than any session lives, and return how many."""
    return execute_counted(delete(SignIn).where(SignIn.started_at < now() - SESSIONS_KEPT))


@transactional
def change_profile(*, customer_id: uuid.UUID, name: str, phone: str) -> None:
    """Change what the customer is called and the number a carrier may ring."""
    execute_counted(
        update(Customer).where(Customer.id == customer_id).values(name=name.strip(), phone=phone.strip())
    )


@transactional
def change_password(*, customer_id: uuid.UUID, old: str, new: str) -> None:
    """Change the password and end every session of the customer; the owner is told by mail.

    Raises WrongPassword and WeakPassword.
    """
    customer = db.session.get_one(Customer, customer_id)
    if not is_password(old, customer.password_hash):
        raise WrongPassword
    check_strength(new, customer.email)
    customer.password_hash = hash_password(new)
    customer.session_version += 1
    record(PasswordChanged(customer_id=customer_id, session_version=customer.session_version))


@transactional
def save_address(*, customer_id: uuid.UUID, address: PostalAddress, address_id: uuid.UUID | None = None,
                 is_default: bool = False) -> uuid.UUID:
    """Write an address into the customer's book and return its id; the first one becomes the default.

    Raises InvalidAddress, NoSuchAddress (also for another customer's) and TooManyAddresses.
    """
    fields = as_fields(check_address(address))
    # Held until the commit: two tabs must not both become the default.
    execute_counted(update(Customer).where(Customer.id == customer_id).values(name=Customer.name))
    if address_id is None:
        count = db.session.scalar(select(func.count()).where(Address.customer_id == customer_id)) or 0
        if count >= MAX_ADDRESSES:
            raise TooManyAddresses(MAX_ADDRESSES)
        row = Address(customer_id=customer_id, postal=fields, is_default=count == 0)
        db.session.add(row)
        db.session.flush()
    else:
        row = _own_address(customer_id, address_id)
        row.postal = fields
    if is_default and not row.is_default:
        execute_counted(update(Address).where(Address.customer_id == customer_id).values(is_default=False))
        row.is_default = True
    return row.id


@transactional
def remove_address(*, customer_id: uuid.UUID, address_id: uuid.UUID) -> None:
    """Take the address out of the book; the oldest left becomes the default. Raises NoSuchAddress."""
    execute_counted(update(Customer).where(Customer.id == customer_id).values(name=Customer.name))
    row = _own_address(customer_id, address_id)
    was_default = row.is_default
    db.session.delete(row)
    db.session.flush()
    if was_default:
        oldest = db.session.scalar(
            select(Address).where(Address.customer_id == customer_id).order_by(Address.created_at, Address.id).limit(1)
        )
        if oldest is not None:
            oldest.is_default = True


def _own_address(customer_id: uuid.UUID, address_id: uuid.UUID) -> Address:
    row = db.session.scalar(select(Address).where(Address.id == address_id, Address.customer_id == customer_id))
    if row is None:
        raise NoSuchAddress
    return row
