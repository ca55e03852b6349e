"""Customers for tests, and a browser that is signed in."""

from __future__ import annotations

import uuid

from flask.testing import FlaskClient

from storefront.accounts.services import register_customer

PASSWORD = "a teapot of rain"


def make_customer(email: str = "ada@example.com", *, name: str = "Ada Byrne", password: str = PASSWORD) -> uuid.UUID:
    """Register a customer and return the id."""
    customer_id = register_customer(email=email, password=password, name=name)
    assert customer_id is not None
    return customer_id


def sign_in(client: FlaskClient, email: str = "ada@example.com", password: str = PASSWORD) -> None:
    """Sign the browser in by the form."""
    response = client.post("/account/sign-in", data={"email": email, "password": password})
    assert response.status_code == 303, response.text
