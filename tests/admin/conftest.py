"""Staff at work: a browser that is signed in to the panel and sends its forms with their token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.accounts.services import create_staff

EMAIL, PASSWORD = "maeve@plainsong.example", "kilns are fired slowly"


class Panel:
    """A browser in the panel."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        """Open a page and return its text."""
        response = self.client.get(path)
        assert response.status_code == status, (path, response.status_code)
        return response.text

    def token(self) -> str:
        """Return the session's token as the forms carry it."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/admin/products/new").text
                          if self.is_signed_in() else self.client.get("/admin/sign-in").text)
        assert found is not None
        return found[1]

    def is_signed_in(self) -> bool:
        return self.client.get("/admin/").status_code == 200

    def post(self, path: str, data: Mapping[str, Any] | None = None, status: int = 303) -> TestResponse:
        """Send a form with its token; 303 says that it was taken."""
        response = self.client.post(path, data={"csrf_token": self.token(), **(data or {})})
        assert response.status_code == status, (path, response.status_code, problems_of(response.text))
        return response

    def form_of(self, path: str) -> dict[str, list[str]]:
        """Return what the page's main form would send as it stands."""
        return read_form(self.get(path))

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> TestResponse:
        return self.client.post("/admin/sign-in", data={"csrf_token": self.token(), "email": email,
                                                        "password": password})


def problems_of(page: str) -> list[str]:
    """Return the sentences of the error summary and the fields."""
    found = re.findall(r'class="(?:error-summary|field__error)[^>]*>(.*?)</(?:div|p)>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", piece).split()) for piece in found]


def read_form(page: str) -> dict[str, list[str]]:
    """Read the guarded form of a page as a browser does: names and present values."""
    form = re.search(r"<form[^>]*data-guard[^>]*>(.*?)</form>", page, re.S)
    assert form is not None
    values: dict[str, list[str]] = {}

    def add(name: str | None, value: str) -> None:
        if name and name != "csrf_token":
            values.setdefault(name, []).append(_unescape(value))

    for tag in re.findall(r"<input[^>]*>", form[1]):
        kind = _attribute(tag, "type") or "text"
        if kind == "file" or (kind in ("checkbox", "radio") and " checked" not in tag):
            continue
        add(_attribute(tag, "name"), _attribute(tag, "value") or ("y" if kind == "checkbox" else ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form[1], re.S):
        add(name, text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[1], re.S):
        chosen = re.findall(r'<option selected value="([^"]*)"', options) or re.findall(r'value="([^"]*)"', options)[:1]
        for value in chosen:
            add(name, value)
    return values


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else None


def _unescape(text: str) -> str:
    import html

    return html.unescape(text)


@pytest.fixture
def panel(client: FlaskClient) -> Panel:
    """A browser at the panel's door."""
    create_staff(email=EMAIL, password=PASSWORD, name="Maeve Clancy")
    return Panel(client)


@pytest.fixture
def staff(panel: Panel) -> Panel:
    """A staff member who is signed in."""
    assert panel.sign_in().status_code == 303
    return panel


@pytest.fixture
def shopper(app: Flask, new_client: Callable[[], FlaskClient]) -> FlaskClient:
    """Somebody in the shop, with cookies of their own."""
    return new_client()
