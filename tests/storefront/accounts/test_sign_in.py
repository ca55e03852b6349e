import statistics
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts import sign_in as module
from storefront.accounts import throttle
from storefront.accounts.addresses import PostalAddress
from storefront.accounts.models import Customer
from storefront.accounts.queries import list_addresses
from storefront.accounts.services import check_password, save_address
from storefront.accounts.sign_in import safe_target
from storefront.foundation import clock
from storefront.foundation import throttle as foundation_throttle
from storefront.foundation.database import db
from storefront.foundation.redis import client as redis
from tests.factories.accounts import PASSWORD, make_customer, sign_in

WRONG = "That e-mail address and password do not belong together."
HOME = PostalAddress(name="Ada Byrne", street="1 Main Street", city="Ennis", country="IE")
FORM = {"country": "IE", "name": "Ada Byrne", "street": "2 Quay", "city": "Cork"}


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/addresses").status_code == 200


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment = clock.now() + by
    monkeypatch.setattr(module, "now", lambda: moment)


def test_a_customer_signs_in_and_out(client: FlaskClient) -> None:
    make_customer()
    assert not is_signed_in(client)
    response = client.post("/account/sign-in", data={"email": " Ada@Example.com ", "password": PASSWORD})
    assert (response.status_code, response.location) == (303, "/account")
    assert is_signed_in(client)
    assert client.get_cookie("hint")
    assert client.post("/account/sign-out").status_code == 303
    assert not is_signed_in(client)
    assert client.get_cookie("hint") is None


