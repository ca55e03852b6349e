"""The two real Shopify exports come in whole, and one of their products can be bought."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.catalog.models import Image, Option, Product, Variant
from storefront.foundation.database import db
from storefront.orders.queries import read_order_id, read_order_view
from tests.conftest import SHARED
from tests.factories.checkout import make_world
from tests.journeys.walk import answer_bank, check_out, number_in, put_in_cart

FOLDER = SHARED / "data" / "shopify"
needs_exports = pytest.mark.skipif(not FOLDER.exists(), reason=f"the real exports are not at {FOLDER.name}/")


def run_import(app: Flask, path: Path) -> str:
    result = app.test_cli_runner().invoke(args=["catalog", "import", str(path)])
    assert result.exit_code == 0, result.output
    db.session.rollback()
    return result.output


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@needs_exports
def test_the_exports_come_in_whole_and_a_product_is_bought(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    make_world()
    for name in ("apparel", "home-and-garden"):
        shutil.copy(FOLDER / f"{name}.csv", tmp_path)
        run_import(app, tmp_path / f"{name}.csv")
    assert (count(Product), count(Variant), count(Image)) == (40, 43, 41)
    assert db.session.scalars(select(Option.name).distinct().order_by(Option.name)).all() == ["Size"]
    untitled = db.session.scalars(select(Product.slug).where(Product.name == "")).all()
    assert untitled == []

    assert "unchanged" in run_import(app, tmp_path / "apparel.csv")
    assert (count(Product), count(Variant), count(Image)) == (40, 43, 41)

    put_in_cart(client, "copper-light")
    order = read_order_view(read_order_id(number_in(answer_bank(client, check_out(client)))))
    assert [(line.name, line.total.amount) for line in order.lines] == [("Copper Light", 5999)]
    assert order.total.amount == 5999 + 450
