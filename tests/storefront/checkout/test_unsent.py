"""Goods that nobody sends: no page promises a parcel."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.catalog.models import Variant
from storefront.foundation.cache import leave_behind
from storefront.foundation.database import db
from tests.factories.catalog import MadeProduct, make_product
from tests.factories.checkout import ADDRESS, make_world


def make_unsent(slug: str = "album") -> MadeProduct:
    product = make_product(slug=slug)
    db.session.execute(update(Variant).where(Variant.product_id == product.id).values(needs_shipping=False))
    db.session.commit()
    leave_behind("catalog")
    return product


def test_the_product_says_how_it_comes(client: FlaskClient) -> None:
    make_unsent("album")
    make_product(slug="bowl")
    album, bowl = client.get("/p/album").text, client.get("/p/bowl").text
    assert "Sent within two working days" not in album
    assert "Not sent by post, so no delivery is charged. Fourteen days to change your mind." in album
    assert "Sent within two working days from County Clare. Fourteen days to change your mind." in bowl


def test_cart_and_checkout_promise_no_parcel(client: FlaskClient) -> None:
    make_world()
    album, bowl = make_unsent("album"), make_product(slug="bowl")
    client.post("/cart/lines", data={"variant_id": album.variant_id, "quantity": 1})
    cart = client.get("/cart").text
    assert "Nothing of this is sent by post, so no delivery is charged." in cart
    assert "Delivery to Ireland" not in cart
    client.post("/checkout/contact", data={"email": "ada@example.com", "phone": "", **ADDRESS})
    assert "Nothing to send" in client.get("/checkout/delivery").text
    client.post("/checkout/delivery", data={"quote": "none"})
    client.post("/checkout/payment", data={"method": "demo"})
    review = client.get("/checkout/review").text
    assert "None: nothing of this is sent by post." in review
    assert "Travels by" not in review
    assert "<dt>Delivery</dt>" in review
    assert "fourteen days after it arrives" not in review
    client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": 1})
    assert "Delivery to Ireland" in client.get("/cart").text
