"""A filled catalog: believable, sound, and read by indexes alone where a shopper waits."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from admin.order_lists import read_customers, read_orders
from admin.product_lists import ORDERS, Search, read_products
from demo.filling import fill
from storefront.browse import listings, queries
from storefront.browse.choice import Wish
from storefront.browse.filters import ListQuery
from storefront.catalog.models import PriceChange, Product, Variant
from storefront.foundation.database import db
from storefront.inventory.models import StockLevel, StockMovement
from storefront.search.facets import Chosen
from storefront.search.facets_saving import rebuild_facets

# What grows with the catalog; reading one of them from end to end is what a listing must never do.
BIG = ("catalog_product", "catalog_variant", "catalog_price", "catalog_option_value", "catalog_variant_option_value",
       "catalog_product_category", "catalog_price_change", "inventory_stock_level", "search_facet_place")
MANY = 300


@pytest.fixture
def filled(app: Flask) -> None:
    assert sum(products for products, _ in fill(MANY, seed=3)) == MANY
    rebuild_facets()


@pytest.mark.usefixtures("filled")
def test_a_filled_catalog_is_sound_and_the_same_for_the_same_seed(app: Flask) -> None:
    variants = db.session.scalar(select(func.count()).select_from(Variant))
    assert 2.4 * MANY < variants < 4.4 * MANY
    ledger = select(func.sum(StockMovement.on_hand)), select(func.sum(StockLevel.on_hand))
    assert db.session.scalar(ledger[0]) == db.session.scalar(ledger[1]) > 0
    assert db.session.scalar(select(func.count()).select_from(PriceChange)) > 0
    names = db.session.scalars(select(Product.name).order_by(Product.id)).all()
    db.session.rollback()
    again = [*fill(MANY, seed=3)]
    assert again[0][1] == variants
    assert db.session.scalars(select(Product.name).order_by(Product.id).offset(MANY)).all() == names


def test_filling_tells_a_pipe_in_lines_how_far_it_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.foundation.progress.LINE_SECONDS", 0)
    result = app.test_cli_runner().invoke(args=["catalog", "fill", "--products", "20", "--seed", "3"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "products: 20 of 20"
    assert re.fullmatch(r"20 products with \d+ variants in \d+ s\.", lines[1])
    assert lines[2:-1] == [f"search and filters: {done} of 40" for done in (0, 20, 20, 40)]
    assert lines[-1].endswith("Next: flask pages render --all.")


@pytest.mark.usefixtures("filled")
def test_no_hot_question_reads_a_large_table_from_end_to_end(app: Flask) -> None:
    slug = db.session.scalars(select(Product.slug).order_by(Product.id).limit(1)).one()
    two = Chosen({"color": frozenset({"moss"})}, in_stock=True)
    asked = record(lambda: [
        listings.read_category_page("clothing", ListQuery(chosen=two, sort="price")),
        listings.read_category_page("clothing/tops/shirts", ListQuery()),
        queries.read_product_page(slug, Wish()), read_products(Search(), 1),
        read_products(Search(status="active", brand_id=1, category_id=1), 1),
        *(read_products(Search(order=order), 1) for order in ORDERS),
    ])
    assert len(asked) > 12
    is_postgres = db.engine.dialect.name == "postgresql"
    if is_postgres:  # so small a catalog is read whole by right; the question is whether it could be otherwise
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    for statement, values in asked:
        plan = explain(statement, values, is_postgres=is_postgres)
        if not is_postgres and "LIMIT" in statement and "TEMP B-TREE" not in plan:
            continue  # rows in the order in which they lie, until there are enough
        whole = [table for table in BIG if re.search(rf"(Seq Scan on|^SCAN) {table}\b(?! USING)", plan, re.M)]
        assert not whole, f"{whole}: {statement}\n{plan}"


@pytest.mark.usefixtures("filled")
def test_words_of_the_panel_are_looked_up_in_indexes_of_their_own(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite reads all names, and no more than names")
    [(statement, values), *_] = record(lambda: read_products(Search(words="linen"), 1))
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    db.session.execute(text("SET LOCAL enable_indexscan = off"))  # so few names could be read in any order
    plan = explain(statement, values, is_postgres=True)
    for index in ("ix_catalog_product_name_trigrams", "uq_catalog_product_slug", "ix_catalog_variant_sku_beginning"):
        assert index in plan, plan


@pytest.mark.parametrize(("search", "index"), [
    (Search(order="name"), "ix_catalog_product_name"), (Search(order="-name"), "ix_catalog_product_name"),
    (Search(order="price"), "ix_catalog_product_price"), (Search(order="-price"), "ix_catalog_product_price"),
    (Search(order="price", status="draft"), "ix_catalog_product_price")])
@pytest.mark.usefixtures("filled")
def test_the_panel_s_list_comes_in_the_order_of_an_index(app: Flask, search: Search, index: str) -> None:
    statement, values = record(lambda: read_products(search, 1))[0]
    is_postgres = db.engine.dialect.name == "postgresql"
    if is_postgres:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
    plan = explain(statement, values, is_postgres=is_postgres)
    assert plan.count(index) == (6 if search.order.endswith("price") and not search.status else 1), plan


@pytest.mark.usefixtures("filled")
def test_orders_and_customers_are_listed_in_the_order_of_an_index(app: Flask) -> None:
    asked = record(lambda: [read_orders(words="", state=""), read_customers(words="")])
    is_postgres = db.engine.dialect.name == "postgresql"
    if is_postgres:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    for table, index in {"orders_order": "ix_orders_order_newest",
                         "accounts_customer": "ix_accounts_customer_registered_at"}.items():
        statement, values = next(one for one in asked if f"FROM {table}" in one[0] and "ORDER BY" in one[0])
        plan = explain(statement, values, is_postgres=is_postgres)
        assert index in plan, plan


def record(questions: object) -> list[tuple[str, object]]:
    asked: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, values: object, *rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    questions()  # type: ignore[operator]
    event.remove(db.engine, "before_cursor_execute", note)
    return asked


def explain(statement: str, values: object, *, is_postgres: bool) -> str:
    cursor = db.session.connection().connection.cursor()
    cursor.execute(f"EXPLAIN {'' if is_postgres else 'QUERY PLAN '}{statement}", values)
    rows = cursor.fetchall()
    cursor.close()
    return "\n".join(str(row[-1]) for row in rows)
