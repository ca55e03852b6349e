"""What goes with what, computed from orders and the catalog, and told to the pages that show it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, event, select, update

from storefront.catalog.models import Product
from storefront.catalog.queries import read_most_bought
from storefront.catalog.services import change_status
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.services import correct_stock
from storefront.orders.models import OrderLine
from storefront.orders.states import OrderState
from storefront.recommendations import services
from storefront.recommendations.models import Ground, Recommendation
from storefront.recommendations.queries import (
    list_shown_beside,
    read_beside,
    read_goes_with,
    read_neighbors,
    stream_histories_of,
)
from storefront.recommendations.services import Rebuilt, ask_for_rebuild, follow_order, rebuild_recommendations
from storefront.search.models import StaleProduct
from tests.factories.catalog import MadeProduct, make_product
from tests.factories.checkout import make_world
from tests.factories.orders import make_order
from tests.factories.purchases import make_purchase
from tests.storefront.search.test_scale import explain, record


def make_products(*slugs: str, **said: object) -> dict[str, MadeProduct]:
    return {slug: make_product(slug=slug, **said) for slug in slugs}


def told() -> list[int]:
    """The products of which it was told since this was last asked that others stand beside them."""
    db.session.rollback()
    found = db.session.execute(select(OutboxEvent.id, OutboxEvent.payload).where(
        OutboxEvent.name == "RecommendationsChanged", OutboxEvent.id > _heard[0]).order_by(OutboxEvent.id)).all()
    _heard[0] = max([_heard[0], *(row[0] for row in found)])
    return sorted(row[1]["product_id"] for row in found)


_heard = [0]


@pytest.fixture(autouse=True)
def _hear_from_the_beginning() -> None:
    _heard[0] = 0


def bought(product: MadeProduct) -> list[int]:
    return read_neighbors([product.id], Ground.BOUGHT).get(product.id, [])


def test_what_two_shoppers_bought_together_stands_beside_each(app: Flask) -> None:
    made = make_products("bowl", "cup", "jug", "lamp")
    bowl, cup, jug, lamp = (made[slug].id for slug in made)
    for shopper in ("a", "b"):
        make_purchase(shopper, [bowl, cup], days_ago=400)
        make_purchase(shopper, [bowl, jug], days_ago=1)
    make_purchase("c", [bowl, lamp])  # one shopper is no habit
    for state in (OrderState.CANCELED, OrderState.PENDING, OrderState.EXPIRED):
        make_purchase(f"d-{state}", [bowl, lamp], state=state)
        make_purchase(f"e-{state}", [bowl, lamp], state=state)
    make_purchase("f", [bowl, lamp], days_ago=800)  # too long ago
    for changed in ("refunded_quantity", "canceled_quantity"):  # sent back, or called off before it left
        for shopper in ("g", "h"):
            order_id = make_purchase(f"{shopper}-{changed}", [bowl, lamp])
            db.session.execute(update(OrderLine).values({changed: OrderLine.quantity}).where(
                OrderLine.order_id == order_id, OrderLine.product_id == lamp))
            db.session.commit()
    assert rebuild_recommendations() == Rebuilt(bought=3, alike=0, changed=3)
    assert bought(made["bowl"]) == [jug, cup]  # the later
    assert bought(made["cup"]) == [jug, bowl]  # for they came back for the jug
    assert bought(made["lamp"]) == []
    assert told() == [bowl, cup, jug]
    assert list_shown_beside([jug]) == [bowl, cup]
    assert rebuild_recommendations().changed == 0  # the same again tells nobody
    assert told() == []


def test_the_night_counts_what_was_bought_and_search_hears_where_it_changed(app: Flask) -> None:
    made = make_products("bowl", "cup", "jug", "lamp")
    bowl, cup, jug, lamp = (made[slug].id for slug in made)
    db.session.execute(update(Product).where(Product.id == lamp).values(sales_count=5))
    db.session.commit()
    make_purchase("a", [bowl, cup])
    make_purchase("b", [bowl])
    make_purchase("c", [jug], state=OrderState.CANCELED)
    before = {product.id: product.updated_at for product in db.session.scalars(select(Product))}
    db.session.execute(delete(StaleProduct))
    db.session.commit()

    rebuild_recommendations()

    db.session.expire_all()
    assert {product.id: product.sales_count for product in db.session.scalars(select(Product))} == {
        bowl: 2, cup: 1, jug: 0, lamp: 0}
    assert {product.id: product.updated_at for product in db.session.scalars(select(Product))} == before
    assert sorted(db.session.scalars(select(StaleProduct.product_id))) == [bowl, cup, lamp]
    assert [card.id for card in read_most_bought()] == [bowl, cup, lamp, jug]
    db.session.execute(delete(StaleProduct))
    db.session.commit()
    rebuild_recommendations()  # the same again
    assert list(db.session.scalars(select(StaleProduct.product_id))) == []


def test_the_work_in_parts_finds_the_same(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_products("bowl", "cup", "jug")
    ids = [product.id for product in made.values()]
    for shopper in ("a", "b"):
        make_purchase(shopper, ids)
    rebuild_recommendations()
    whole = [bought(product) for product in made.values()]
    monkeypatch.setattr(services, "LINES_AT_ONCE", 2)
    monkeypatch.setattr(services, "BATCH", 1)
    assert rebuild_recommendations().changed == 0
    assert [bought(product) for product in made.values()] == whole == [ids[1:], [ids[0], ids[2]], ids[:2]]


def test_jobs_do_it_slice_by_slice(app: Flask, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], int]) -> None:
    monkeypatch.setattr(services, "LINES_AT_ONCE", 1)
    monkeypatch.setattr(services, "BATCH", 3)
    monkeypatch.setattr(services.work_on_rebuild, "__kwdefaults__", {"seconds": 0.0})  # each slice is one batch
    made = make_products(*(f"pot-{number}" for number in range(9)), categories=("ceramics",))
    ids = [product.id for product in made.values()]
    for shopper in ("a", "b"):
        make_purchase(shopper, ids[:3])
    rebuild_recommendations()
    whole = [read_neighbors(ids, ground) for ground in Ground]
    for again in (False, True):  # from nothing; then with all of it there
        if not again:
            db.session.execute(delete(Recommendation))
            db.session.commit()
        ask_for_rebuild()
        run_jobs()
        db.session.rollback()
        assert [read_neighbors(ids, ground) for ground in Ground] == whole


def test_an_order_counts_at_once_and_twice_is_once(app: Flask, run_jobs: Callable[[], int]) -> None:
    make_world()
    made = make_products("bowl", "cup")
    make_purchase("a", [made["bowl"].id, made["cup"].id])
    order_id = make_order({product.variant_id: 1 for product in made.values()})
    assert bought(made["bowl"]) == []
    run_jobs()
    db.session.rollback()
    assert bought(made["bowl"]) == [made["cup"].id]
    assert bought(made["cup"]) == [made["bowl"].id]
    assert follow_order(order_id=order_id) == 0


def test_an_order_reads_those_who_bought_its_products_and_nobody_else(
    app: Flask, count_queries: Callable[[], int],
) -> None:
    made = make_products("bowl", "cup", "jug", "lamp")
    bowl, cup, jug, lamp = (made[slug].id for slug in made)
    for shopper in ("a", "b"):
        make_purchase(shopper, [bowl, cup])
        make_purchase(shopper, [jug])
        make_purchase(f"other {shopper}", [lamp])
    make_purchase("", [bowl, jug])  # of before the key was kept: it stands for itself
    orders = [make_purchase("a", [bowl]), make_purchase("b", [bowl, cup, jug])]
    count_queries()
    costs = [(follow_order(order_id=order_id), count_queries()) for order_id in orders]
    assert costs == [(1, costs[0][1]), (2, costs[0][1])]  # for one product as many statements as for three
    assert bought(made["bowl"]) == [jug, cup]
    db.session.rollback()
    asked = record(lambda: list(stream_histories_of([bowl, cup])))
    if db.engine.dialect.name == "sqlite":  # PostgreSQL goes by how many rows there are, and here are few
        [plan] = [explain(statement, values, is_postgres=False) for statement, values in asked]
        assert re.search(r"SCAN orders|ix_orders_order_state", plan) is None, plan
        for index in ("ix_orders_order_customer_key", "ix_orders_order_line_product_id"):
            assert index in plan, plan
    assert {item for history in stream_histories_of([bowl, cup]) for item, *_ in history} == {bowl, cup, jug}


def test_what_goes_off_sale_leaves_every_list(app: Flask) -> None:
    made = make_products("bowl", "cup", "jug", categories=("ceramics",))
    for shopper in ("a", "b"):
        make_purchase(shopper, [made["bowl"].id, made["cup"].id, made["jug"].id])
    rebuild_recommendations()
    change_status(product_id=made["cup"].id, status="inactive", actor="staff:1")
    assert [card.slug for card in read_beside(made["bowl"].id)[1]] == ["jug"]  # at once, though by another reason
    rebuild_recommendations()
    assert bought(made["bowl"]) == [made["jug"].id]
    assert bought(made["cup"]) == []
    assert read_neighbors([made["bowl"].id, made["cup"].id], Ground.ALIKE) == {made["bowl"].id: [made["jug"].id]}


def test_a_product_that_too_few_bought_shows_its_like(client: FlaskClient) -> None:
    made = make_products("bowl", "cup", "jug", "pot", "plate", "vase", categories=("ceramics",))
    make_product(slug="lamp", categories=("light",))
    assert "New in Ceramics" in client.get("/p/bowl").text  # before the first night
    rebuild_recommendations()
    page = client.get("/p/bowl").text
    assert "More like this" in page
    assert shown(page) == ["cup", "jug", "pot", "plate"]
    correct_stock(variant_id=made["cup"].variant_id, delta=-10, actor="staff:1", reason="broken")
    assert shown(client.get("/p/bowl").text) == ["jug", "pot", "plate", "vase"]
    for shopper in ("a", "b"):
        make_purchase(shopper, [made["bowl"].id, made["vase"].id, made["plate"].id])
    rebuild_recommendations()
    page = client.get("/p/bowl").text
    assert "Often bought together" in page
    assert shown(page) == ["plate", "vase"]
    assert "beside" not in client.get("/p/lamp").text


def shown(page: str, section_id: str = "beside") -> list[str]:
    """The products of the section, in their order."""
    section = page.split(f'aria-labelledby="{section_id}"')[1].split("</section>", maxsplit=1)[0]
    return [part.split('"')[0] for part in section.split('class="card__name"><a href="/p/')[1:]]


def test_a_cart_is_answered_by_all_that_is_in_it(app: Flask) -> None:
    made = make_products("bowl", "cup", "jug", "lamp")
    bowl, cup, jug, lamp = (product.id for product in made.values())
    for shopper in ("a", "b"):
        make_purchase(shopper, [bowl, jug])
        make_purchase(f"{shopper}2", [cup, jug, lamp])
    rebuild_recommendations()
    assert [card.id for card in read_goes_with([bowl, cup], 3)] == [jug, lamp]
    assert [card.id for card in read_goes_with([bowl, cup], 1)] == [jug]
    assert read_goes_with([], 3) == []


def test_the_cart_shows_what_goes_well_with_it(client: FlaskClient, count_queries: Callable[[], int]) -> None:
    made = make_products("bowl", "cup", "jug", "lamp", "rug")
    client.post("/cart/lines", data={"variant_id": made["bowl"].variant_id, "quantity": 1})
    client.get("/cart")
    count_queries()
    assert "Goes well with" not in client.get("/cart").text
    alone = count_queries()
    for shopper in ("a", "b"):
        make_purchase(shopper, [product.id for product in made.values()])
    rebuild_recommendations()
    db.session.remove()
    count_queries()
    page = client.get("/cart").text
    assert count_queries() <= alone + 3
    assert shown(page, "goes-with") == ["cup", "jug", "lamp"]
    for slug in ("lamp", "rug"):
        correct_stock(variant_id=made[slug].variant_id, delta=-10, actor="staff:1", reason="broken")
    assert shown(client.get("/cart").text, "goes-with") == ["cup", "jug"]
    correct_stock(variant_id=made["jug"].variant_id, delta=-10, actor="staff:1", reason="broken")
    assert "Goes well with" not in client.get("/cart").text  # one alone is no choice


def test_what_changes_the_cart_waits_for_no_recommendation(app: Flask, client: FlaskClient) -> None:
    bowl = make_product(slug="bowl")
    statements: list[str] = []

    def note(*said: Any) -> None:
        statements.append(said[2])

    event.listen(db.engine, "before_cursor_execute", note)
    htmx = {"HX-Request": "true", "HX-Request-Type": "partial"}
    client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": 1}, headers=htmx)
    client.post("/cart/lines", data={"variant_id": bowl.variant_id, "quantity": 1})
    client.get("/cart/drawer", headers=htmx)
    event.remove(db.engine, "before_cursor_execute", note)
    assert statements
    assert not [statement for statement in statements if "recommendations_" in statement]


def test_who_waits_for_the_rebuild_hears_how_far_it_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    made = make_products("bowl", "cup", "jug")
    make_purchase("a", [made["bowl"].id, made["cup"].id])
    heard: list[tuple[int, int]] = []
    rebuild_recommendations(progress=lambda done, total: heard.append((done, total)))
    assert heard == [(2, 5), (4, 5), (5, 5)]  # two that were bought, then the three on sale


def test_the_command_says_what_it_found(app: Flask) -> None:
    make_products("bowl", "cup", categories=("ceramics",))
    result = app.test_cli_runner().invoke(args=["recommendations", "rebuild"])
    assert result.output.splitlines()[-1] == (
        "0 products are bought with others, 2 have others of their kind; 2 show others than before.")
    again = app.test_cli_runner().invoke(args=["recommendations", "rebuild", "--json"])
    assert '{"bought": 0, "alike": 2, "changed": 0}' in again.output
