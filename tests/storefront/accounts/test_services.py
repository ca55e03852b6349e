import threading
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts.addresses import PostalAddress
from storefront.accounts.errors import (
    EmailTaken,
    InvalidAddress,
    NoSuchAddress,
    TooManyAddresses,
    WeakPassword,
    WrongCredentials,
    WrongPassword,
)
from storefront.accounts.models import Address, Customer, SignIn
from storefront.accounts.queries import find_person, list_addresses, read_address
from storefront.accounts.services import (
    MAX_ADDRESSES,
    change_password,
    check_password,
    check_staff_password,
    create_staff,
    end_session,
    forget_sessions,
    open_session,
    register_customer,
    remove_address,
    save_address,
)
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from tests.factories.accounts import PASSWORD, make_customer

pytestmark = pytest.mark.usefixtures("app")
HOME = PostalAddress(name="Ada Byrne", street="1 Main Street", city="Ennis", country="IE")
WORK = PostalAddress(name="Ada Byrne", street="2 Quay", city="Cork", country="IE")


def events() -> list[tuple[str, dict[str, str]]]:
    db.session.rollback()
    return [(row.name, row.payload) for row in db.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]


def get_customer(customer_id: uuid.UUID) -> Customer:
    db.session.rollback()
    return db.session.get_one(Customer, customer_id)


def test_a_new_account_is_recorded_with_its_event() -> None:
    customer_id = make_customer("Ada@Example.com", name=" Ada Byrne ")
    row = get_customer(customer_id)
    assert (row.email, row.name, row.is_disabled, row.session_version) == ("ada@example.com", "Ada Byrne", False, 1)
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash
    assert events() == [("CustomerRegistered", {"customer_id": str(customer_id)})]


def test_registering_again_changes_nothing_and_tells_the_owner_alone() -> None:  # fault 69
    customer_id = make_customer()
    before = get_customer(customer_id).password_hash
    assert register_customer(email="ADA@example.com", password="another long one", name="Eve") is None
    row = get_customer(customer_id)
    assert (row.password_hash, row.name) == (before, "Ada Byrne")
    assert events()[1:] == [("RegistrationRepeated", {"customer_id": str(customer_id)})]
    assert len(db.session.scalars(select(Customer)).all()) == 1


def test_registering_the_same_address_at_once_makes_one_account(app: Flask) -> None:
    barrier, answers = threading.Barrier(4), list[uuid.UUID | None]()

    def register() -> None:
        with app.app_context():
            barrier.wait()
            answers.append(register_customer(email="ada@example.com", password=PASSWORD, name="Ada"))

    db.session.remove()
    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 4
    assert sum(answer is not None for answer in answers) == 1
    assert sorted(name for name, _ in events()) == ["CustomerRegistered"] + ["RegistrationRepeated"] * 3


def test_a_weak_password_opens_no_account() -> None:
    with pytest.raises(WeakPassword):
        register_customer(email="ada@example.com", password="password1", name="Ada")
    assert db.session.scalars(select(Customer)).all() == []
    assert events() == []


def test_the_right_password_is_the_customer_and_nothing_else_is() -> None:
    customer_id = make_customer()
    assert check_password(email=" ADA@example.com ", password=PASSWORD).id == customer_id
    for email, password in [("ada@example.com", "wrong"), ("eve@example.com", PASSWORD), ("", ""), ("ada", PASSWORD)]:
        with pytest.raises(WrongCredentials):
            check_password(email=email, password=password)


def test_a_disabled_customer_is_as_unknown() -> None:
    get_customer(make_customer()).is_disabled = True
    db.session.commit()
    with pytest.raises(WrongCredentials):
        check_password(email="ada@example.com", password=PASSWORD)


def test_customers_and_staff_are_different_people() -> None:
    make_customer()
    create_staff(email="staff@example.com", password=PASSWORD, name="Sam")
    with pytest.raises(WrongCredentials):
        check_staff_password(email="ada@example.com", password=PASSWORD)
    with pytest.raises(WrongCredentials):
        check_password(email="staff@example.com", password=PASSWORD)
    assert check_staff_password(email="Staff@example.com", password=PASSWORD).name == "Sam"


def test_an_unknown_address_costs_a_hash_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:  # fault 69
    from argon2 import PasswordHasher

    make_customer()
    checked: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify",
                        lambda self, known, password: checked.append(known) or verify(self, known, password))
    for email in ("ada@example.com", "nobody@example.com", "no address"):
        with pytest.raises(WrongCredentials):
            check_password(email=email, password="wrong")
    assert len(checked) == 3
    assert len({known.rsplit("$", 2)[0] for known in checked}) == 1  # the same algorithm and cost


def test_a_hash_of_an_older_cost_is_renewed_at_sign_in(app: Flask) -> None:
    customer_id = make_customer()
    app.config["PASSWORD_COST"] = (2, 64, 1)
    check_password(email="ada@example.com", password=PASSWORD)
    assert "m=64,t=2" in get_customer(customer_id).password_hash
    check_password(email="ada@example.com", password=PASSWORD)


