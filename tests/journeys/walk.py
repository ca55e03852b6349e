"""How a visitor without JavaScript walks: reads a page, fills its form, sends it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from flask.testing import FlaskClient

CONTACT = {"email": "aoife@example.org", "name": "Aoife Byrne", "street": "4 Parnell Street", "city": "Ennis",
           "region": "Co. Clare", "postal_code": "V95 T0Y6", "country": "IE", "phone": ""}


class _Forms(HTMLParser):
    """Collects each form's action and the fields it would send as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and self.forms and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in given:
                self.forms[-1][1][given["name"]] = given.get("value", "")


def form_of(html: str, action: str) -> dict[str, str]:
    """Return the fields of the page's form with the action, as they stand."""
    parser = _Forms()
    parser.feed(html)
    return next(fields for target, fields in parser.forms if target == action)


def put_in_cart(client: FlaskClient, slug: str, **changes: str) -> None:
    """Send the product page's own form and follow it to the cart."""
    fields = form_of(client.get(f"/p/{slug}").text, "/cart/lines")
    response = client.post("/cart/lines", data={**fields, **changes})
    assert (response.status_code, response.location) == (303, "/cart"), response.text


def check_out(client: FlaskClient, method: str = "demo", **contact: str) -> str:
    """Say every step and press the button; returns the path of the provider's page."""
    for step, fields, onward in (
        ("contact", {**CONTACT, **contact}, "/checkout/delivery"),
        ("delivery", {"quote": "post"}, "/checkout/payment"),
        ("payment", {"method": method}, "/checkout/review"),
    ):
        response = client.post(f"/checkout/{step}", data=fields)
        assert (response.status_code, response.location) == (303, onward), response.text
    fields = form_of(client.get("/checkout/review").text, "/checkout/order")
    response = client.post("/checkout/order", data=fields)
    assert response.status_code == 303, response.text
    return path_of(response.location)


def answer_bank(client: FlaskClient, page: str, decision: str = "accept") -> str:
    """Answer on the provider's page and come back; returns where the shop leads."""
    response = client.post(page, data={"decision": decision})
    assert response.status_code == 303, response.text
    returned = client.get(path_of(response.location))
    assert returned.status_code == 303, returned.text
    return path_of(returned.location)


def path_of(url: str) -> str:
    """Return the URL without scheme and host."""
    return re.sub(r"^https?://[^/]+", "", url)


def number_in(url: str) -> str:
    """Return the order number of an order page's URL."""
    found = re.search(r"/orders/([0-9A-Z-]+)", url)
    assert found, url
    return found[1]
