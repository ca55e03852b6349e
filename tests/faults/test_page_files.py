"""Pages as files while disks fill, workers die, changes pour in and renderings overtake each other."""

from __future__ import annotations

import contextlib
import gzip
import random
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from storefront.catalog.services import change_price
from storefront.foundation import page_files, page_marks, page_views
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.foundation.page_files import list_files, page_file, read_page
from storefront.foundation.page_marks import Page
from tests.factories.catalog import ACTOR, MadeProduct, make_product
from tests.factories.pages import write_page
from tests.faults.processes import Child
from tests.faults.world import World
from workers import pages
from workers.queues import PAGES_WAKE_UP, connect, open_queue
from workers.relay import relay_once

Fill = Callable[[], Callable[[], None]]
PLACES = ("pages-claimed", "page-opened", "page-drafted", "pages-drafted", "before-commit", "after-commit", "pages-put")


def text(address: str) -> str:
    """Return the page in the file, whole or not at all: a cut one raises."""
    content = read_page(address)
    return gzip.decompress(content).decode() if content else ""


def relay(app: Flask) -> list[str]:
    redis = connect(app)
    while relay_once(redis):
        pass
    return open_queue("pages", redis).get_job_ids()


def set_price(product: MadeProduct, amount: int) -> None:
    change_price(variant_id=product.variant_id, currency="EUR", amount=amount, compare_at_amount=None, actor=ACTOR)


@transactional
def let_leases_pass() -> None:
    execute_counted(update(Page).values(due_at=now()))


def render(world: World) -> Child:
    return world.call("workers.pages.work_on_pages", seconds=30)


@pytest.fixture
def fill_disk(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fill]:
    """Have pages on a disk of 1 MB; `fill_disk()` leaves no room on it and returns what makes room again.

    Who may not mount one gets the kernel's limit for the size of a file instead: a page is cut short after 64 bytes.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], pages_dir=disk / "pages")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
                           check=False, capture_output=True)

    def fill() -> Callable[[], None]:
        if mount.returncode:
            return limit(monkeypatch)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        return ballast.unlink

    yield fill
    if not mount.returncode:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    inner, alone = page_files._write, threading.Lock()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write(descriptor: int, content: bytes) -> None:
        with alone:
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, usual[1]))
            try:
                inner(descriptor, content)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    monkeypatch.setattr(page_files, "_write", write)
    return lambda: monkeypatch.setattr(page_files, "_write", inner)


@pytest.mark.usefixtures("sound")
def test_the_disk_is_full(app: Flask, fill_disk: Fill) -> None:
    """# fault 20. Red when draft_page writes straight into the page's place: the old page is cut or empty."""
    bowl = make_product(slug="bowl", amount=2400, categories=("ceramics",))
    relay(app)
    pages.work_on_pages()
    before = {path: path.read_bytes() for path in list_files()}
    make_room = fill_disk()
    page_marks.mark_all()
    assert pages.work_on_pages().failed == len(before) > 5
    assert {path: path.read_bytes() for path in list_files()} == before
    assert not list(page_files.facts().pages_dir.rglob(f"*{page_files.PART}"))
    assert {problem.split(":")[0] for _, problem in page_marks.list_failed_pages()} == {"OSError"}
    assert "cannot be rendered, such as /" in app.test_cli_runner().invoke(args=["doctor"]).output
    set_price(bowl, 1900)  # a wrong price goes also from a full disk, and makes room for some of the new ones
    relay(app)
    pages.work_on_pages()
    assert not [address for address in ("/p/bowl", "/c/ceramics", "/") if "€24.00" in text(address)]
    make_room()
    let_leases_pass()
    assert pages.work_on_pages().failed == 0
    assert "€19.00" in text("/p/bowl")
    assert page_marks.list_failed_pages() == []


def test_killed_while_rendering(world: World, dice: random.Random, rounds: Callable[[int, int], int]) -> None:
    """# fault 21. Red when draft_page writes straight into the page's place: the reader finds a page cut short."""
    bowls = [make_product(slug=f"bowl-{number}", categories=("ceramics",)) for number in range(6)]
    relay(world.app)
    pages.work_on_pages()
    seen, over = [0], threading.Event()
    wrong: list[str] = []

    def read() -> None:
        with world.app.app_context():
            while not over.is_set():
                for path in list_files():
                    try:
                        body = gzip.decompress(path.read_bytes())
                    except FileNotFoundError:
                        continue  # taken away meanwhile
                    except (EOFError, OSError) as error:
                        body = repr(error).encode()
                    seen[0] += 1
                    if not body.rstrip().endswith((b"</html>", b"</urlset>")):
                        wrong.append(f"{path}: {body[-80:]!r}")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(rounds(len(PLACES), 200)):
            set_price(dice.choice(bowls), 1000 + turn)
            relay(world.app)
            let_leases_pass()
            world.aim(f"{PLACES[turn % len(PLACES)]}:kill@{dice.randint(1, 3)}")
            child = render(world)
            if turn > len(PLACES) and turn % 2:  # at any place, not only between two steps
                world.disarm()
                time.sleep(dice.random())
                child.kill_all()
            assert child.wait() in (0, -9)
    finally:
        over.set()
        reader.join()
    world.disarm()
    for _ in range(2):  # the map of the site waits a minute for more
        let_leases_pass()
        assert render(world).wait() == 0
    db.session.rollback()
    assert (wrong, seen[0] > 0, page_marks.count_waiting()) == ([], True, 0)


