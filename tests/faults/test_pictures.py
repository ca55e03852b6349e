"""Pictures and search when what stands behind them is gone."""

from __future__ import annotations

import shutil

from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.entries import ImageEntry
from storefront.foundation.shop import facts
from tests.factories.catalog import make_product
from tests.faults import deeds
from tests.journeys.walk import put_in_cart


def test_no_pictures_and_no_cache(app: Flask, client: FlaskClient) -> None:
    """# fault 33. Red when a page reads a picture's file, or the search is kept in Redis alone."""
    app.config["REDIS_URL"] = "unix:///nowhere.sock"
    make_product(slug="bowl", images=(ImageEntry(source_url="http://127.0.0.1:9/bowl.png", alt="A bowl"),))
    shutil.rmtree(facts().media_dir, ignore_errors=True)
    facts().media_dir.parent.mkdir(parents=True, exist_ok=True)
    facts().media_dir.write_text("a file where the folder was")
    deeds.sweep()
    for page in ("/", "/p/bowl", "/search?q=bowl"):
        answer = client.get(page)
        assert (answer.status_code, "Bowl" in answer.text) == (200, True), page
    put_in_cart(client, "bowl")
    assert client.get("/media/nothing.jpg").status_code == 404
