"""The page of the mails that the demo caught."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from demo.letters import list_letters
from tests.conftest import environ
from tests.factories.accounts import make_customer


def test_a_caught_mail_is_listed_shown_and_shut_in(
        app: Flask, client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    assert "No letters yet" in client.get("/demo/mail").text
    make_customer(name="Ada <b>Byrne</b>")
    run_jobs()
    [letter] = list_letters(app.config["VAR_DIR"] / "mail")
    assert letter.url in client.get("/demo/mail").text
    page = client.get(letter.url)
    assert "Good to have you, Ada &lt;b&gt;Byrne&lt;/b&gt;." in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    body = client.get(letter.html_url)
    assert body.text.startswith("<!DOCTYPE html>")
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "script" not in policy
    assert "default-src 'none'" in policy


def test_an_unknown_mail_and_a_path_are_not_found(client: FlaskClient) -> None:
    for path in ("/demo/mail/0123456789abcdef", "/demo/mail/..%2f..%2fshop.db", "/demo/mail/x/body"):
        assert client.get(path).status_code == 404


def test_a_shop_that_is_no_demo_has_no_such_page(app: Flask) -> None:
    settings = environ(app.config["VAR_DIR"], app.config["SQLALCHEMY_DATABASE_URI"], app.config["REDIS_URL"])
    real = create_app({name: value for name, value in settings.items() if name != "STOREFRONT_DEMO"})
    assert "demo" not in real.blueprints
    assert [rule for rule in real.url_map.iter_rules() if rule.rule.startswith("/demo")] == []
