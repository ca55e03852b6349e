"""The gate on every unsafe method, and the headers on every answer."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.foundation.guard import SAFE_METHODS
from tests.providers.settings import set_up

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {},
]


@pytest.fixture
def bare(app: Flask) -> FlaskClient:
    """A client that sends no header of its own."""
    return FlaskClient(app)


def unsafe_rules(app: Flask) -> list[tuple[str, str]]:
    """Every (method, path) that may change something, with made-up arguments."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "is_exempt_from_gate", False):
            continue
        values = {name: "11111111-1111-4111-8111-111111111111" if "UUID" in type(conv).__name__ else
                  1 if "Integer" in type(conv).__name__ else "x" for name, conv in rule._converters.items()}
        with app.test_request_context():
            path = rule.build(values, append_unknown=False)
        if path:
            found += [(method, path[1]) for method in sorted((rule.methods or set()) - SAFE_METHODS)]
    return found


def test_no_unsafe_route_answers_another_site(app: Flask, bare: FlaskClient) -> None:  # security 11, fault 73
    rules = unsafe_rules(app)
    assert len(rules) > 20
    passed = [(method, path, headers) for method, path in rules for headers in FOREIGN
              if bare.open(path, method=method, headers=headers).status_code != 403]
    assert passed == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
                                     {"Origin": "http://localhost"}])
def test_the_shops_own_forms_pass(bare: FlaskClient, headers: dict[str, str]) -> None:
    assert bare.post("/cart/lines", data={"variant_id": "1", "quantity": "1"}, headers=headers).status_code == 404


def test_a_method_that_no_view_takes_is_told_which_one_would(bare: FlaskClient) -> None:
    for path, method in (("/", "POST"), ("/search", "PUT"), ("/cart/lines", "DELETE")):
        answer = bare.open(path, method=method)
        assert answer.status_code == 405, path
        assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/c//ceramics", "//c/ceramics", "/search//?q=a", "/p//x?variant=1", "/admin"])
def test_no_address_is_put_right_with_a_host_that_anyone_may_name(bare: FlaskClient, path: str) -> None:
    answer = bare.get(path, headers={"Host": "evil.example"}, base_url="http://evil.example")
    assert "evil.example" not in answer.headers.get("Location", "")
    assert answer.status_code != 308 or answer.location.startswith("/")


def test_only_webhooks_and_reports_are_exempt(app: Flask) -> None:
    exempt = {rule.rule for rule in app.url_map.iter_rules()
              if getattr(app.view_functions[rule.endpoint], "is_exempt_from_gate", False)}
    assert exempt == {"/webhooks/<gateway>", "/webhooks/tracking/<tracker>", "/csp-reports"}


@pytest.mark.parametrize("path", ["/", "/cart", "/nothing-here", "/healthz", "/admin/", "/account/sign-in"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:  # security 7, 8
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/p/%00", "/c/%ff%fe", "/p/" + "x" * 5000, "/c/../../etc/passwd", "/orders/٣",
                                  "/search?q=%00", "/c/ceramics?page=-1", "/p/bowl?variant=" + "9" * 40,
                                  "/media/..%2f..%2f/320.webp", "/cart?removed=x", "/account/addresses/1",
                                  "/orders/%00", "/orders/a%00b?key=%00", "/payments/demo/%00", "/collections/%00"])
def test_nonsense_is_never_a_500(client: FlaskClient, path: str) -> None:  # fault 58
    assert client.get(path).status_code < 500


def form_action(client: FlaskClient) -> str:
    policy = client.get("/").headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("form-action"))


def test_forms_lead_nowhere_else_but_to_the_providers_that_are_set_up(app: Flask, client: FlaskClient) -> None:
    assert form_action(client) == "form-action 'self'"  # security 7
    set_up(app, STRIPE_SECRET_KEY="sk_test_1")
    assert form_action(client) == "form-action 'self' https://checkout.stripe.com"
    set_up(app, ALIPAY_APP_ID="2021", WECHAT_MCH_ID="1900", WECHAT_API_BASE="https://api2.mch.weixin.qq.com")
    assert form_action(client) == (
        "form-action 'self' https://checkout.stripe.com https://*.alipay.com https://wx.tenpay.com")


@pytest.mark.parametrize(("base", "target"), [
    ("http://127.0.0.1:4242/v1", "http://127.0.0.1:4242"), ("https://stripe.example/; script-src *",
                                                            "https://stripe.example"), ("nonsense", "")])
def test_forms_lead_to_the_local_provider_that_stands_in(
    app: Flask, client: FlaskClient, base: str, target: str
) -> None:
    set_up(app, STRIPE_SECRET_KEY="sk_test_1", STRIPE_API_BASE=base)
    assert form_action(client) == f"form-action 'self' {target}".strip()
