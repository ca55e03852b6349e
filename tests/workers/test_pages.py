"""Pages rendered ahead: from a change in a service to the file that visitors get."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis, RedisError
from sqlalchemy import func, select, update

from storefront.browse.page_map import ALL
from storefront.catalog.collections import save_collection
from storefront.catalog.rules import Priced, Rule
from storefront.catalog.services import archive_product, change_price, rename_product, save_category
from storefront.content.models import MenuPlace
from storefront.content.queries import read_menus
from storefront.content.services import save_menu_item
from storefront.foundation import page_marks, page_views
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.foundation.page_files import draft_page, list_files, page_file, read_page, sync_draft
from storefront.foundation.page_marks import Page, PageSubject
from storefront.foundation.shop import facts
from storefront.inventory.services import correct_stock, release_reservations, reserve_stock
from storefront.taxes.queries import read_rates
from tests.factories.catalog import ACTOR, MadeProduct, make_category, make_product
from tests.factories.pages import write_page
from workers import pages
from workers.pages_build import current_build
from workers.queues import PAGES_WAKE_UP, connect, open_queue
from workers.relay import relay_once


def text(address: str) -> str:
    """Return the page in the file, or nothing when there is none."""
    content = read_page(address)
    return gzip.decompress(content).decode() if content else ""


def relay(app: Flask) -> list[str]:
    """Relay everything without rendering, and return the wake-ups."""
    redis: Redis = connect(app)
    while relay_once(redis):
        pass
    return open_queue("pages", redis).get_job_ids()


def set_price(product: MadeProduct, amount: int) -> None:
    change_price(variant_id=product.variant_id, currency="EUR", amount=amount, compare_at_amount=None, actor=ACTOR)


def events(name: str) -> list[dict[str, object]]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == name)
                                   .order_by(OutboxEvent.id)))


@transactional
def change_pages(**values: object) -> None:
    execute_counted(update(Page).values(**values))


@transactional
def touch_long_ago() -> None:
    execute_counted(update(PageSubject).values(touched_at=now() - timedelta(minutes=1)))


@pytest.fixture
def bowl(app: Flask, run_jobs: Callable[[], int]) -> MadeProduct:
    made = make_product(slug="bowl", amount=2400, categories=("ceramics",))
    run_jobs()
    return made


def test_what_is_saved_lies_as_files_that_know_when_they_were_rendered(bowl: MadeProduct, client: FlaskClient) -> None:
    for address in ("/", "/p/bowl", "/c/ceramics", "/c/ceramics?sort=price"):
        assert "€24.00" in text(address), address
        assert 'data-rendered="' in text(address)
    page = page_file("/p/bowl")
    assert page is not None
    assert client.get("/p/bowl").get_data(as_text=True) == text("/p/bowl")
    page.unlink()
    live = client.get("/p/bowl").get_data(as_text=True)
    assert ("€24.00" in live, "data-rendered" in live) == (True, False)


def test_each_page_of_a_batch_says_what_it_says_alone(bowl: MadeProduct, client: FlaskClient) -> None:
    addresses = ("/", "/c/ceramics", "/p/bowl", "/c/ceramics?sort=price")
    page_marks.mark_pages(marks={address: page_marks.Mark("page") for address in addresses})
    assert pages.work_on_pages().written == len(addresses)
    for address in addresses:
        kept = re.sub(r' data-rendered="\d+" data-fresh-hours="\d+"', "", text(address))
        file = page_file(address)
        assert file is not None
        file.unlink()
        assert kept == client.get(address).get_data(as_text=True), address


def test_a_changed_price_is_nowhere_wrong_and_then_everywhere_right(
        app: Flask, bowl: MadeProduct, run_jobs: Callable[[], int]) -> None:
    set_price(bowl, 1900)
    assert text("/p/bowl") == ""  # at once, by the process that changed it
    assert relay(app) == [PAGES_WAKE_UP]
    pages.expand_subjects()
    assert (text("/"), text("/c/ceramics")) == ("", "")  # not yet rendered, and not wrong
    run_jobs()
    for address in ("/", "/p/bowl", "/c/ceramics?sort=-price"):
        assert "€19.00" in text(address), address


def test_what_was_rendered_before_a_change_does_not_come_back_after_it(bowl: MadeProduct) -> None:
    change_pages(wanted=Page.wanted + 1, due_at=now())
    claims = page_marks.claim_pages(limit=10)  # a worker is rendering the price of now …
    set_price(bowl, 1900)  # … and the relay has not told it yet of the new one
    put: list[str] = []
    page_marks.publish_pages(claims=claims, build="", started_at=now(), put=put.extend)
    assert "/p/bowl" in {claim.address for claim in claims}
    assert "/p/bowl" not in put != []


def test_many_prices_in_one_transaction_take_their_pages_away_in_one(
        app: Flask, run_jobs: Callable[[], int], count_queries: Callable[[], int]) -> None:
    bowls = [make_product(slug=f"bowl-{number}", amount=2400) for number in range(6)]
    run_jobs()

    def raise_prices(products: list[MadeProduct], amount: int) -> int:
        """Set them together, and return the statements of what follows the commit."""
        db.session.rollback()

        @transactional
        def raise_all() -> None:
            for bowl in products:
                set_price(bowl, amount)
            db.session.flush()
            count_queries()

        raise_all()
        return count_queries()

    alone = raise_prices(bowls[:1], 1900)
    assert text("/p/bowl-0") == ""
    assert raise_prices(bowls[1:], 1900) == alone
    assert [text(f"/p/bowl-{number}") for number in range(6)] == [""] * 6
    assert sorted(claim.address for claim in page_marks.claim_pages(limit=9)) == [f"/p/bowl-{at}" for at in range(6)]


def test_without_redis_and_workers_a_wrong_price_is_taken_away(
        app: Flask, bowl: MadeProduct, run_jobs: Callable[[], int], tmp_path: Path) -> None:
    set_price(bowl, 1900)
    with closing(Redis(unix_socket_path=str(tmp_path / "none"))) as away:
        for _ in range(2):
            with pytest.raises(RedisError):
                relay_once(away)
            touch_long_ago()
    assert [text(address) for address in ("/", "/c/ceramics", "/c/ceramics?sort=price")] == ["", "", ""]
    assert text("/sitemap.xml")
    run_jobs()
    assert "€19.00" in text("/c/ceramics")


def test_what_a_rule_drops_for_its_price_is_not_offered_at_the_old_one(
        app: Flask, bowl: MadeProduct, run_jobs: Callable[[], int]) -> None:
    save_collection(slug="small", name="Small sums", rule=Rule((Priced(highest=2500),)))
    run_jobs()
    assert "€24.00" in text("/collections/small?sort=price")
    set_price(bowl, 2600)
    relay(app)
    pages.expand_subjects()
    assert text("/collections/small?sort=price") == ""


def test_a_price_leaves_words_and_taxes_in_the_cache_and_a_menu_does_not(
        app: Flask, bowl: MadeProduct, count_queries: Callable[[], int]) -> None:
    def read_again() -> int:
        """Let the worker see what changed, and return the queries that words and taxes cost afterwards."""
        relay(app)
        pages.expand_subjects()
        count_queries()
        with app.test_request_context():
            read_menus()
            read_rates("IE")
        return count_queries()

    pages.work_on_pages()
    read_again()
    set_price(bowl, 1900)
    assert read_again() == 0
    save_menu_item(place=MenuPlace.HEADER, label="Gift ideas", url="/pages/gifts")
    assert read_again() == 2


def test_words_stay_until_the_new_ones_are_there(app: Flask, bowl: MadeProduct, run_jobs: Callable[[], int]) -> None:
    save_menu_item(place=MenuPlace.HEADER, label="Gift ideas", url="/pages/gifts")
    relay(app)
    pages.expand_subjects()
    assert "Gift ideas" not in text("/p/bowl") != ""
    run_jobs()
    assert "Gift ideas" in text("/p/bowl")
    save_category(path="ceramics", name="Stoneware")
    run_jobs()
    assert "Stoneware" in text("/p/bowl")


def test_what_is_gone_has_no_file(bowl: MadeProduct, run_jobs: Callable[[], int], client: FlaskClient) -> None:
    rename_product(product_id=bowl.id, slug="dish", actor=ACTOR)
    run_jobs()
    assert (text("/p/bowl"), "€24.00" in text("/p/dish")) == ("", True)
    assert client.get("/p/bowl").status_code == 301
    archive_product(product_id=bowl.id, actor=ACTOR)
    run_jobs()
    assert text("/p/dish") == ""
    assert "€24.00" not in text("/c/ceramics") != ""
    assert not {"/p/bowl", "/p/dish"} & page_marks.list_addresses().keys()


def test_a_sale_tells_pages_only_where_they_say_something_else(app: Flask, count_queries: Callable[[], int]) -> None:
    bowl, cart = make_product(stock=20), uuid.uuid4()
    told = len(events("StockChanged"))

    def sell(quantity: int) -> tuple[uuid.UUID, int]:
        order_id = uuid.uuid4()
        db.session.rollback()
        count_queries()
        reserve_stock(order_id=order_id, holder_id=cart, quantities={bowl.variant_id: quantity}, actor=ACTOR)
        return order_id, count_queries()

    _, far = sell(5)  # 15 are left
    assert len(events("StockChanged")) == told
    order_id, near = sell(11)  # 4
    sell(4)  # none
    release_reservations(order_id=order_id, actor=ACTOR)
    correct_stock(variant_id=bowl.variant_id, delta=100, actor=ACTOR, reason="found")
    assert [event["shown"] for event in events("StockChanged")[told:]] == ["stock", "variant", "variant"]
    assert near == far + 1  # the event, and nothing to find out about it


def test_many_changes_are_one_wake_up_and_one_rendering_of_each_page(app: Flask, bowl: MadeProduct) -> None:
    versions = {row.address: row.rendered for row in db.session.scalars(select(Page))}
    for amount in range(1000, 1030):
        set_price(bowl, amount)
    assert relay(app) == [PAGES_WAKE_UP]
    assert relay(app) == [PAGES_WAKE_UP]
    done = pages.work_on_pages()
    assert (done.failed, done.outrun) == (0, 0)
    assert 0 < done.written <= len(versions)
    assert "€10.29" in text("/p/bowl")


def test_a_lost_wake_up_is_sent_again(app: Flask, bowl: MadeProduct) -> None:
    set_price(bowl, 1000)
    relay(app)
    connect(app).flushall()
    assert relay(app) == [PAGES_WAKE_UP]


def test_a_rebuild_never_keeps_a_single_change_waiting(app: Flask, bowl: MadeProduct,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    pages.rebuild()
    order: list[str] = []
    inner = pages.render_batch

    def render(claims: list[page_marks.Claim]) -> object:
        order.extend(claim.address for claim in claims)
        if len(order) == 2:
            set_price(bowl, 1700)
            relay(app)
        return inner(claims)

    monkeypatch.setattr(pages, "render_batch", render)
    pages.work_on_pages(batch=2)
    assert "/p/bowl" in order[2:4]


def test_a_page_that_cannot_be_rendered_is_told_and_its_old_file_stays(
        app: Flask, bowl: MadeProduct, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    before = text("/p/bowl")
    monkeypatch.setitem(app.view_functions, "browse.product", lambda slug: 1 / 0)
    page_marks.mark_all()
    run_jobs()
    assert text("/p/bowl") == before
    assert page_marks.list_failed_pages() == [("/p/bowl", "ZeroDivisionError: division by zero")]
    said = app.test_cli_runner().invoke(args=["doctor"]).output
    assert "1 cannot be rendered, such as /p/bowl: ZeroDivisionError" in said
    monkeypatch.undo()
    result = app.test_cli_runner().invoke(args=["pages", "render", "--processes", "1", "--json", "/p/bowl"])
    assert json.loads(result.stdout)["written"] == 1
    assert page_marks.list_failed_pages() == []


def test_the_schedule_renders_first_of_all_then_what_is_old_or_of_another_build(app: Flask, bowl: MadeProduct) -> None:
    def waiting() -> int:
        pages.refresh_pages()
        db.session.rollback()
        while pages.expand_subjects():
            pass
        return page_marks.count_waiting()

    total = page_marks.count_pages()
    pages.work_on_pages()
    assert waiting() == 0
    change_pages(rendered_at=now() - timedelta(hours=facts().pages_fresh_hours))
    assert waiting() == min(20, total)
    change_pages(rendered=Page.wanted, rendered_at=now(), build="of yesterday")
    assert waiting() == 0  # a release is being rolled out
    change_pages(rendered_at=now() - pages.OTHER_BUILD)
    assert waiting() == total
    pages.work_on_pages()
    assert set(db.session.scalars(select(Page.build))) == {current_build()}
    page_marks.forget_pages(claims=[page_marks.Claim(row.address, row.kind, row.wanted)
                                    for row in db.session.scalars(select(Page))], remove=lambda address: None)
    assert waiting() >= total - 1  # everything: a shop that was updated has no pages yet


def test_every_page_is_wanted_anew_when_a_category_is_filled_or_emptied(app: Flask, bowl: MadeProduct,
                                                                       run_jobs: Callable[[], int]) -> None:
    def look() -> list[str]:
        pages.refresh_pages()
        db.session.rollback()
        return list(db.session.scalars(select(PageSubject.subject).where(PageSubject.subject == ALL)))

    make_category("garden", "Garden")
    run_jobs()
    assert look() == []
    assert "/c/garden" not in text("/p/bowl")
    make_product(slug="spade", categories=("garden",))
    run_jobs()
    assert "/c/garden" not in text("/p/bowl")
    assert look() == [ALL]
    run_jobs()
    assert "/c/garden" in text("/p/bowl")
    assert look() == []


def test_the_daily_sweep_finds_what_belongs_to_no_page_and_what_is_missing(app: Flask, bowl: MadeProduct) -> None:
    pages.work_on_pages()
    write_page("/p/nobody", b"left behind")
    lost, draft = page_file("/p/bowl"), draft_page("/p/bowl", b"half")
    sync_draft(draft)
    assert lost is not None
    lost.unlink()
    page_views.add_heat(views={"/p/bowl": 9, "/p/unknown": 1})
    pages.sweep_pages()
    assert text("/p/nobody") == ""
    assert draft.temporary.exists()  # somebody may be at it
    assert [claim.address for claim in page_marks.claim_pages(limit=9)] == ["/p/bowl"]
    assert db.session.scalar(select(Page.heat).where(Page.address == "/p/bowl")) == 4
    assert db.session.scalar(select(func.count()).select_from(Page).where(Page.heat > 0)) == 1


def test_views_counted_by_processes_and_in_a_log_are_heat(app: Flask, bowl: MadeProduct,
                                                          client: FlaskClient) -> None:
    connect(app).hset("pages:views", "/p/bowl", 5)
    pages.count_views()
    log = '{"uri": "/p/bowl", "status": "304"}\n{"uri": "/p/bowl", "status": 404}\n{"uri": "/cart"}\nnonsense\n'
    result = app.test_cli_runner().invoke(args=["pages", "count", "-"], input=log)
    assert result.output == "1 views of 1 pages.\n"
    db.session.rollback()
    assert db.session.scalar(select(Page.heat).where(Page.address == "/p/bowl")) == 6


def test_everything_rendered_by_command_in_two_processes(app: Flask, bowl: MadeProduct) -> None:
    for path in list_files():
        path.unlink()
    app.config["REDIS_URL"] = "unix:///nowhere.sock"
    result = app.test_cli_runner().invoke(args=["pages", "render", "--all"])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].endswith("0 gone, 0 failed")
    db.session.rollback()
    assert len(list(list_files())) == page_marks.count_pages() > 5
    refused = app.test_cli_runner().invoke(args=["pages", "render", "/cart"])
    assert (refused.exit_code, "/cart can have no file" in refused.output) == (1, True)