def test_a_second_staff_account_for_an_address_is_refused() -> None:
    create_staff(email="sam@example.com", password=PASSWORD, name="")
    with pytest.raises(EmailTaken):
        create_staff(email="SAM@example.com", password=PASSWORD, name="")


def test_a_changed_password_ends_every_session_and_tells_the_owner() -> None:  # fault 62, security 3
    customer_id = make_customer()
    text, sign_in_id = get_customer(customer_id).get_id(), open_session(person_id=customer_id)
    assert find_person(text, sign_in_id) is not None
    change_password(customer_id=customer_id, old=PASSWORD, new="a kettle of snow")
    assert find_person(text, sign_in_id) is None
    assert check_password(email="ada@example.com", password="a kettle of snow").id == customer_id
    assert events()[-1] == ("PasswordChanged", {"customer_id": str(customer_id), "session_version": 2})


@pytest.mark.parametrize(("old", "new", "refusal"), [
    ("wrong", "a kettle of snow", WrongPassword), (PASSWORD, "password1", WeakPassword)])
def test_a_refused_change_of_password_changes_nothing(old: str, new: str, refusal: type[Exception]) -> None:
    customer_id = make_customer()
    with pytest.raises(refusal):
        change_password(customer_id=customer_id, old=old, new=new)
    assert check_password(email="ada@example.com", password=PASSWORD).session_version == 1


def test_a_session_is_its_persons_own_until_it_ends() -> None:
    ada, eve = make_customer(), make_customer("eve@example.com")
    mine = open_session(person_id=ada)
    text = get_customer(ada).get_id()
    found = find_person(text, mine)
    assert found is not None
    assert found[0].id == ada
    assert find_person(get_customer(eve).get_id(), mine) is None
    assert find_person(text.replace("customer:", "staff:"), mine) is None
    for forged in ("", "customer", "customer:x:1", f"customer:{ada}", f"customer:{ada}:2", f"robot:{ada}:1"):
        assert find_person(forged, mine) is None
    end_session(sign_in_id=mine)
    assert find_person(text, mine) is None


def test_rows_of_sessions_that_no_cookie_can_name_are_forgotten() -> None:
    ada = make_customer()
    old, new = open_session(person_id=ada), open_session(person_id=ada)
    db.session.get_one(SignIn, old).started_at = now() - timedelta(days=91)
    db.session.commit()
    assert forget_sessions() == 1
    assert db.session.scalars(select(SignIn.id)).all() == [new]


def test_the_first_address_is_the_default_until_another_is_chosen() -> None:
    ada = make_customer()
    home = save_address(customer_id=ada, address=HOME)
    work = save_address(customer_id=ada, address=WORK)
    assert [(view.id, view.is_default) for view in list_addresses(ada)] == [(home, True), (work, False)]
    save_address(customer_id=ada, address=WORK, address_id=work, is_default=True)
    assert [(view.id, view.is_default) for view in list_addresses(ada)] == [(work, True), (home, False)]
    remove_address(customer_id=ada, address_id=work)
    assert [(view.id, view.is_default) for view in list_addresses(ada)] == [(home, True)]


def test_an_address_is_changed_in_place() -> None:
    ada = make_customer()
    home = save_address(customer_id=ada, address=HOME)
    assert save_address(customer_id=ada, address=WORK, address_id=home) == home
    assert [view.postal for view in list_addresses(ada)] == [WORK]
    assert read_address(ada, home).lines == ["Ada Byrne", "2 Quay", "Cork", "Ireland"]


def test_a_bad_address_is_not_kept() -> None:
    ada = make_customer()
    with pytest.raises(InvalidAddress):
        save_address(customer_id=ada, address=PostalAddress(name="Ada", country="IE"))
    assert db.session.scalars(select(Address)).all() == []


def test_anothers_address_does_not_exist() -> None:  # fault 63, security 17
    ada, eve = make_customer(), make_customer("eve@example.com")
    home = save_address(customer_id=ada, address=HOME)
    for address_id in (home, uuid.uuid4()):
        with pytest.raises(NoSuchAddress):
            read_address(eve, address_id)
        with pytest.raises(NoSuchAddress):
            save_address(customer_id=eve, address=WORK, address_id=address_id)
        with pytest.raises(NoSuchAddress):
            remove_address(customer_id=eve, address_id=address_id)
    assert [view.postal for view in list_addresses(ada)] == [HOME]
    assert list_addresses(eve) == []


def test_an_address_book_has_an_end() -> None:
    ada = make_customer()
    db.session.add_all(Address(customer_id=ada, postal={}) for _ in range(MAX_ADDRESSES))
    db.session.commit()
    with pytest.raises(TooManyAddresses):
        save_address(customer_id=ada, address=HOME)
    assert len(list_addresses(ada)) == MAX_ADDRESSES