def test_rewritten_while_read_with_and_without_gzip(
        app: Flask, client: FlaskClient, rounds: Callable[[int, int], int]) -> None:
    """# fault 22. Red when the page lies as two files, one of them compressed: the versions go back and forth."""
    last = rounds(200, 10_000)
    write_page("/p/bowl", b"0 " * 2000)

    def rewrite() -> None:
        with app.app_context():
            for version in range(1, last + 1):
                write_page("/p/bowl", f"{version} ".encode() * 2000)

    writer = threading.Thread(target=rewrite)
    writer.start()
    before = turns = 0
    while writer.is_alive() or before < last:
        turns += 1
        answer = client.get("/p/bowl", headers={"Accept-Encoding": ("identity", "gzip")[turns % 2]})
        assert answer.headers.get("Content-Encoding", "identity") == ("identity", "gzip")[turns % 2]
        body = gzip.decompress(answer.data) if turns % 2 else answer.data
        words = body.split()
        assert (len(words), len(set(words))) == (2000, 1)
        assert int(words[0]) >= before
        before = int(words[0])
    writer.join()
    assert turns > 1


@transactional
def change_again_and_again(products: list[MadeProduct], times: int) -> None:
    """What an import of as many rows records."""
    db.session.execute(insert(OutboxEvent), [
        {"name": "ProductChanged", "payload": {"product_id": products[number % len(products)].id}}
        for number in range(times)])


@pytest.mark.usefixtures("sound")
def test_a_large_import_is_one_wake_up_and_hot_pages_come_first(
        app: Flask, rounds: Callable[[int, int], int], count_queries: Callable[[], int]) -> None:
    """# fault 23. Red when touch adds a row for each event, or claim_pages leaves out the heat."""
    products = [make_product(slug=f"bowl-{number:02}", categories=("ceramics",)) for number in range(30)]
    relay(app)
    pages.work_on_pages()
    page_views.add_heat(views={"/p/bowl-17": 9})
    change_again_and_again(products, times := rounds(3000, 50_000))
    wakes: list[str] = []
    redis = connect(app)
    db.session.rollback()
    count_queries()
    turns = 0
    while relay_once(redis):
        wakes = open_queue("pages", redis).get_job_ids()
        turns += 1
    assert (wakes, turns) == ([PAGES_WAKE_UP], times // 1000)
    assert count_queries() <= 12 * (turns + 1)
    assert len(page_marks.read_subjects(1000)) == len(products)
    while pages.expand_subjects():
        pass
    assert page_marks.count_waiting() <= page_marks.count_pages()
    first = page_marks.claim_pages(limit=1)
    assert [claim.address for claim in first] == ["/p/bowl-17"]
    let_leases_pass()
    assert pages.work_on_pages().written <= page_marks.count_pages()
    assert page_marks.count_waiting() == 0


def test_the_older_of_two_renderings_comes_last(world: World) -> None:
    """# fault 24. Red when publish_pages does not compare the version it claimed with the one that is wanted."""
    bowl = make_product(slug="bowl", amount=2400, categories=("ceramics",))
    relay(world.app)
    world.aim("pages-drafted:hold")
    older = render(world)
    world.wait_until_held()
    set_price(bowl, 1900)
    relay(world.app)
    assert render(world).wait() == 0
    assert "€19.00" in text("/p/bowl")
    world.let_go()
    assert older.wait() == 0
    for address in ("/p/bowl", "/c/ceramics", "/"):
        assert "€19.00" in text(address)
        assert "€24.00" not in text(address)
    db.session.rollback()
    late = select(Page.rendered - Page.wanted).where(Page.kind != "sitemap")  # which waits a minute for more
    assert set(db.session.scalars(late)) == {0}
    page = page_file("/p/bowl")
    assert page is not None
    assert list(page.parent.glob(f".*{page_files.PART}")) == []  # the older one is thrown away