def test_htmx_is_led_on_by_its_own_header(client: FlaskClient) -> None:
    make_customer()
    response = client.post("/account/sign-in", data={"email": "ada@example.com", "password": PASSWORD},
                           headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/account")


@pytest.mark.parametrize("said", [
    {"email": "ada@example.com", "password": "wrong"}, {"email": "nobody@example.com", "password": PASSWORD},
    {"email": "no address", "password": PASSWORD}])
def test_a_refusal_never_says_which_was_wrong(client: FlaskClient, said: dict[str, str]) -> None:  # fault 69
    make_customer()
    response = client.post("/account/sign-in", data=said)
    assert response.status_code == 422
    assert WRONG in response.text
    assert said["password"] not in response.text
    assert not is_signed_in(client)


def test_an_unknown_address_takes_as_long_as_a_known_one(app: Flask) -> None:  # fault 69, security 23
    app.config["PASSWORD_COST"] = (2, 4096, 1)
    make_customer()

    def measure(email: str) -> float:
        began = time.perf_counter()
        with pytest.raises(Exception, match=WRONG):
            check_password(email=email, password="wrong")
        return time.perf_counter() - began

    measure("nobody@example.com")  # makes the dummy hash
    pairs = [(measure("ada@example.com"), measure("nobody@example.com")) for _ in range(30)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.6 < known / unknown < 1.6


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/register", "/admin/sign-in"])
def test_the_head_of_a_form_is_answered_like_the_form(client: FlaskClient, path: str) -> None:
    assert client.head(path).status_code == client.get(path).status_code == 200


def test_the_session_is_a_new_one_at_sign_in(client: FlaskClient) -> None:  # fault 62, security 2
    make_customer()
    with client.session_transaction() as session:
        session["planted"] = "by a stranger"
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        first = session["sign_in_id"]
    sign_in(client)
    with client.session_transaction() as session:
        assert session["sign_in_id"] != first
    assert uuid.UUID(first).version == 4


def test_a_cookie_kept_from_before_signing_out_is_worth_nothing(client: FlaskClient) -> None:  # fault 62, security 3
    make_customer()
    sign_in(client)
    kept = client.get_cookie("session")
    assert kept is not None
    client.post("/account/sign-out")
    client.set_cookie("session", kept.value)
    assert not is_signed_in(client)


def test_signing_out_ends_this_session_alone(client: FlaskClient, new_client: Callable[[], FlaskClient]) -> None:
    make_customer()
    phone = new_client()
    sign_in(client)
    sign_in(phone)
    client.post("/account/sign-out")
    assert is_signed_in(phone)


def test_a_new_password_ends_the_sessions_elsewhere(  # fault 62, security 3
        client: FlaskClient, new_client: Callable[[], FlaskClient]) -> None:
    make_customer()
    phone = new_client()
    sign_in(client)
    sign_in(phone)
    response = client.post("/account/profile/password", data={"old": PASSWORD, "new": "a kettle of snow"})
    assert response.status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(phone)


def test_disabling_a_customer_ends_their_session(client: FlaskClient) -> None:  # security 3
    customer_id = make_customer()
    sign_in(client)
    db.session.get_one(Customer, customer_id).is_disabled = True
    db.session.commit()
    assert not is_signed_in(client)


@pytest.mark.parametrize(("by", "lives"), [(timedelta(days=13), True), (timedelta(days=15), False)])
def test_an_idle_session_ends_after_two_weeks(  # security 4
        client: FlaskClient, monkeypatch: pytest.MonkeyPatch, by: timedelta, lives: bool) -> None:
    make_customer()
    sign_in(client)
    later(monkeypatch, by)
    assert is_signed_in(client) is lives


def test_a_session_in_use_still_ends_after_sixty_days(  # security 4
        client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    make_customer()
    sign_in(client)
    moment = clock.now()
    for days in (10, 20, 30, 40, 50, 59):
        monkeypatch.setattr(module, "now", lambda days=days: moment + timedelta(days=days))
        assert is_signed_in(client)
    monkeypatch.setattr(module, "now", lambda: moment + timedelta(days=61))
    assert not is_signed_in(client)


@pytest.mark.parametrize("target", [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
    "https://evil.example", "http:///evil.example", "javascript:alert(1)", "/\tevil.example", "\t//evil.example",
    " //evil.example", "/ /evil.example", "/\n/evil.example", "%2f%2fevil.example", "evil.example", "", "/\x00", "/é",
])
def test_no_one_is_led_to_another_site(app: Flask, client: FlaskClient, target: str) -> None:  # fault 64
    assert safe_target(target, "/account") == "/account"
    make_customer()
    response = client.post("/account/sign-in", query_string={"next": target},
                           data={"email": "ada@example.com", "password": PASSWORD})
    assert (response.status_code, response.location) == (303, "/account")


@pytest.mark.parametrize("target", ["/", "/checkout/contact", "/c/ceramics?sort=price&page=2", "/p/a%20b#size"])
def test_a_path_of_this_site_is_followed(target: str) -> None:
    assert safe_target(target, "/account") == target


def test_a_page_that_needs_a_customer_leads_back_afterwards(client: FlaskClient) -> None:
    make_customer()
    response = client.get("/account/addresses?country=DE")
    assert (response.status_code, response.location) == (303, "/account/sign-in?next=/account/addresses?country%3DDE")
    response = client.post(response.location, data={"email": "ada@example.com", "password": PASSWORD})
    assert response.location == "/account/addresses?country=DE"


def test_too_many_tries_are_told_to_wait_and_others_go_on(  # security 22
        client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    make_customer()
    make_customer("eve@example.com")
    wrong = {"email": "ada@example.com", "password": "wrong"}
    assert [client.post("/account/sign-in", data=wrong).status_code for _ in range(11)] == [422] * 10 + [429]
    right = {"email": "ADA@example.com ", "password": PASSWORD}
    response = client.post("/account/sign-in", data=right)
    assert response.status_code == 429
    assert "Please wait 15 minutes" in response.text
    assert not is_signed_in(client)
    elsewhere = client.post("/account/sign-in", data=right, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 303
    sign_in(client, "eve@example.com")
    moment = clock.now()
    monkeypatch.setattr(foundation_throttle, "now", lambda: moment + timedelta(minutes=16))
    sign_in(client)


def test_one_network_address_cannot_try_every_account(app: Flask) -> None:  # security 22
    for at in range(throttle.MAX_TRIES_OF_ADDRESS):
        throttle.count_try(f"a{at}@example.com", "192.0.2.7")
    with pytest.raises(throttle.TooManyTries):
        throttle.count_try("fresh@example.com", "192.0.2.7")


def test_the_right_password_forgives_the_tries_before(client: FlaskClient) -> None:
    make_customer()
    for _ in range(2):
        for _ in range(9):
            client.post("/account/sign-in", data={"email": "ada@example.com", "password": "wrong"})
        sign_in(client)


def test_the_throttle_keeps_no_address_in_redis(app: Flask) -> None:
    throttle.count_try("ada@example.com", "192.0.2.7")
    assert not any("ada" in key or "192.0.2.7" in key for key in redis().keys("*"))


def test_with_redis_away_people_still_sign_in(app: Flask, client: FlaskClient) -> None:
    make_customer()
    app.config["REDIS_URL"] = "unix:///nowhere/r.sock"
    app.extensions.pop("redis", None)
    sign_in(client)
    assert is_signed_in(client)


def test_registering_says_the_same_of_old_and_new_addresses(client: FlaskClient) -> None:  # fault 69, security 23
    make_customer()
    answers = []
    for email in ("ada@example.com", "new@example.com"):
        said = {"name": "Eve", "email": email, "password": "a kettle of snow"}
        response = client.post("/account/register", data=said)
        page = client.get(response.location).text.replace(email, "what was typed")
        answers.append((response.status_code, response.location, response.text, page))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (303, "/account/sign-in")
    assert "We have written to that e-mail address." in answers[0][3]
    assert check_password(email="ada@example.com", password=PASSWORD).name == "Ada Byrne"
    assert check_password(email="new@example.com", password="a kettle of snow").name == "Eve"


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("email", "nobody", "Enter an e-mail address"), ("password", "short", "at least 8 characters"),
    ("password", "password1", "guessed first"), ("password", "ada@example.com", "guessed first"),
    ("name", "", "Enter your name."), ("name", "x" * 121, "120 characters"),
    ("name", "A\0da", "on one line"), ("name", "Ada\r\nBcc: eve@example.com", "on one line")])
def test_a_bad_registration_is_told_and_opens_nothing(
        client: FlaskClient, field: str, value: str, sentence: str) -> None:
    said = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, field: value}
    response = client.post("/account/register", data=said)
    assert response.status_code == 422
    assert sentence in response.text
    assert db.session.query(Customer).count() == 0


def test_more_than_the_form_has_is_passed_over(client: FlaskClient) -> None:  # fault 54, security 18
    column_names = set(Customer.__table__.columns.keys()) - {"email", "name"}
    client.post("/account/register", data={"name": "Ada", "email": "ada@example.com", "password": PASSWORD,
                                           **dict.fromkeys(column_names, "1"), "is_staff": "1"})
    row = db.session.query(Customer).one()
    assert (row.is_premium, row.email_verified, row.phone_verified, row.is_disabled, row.session_version) == (
        False, False, False, False, 1)
    assert row.phone == ""
    assert row.password_hash.startswith("$argon2id$")


def test_the_address_book_adds_changes_and_removes(client: FlaskClient) -> None:
    ada = make_customer()
    sign_in(client)
    assert 'name="postal_code"' in client.get("/account/addresses/new").text
    assert "State" in client.get("/account/addresses/new?country=US").text
    assert client.post("/account/addresses/new", data={**FORM, "customer_id": str(uuid.uuid4())}).status_code == 303
    (view,) = list_addresses(ada)
    assert (view.lines, view.is_default) == (["Ada Byrne", "2 Quay", "Cork", "Ireland"], True)
    assert "2 Quay" in client.get("/account/addresses").text
    assert "2 Quay" in client.get(f"/account/addresses/{view.id}").text
    client.post(f"/account/addresses/{view.id}", data={**FORM, "street": "3 Quay"})
    db.session.rollback()
    assert list_addresses(ada)[0].postal.street == "3 Quay"
    client.post(f"/account/addresses/{view.id}/removal")
    db.session.rollback()
    assert list_addresses(ada) == []


def test_a_bad_address_is_shown_again_with_what_was_typed(client: FlaskClient) -> None:
    ada = make_customer()
    sign_in(client)
    response = client.post("/account/addresses/new", data={**FORM, "city": "", "postal_code": "NONSENSE!"})
    assert response.status_code == 422
    assert "Town or city is missing." in response.text
    assert "2 Quay" in response.text
    assert "Eircode is not written like this. It looks like A65 F4E2." in response.text
    assert list_addresses(ada) == []


def test_anothers_address_is_not_found(client: FlaskClient) -> None:  # fault 63, security 17
    ada = make_customer()
    home = save_address(customer_id=ada, address=HOME)
    make_customer("eve@example.com")
    sign_in(client, "eve@example.com")
    for address_id in (home, uuid.uuid4()):
        assert client.get(f"/account/addresses/{address_id}").status_code == 404
        assert client.post(f"/account/addresses/{address_id}", data=FORM).status_code == 404
        assert client.post(f"/account/addresses/{address_id}/removal").status_code == 404
    assert client.get("/account/addresses/1").status_code == 404
    db.session.rollback()
    assert [view.postal for view in list_addresses(ada)] == [HOME]


def test_the_profile_changes_name_and_phone(client: FlaskClient) -> None:
    customer_id = make_customer()
    sign_in(client)
    assert "Ada Byrne" in client.get("/account/profile").text
    assert client.post("/account/profile", data={"name": "Ada King", "phone": "+353 65 682 1000"}).status_code == 303
    for phone in ("12345", "abcdef", "+353 65 682 1000 ext 5", "٣٣٣٣٣٣٣"):
        response = client.post("/account/profile", data={"name": "Ada King", "phone": phone})
        assert response.status_code == 422
        assert "Enter a phone number" in response.text
    db.session.rollback()
    row = db.session.get_one(Customer, customer_id)
    assert (row.name, row.phone) == ("Ada King", "+353 65 682 1000")


@pytest.mark.parametrize(("said", "sentence"), [
    ({"old": "wrong", "new": "a kettle of snow"}, "That is not your present password."),
    ({"old": PASSWORD, "new": "short"}, "at least 8 characters"), ({"old": "", "new": ""}, "Enter your present")])
def test_a_refused_password_change_is_told(client: FlaskClient, said: dict[str, str], sentence: str) -> None:
    make_customer()
    sign_in(client)
    response = client.post("/account/profile/password", data=said)
    assert response.status_code == 422
    assert sentence in response.text
    assert check_password(email="ada@example.com", password=PASSWORD)


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/register", "/account/addresses", "/account/profile"])
def test_what_stands_in_an_account_is_kept_by_nobody(client: FlaskClient, path: str) -> None:  # security 10
    make_customer()
    assert client.get(path).headers["Cache-Control"] == "private, no-store"
    sign_in(client)
    assert client.get(path).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/", "/search?q=bowl", "/no-such-page"])
def test_a_public_page_never_touches_the_session(client: FlaskClient, path: str) -> None:  # security 10
    make_customer()
    nobody = client.get(path).text
    sign_in(client)
    response = client.get(path)
    assert response.text == nobody
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
    assert is_signed_in(client)
