"""The gate: who may enter the panel, and what everybody else is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from storefront.accounts.models import StaffMember
from storefront.catalog.models import Brand
from storefront.foundation.database import db
from tests.admin.conftest import EMAIL, PASSWORD, Panel
from tests.factories.accounts import make_customer, sign_in

OPEN = {"admin_access.sign_in"}
SAMPLES = {"product_id": 1, "job_id": 1, "import_id": 1, "promotion_id": 1, "code_id": 1, "row_id": "1",
           "number": "AAAA-AAAA-AAAA", "return_number": "R-AAAA-AAAA",
           **dict.fromkeys(("customer_id", "payment_id", "refund_id", "fulfillment_id", "statement_id", "card_id"),
                           "00000000-0000-4000-8000-000000000000")}


def panel_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield (method, address) of every route of the panel but its door."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin") and rule.endpoint not in OPEN:
            values = {name: SAMPLES[name] for name in rule.arguments}
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, adapter.build(rule.endpoint, values, method=method)


def test_every_address_of_the_panel_is_known_to_the_matrix(app: Flask) -> None:
    routes = list(panel_routes(app))
    assert len(routes) > 60
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    assert all(rule.endpoint.startswith("admin") for rule in rules)


def test_strangers_are_led_to_the_door_and_change_nothing(app: Flask, shopper: FlaskClient) -> None:  # security 16
    for method, path in panel_routes(app):
        response = shopper.open(path, method=method)
        if method == "GET":
            assert (response.status_code, response.location) == (302, f"/admin/sign-in?next={path}"), path
        else:
            assert response.status_code == 403, path


def test_customers_are_strangers_to_the_panel(app: Flask, shopper: FlaskClient) -> None:  # security 16
    make_customer()
    sign_in(shopper)
    for method, path in panel_routes(app):
        response = shopper.open(path, method=method)
        assert response.status_code == (302 if method == "GET" else 403), path


def test_what_does_not_exist_looks_to_strangers_like_everything_else(shopper: FlaskClient) -> None:
    assert shopper.get("/admin/no-such-page").status_code == 302
    assert shopper.get("/admin").status_code == 302


def test_staff_enter_every_page_and_no_page_fails(app: Flask, staff: Panel) -> None:
    for method, path in panel_routes(app):
        if method == "GET":
            assert staff.client.get(path).status_code in (200, 404), path


def test_no_answer_of_the_panel_is_kept_by_anyone(staff: Panel, shopper: FlaskClient) -> None:  # security 10
    for client in (staff.client, shopper):
        for path in ("/admin/", "/admin/products/", "/admin/sign-in", "/admin/no-such-page"):
            assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_every_form_needs_its_token(app: Flask, staff: Panel) -> None:  # security 11
    for method, path in panel_routes(app):
        if method == "POST":
            assert staff.client.post(path, data={}).status_code == 400, path
    response = staff.client.post("/admin/brands/new/", data={"name": "Forged", "slug": "forged"})
    assert "nothing was changed" in response.text
    assert db.session.scalar(select(func.count()).select_from(Brand)) == 0


def test_a_form_of_another_site_is_refused_even_with_a_token(staff: Panel) -> None:  # security 11
    token = staff.token()
    response = staff.client.post("/admin/brands/new/", data={"csrf_token": token, "name": "F", "slug": "f"},
                                 headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


@pytest.mark.parametrize(("email", "password"), [
    (EMAIL, "kilns are fired fast"), ("nobody@plainsong.example", PASSWORD), ("no address", PASSWORD),
])
def test_the_door_never_tells_which_half_was_wrong(panel: Panel, email: str, password: str) -> None:  # security 23
    response = panel.sign_in(email, password)
    assert response.status_code in (401, 403, 422)
    assert "fired" not in response.text
    other = panel.sign_in("someone.else@plainsong.example", "another sentence")
    assert response.text.count("notice--error") == other.text.count("notice--error") == 1
    assert not panel.is_signed_in()


def test_a_customer_cannot_enter_with_the_shops_password(panel: Panel) -> None:
    make_customer("ada@example.com", password="a teapot of rain")
    panel.sign_in("ada@example.com", "a teapot of rain")
    assert not panel.is_signed_in()


def test_the_eleventh_wrong_password_is_not_even_tried(panel: Panel) -> None:  # security 22
    for _ in range(10):
        panel.sign_in(password="wrong")
    assert panel.sign_in().status_code == 429
    assert not panel.is_signed_in()


def test_a_disabled_staff_member_is_out_at_once(staff: Panel) -> None:  # security 3, 20
    db.session.execute(update(StaffMember).values(is_disabled=True))
    db.session.commit()
    assert staff.client.get("/admin/").status_code == 302


def test_a_kept_cookie_is_worth_nothing_after_signing_out(staff: Panel) -> None:  # security 3
    kept = staff.client.get_cookie("session")
    assert kept is not None
    staff.post("/admin/sign-out")
    staff.client.set_cookie("session", kept.value)
    assert staff.client.get("/admin/").status_code == 302


def test_signing_in_leads_only_into_the_panel(panel: Panel) -> None:
    for target in ("https://evil.example/admin/", "//evil.example/admin/", "/\\evil.example", "/account", "/adminx",
                   "javascript:1"):
        token = panel.token()
        response = panel.client.post(f"/admin/sign-in?next={target}",
                                     data={"csrf_token": token, "email": EMAIL, "password": PASSWORD})
        assert (response.status_code, response.location) == (303, "/admin/"), target


def test_signing_in_leads_back_to_the_page_that_was_asked_for(panel: Panel) -> None:
    token = panel.token()
    response = panel.client.post("/admin/sign-in?next=/admin/orders/?state=placed",
                                 data={"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    assert response.location == "/admin/orders/?state=placed"


def test_the_panel_obeys_the_shops_content_policy(staff: Panel) -> None:  # security 7
    for path in ("/admin/", "/admin/products/new", "/admin/banners/new/", "/admin/orders/"):
        response = staff.client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        for word in (" style=", " onclick=", " onchange=", "javascript:", "<style"):
            assert word not in response.text, (path, word)


def test_two_people_sign_in_under_different_sessions(panel: Panel, new_client: Callable[[], FlaskClient]) -> None:
    other = Panel(new_client())
    panel.sign_in()
    assert not other.is_signed_in()
