"""From a price changed in the panel to the page that says it; and a bulk change beside the shop's visitors."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from flask import Flask

from bench.load import Ask, Load, press, start_press
from bench.mall import Mall
from bench.pages import read
from bench.progress import progress
from bench.shop import ROOT
from bench.stage import Found, Row, Stage, tell_rates
from storefront.accounts.services import create_staff
from storefront.foundation.database import db
from tests.admin.conftest import EMAIL, PASSWORD, Panel, read_form
from tests.factories.catalog import MadeProduct, make_product
from workers.processes import kill_group, start_child

TITLE = "Changed prices"
CHANGES, PRODUCTS, RAISED = 200, 20, 50_000
ANSWER_SECONDS = 20.0  # after which a page that still says the old price is wrong and not slow
CALM = 4  # connections that browse: what a shop sees while somebody works in the panel


def measure(stage: Stage) -> Found:
    """Changes one by one under load; then a bulk change, and what the visitors feel of it."""
    mall, found = stage.mall, Found()
    taken, wrong = change_one_by_one(mall)
    p95 = statistics.quantiles(taken, n=20)[-1] if len(taken) > 1 else 0.0
    found.rows = [Row(f"price changed in the panel until the page says it, seconds, {len(taken)} changes",
                      f"median {statistics.median(taken):.2f}, longest {max(taken):.2f}", "", f"p95 {p95:.2f}",
                      "≤ 2", p95 <= 2)]
    before, during, after, raised = change_in_bulk(stage, mall)
    calm = [load.p99 for load in before + after]
    found.rows.append(Row("web p99 while prices are changed in bulk, milliseconds",
                          tell_rates([load.p99 for load in during]), f"{tell_rates(calm)} without",
                          f"{statistics.median([load.p99 for load in during]) / statistics.median(calm):.2f}",
                          "unchanged within noise"))
    found.notes = [f"{CALM} connections browse pages, lists and the cart meanwhile. Within the measure the bulk change "
                   f"set {raised:,} of {RAISED:,} prices by the catalog's own service, 100 in a transaction, at "
                   "`nice 10`."]
    found.problems = wrong + [load.problem for load in (*before, *during, *after) if load.problem]
    found.figures = {"seconds": taken, "before": [load.p99 for load in before],
                     "during": [load.p99 for load in during], "after": [load.p99 for load in after], "raised": raised}
    return found


def change_one_by_one(mall: Mall) -> tuple[list[float], list[str]]:
    """Return for each change the seconds from sending the panel's form to reading the new price through nginx.

    Also what was wrong: a page that never said it, or that said an older price again.
    """
    app = mall.shop.app
    with app.app_context():
        made = [make_product(slug=f"repriced-{at}", stock=9, options={"Size": ["Small"]}) for at in range(PRODUCTS)]
        create_staff(email=EMAIL, password=PASSWORD, name="Maeve Clancy")
        db.session.remove()
    mall.render(*[f"/p/{product.slug}" for product in made])
    panel = _panel(app)
    chance, taken, wrong = random.Random(5), list[float](), list[str]()  # noqa: S311  # the same in each run
    with start_press(mall.address, browse(mall), seconds=600, connections=CALM), progress(f"{CHANGES} prices", 120):
        for at in range(CHANGES):
            product = made[at % PRODUCTS]
            seconds, problem = _change(mall, panel, product, amount=chance.randrange(1000, 9000) * 100 + at % 100)
            taken.append(seconds)
            wrong += [problem] * bool(problem)
    return taken, wrong


def change_in_bulk(stage: Stage, mall: Mall) -> tuple[list[Load], list[Load], list[Load], int]:
    """Return what visitors felt before, during and after, and how many prices were set in that time."""
    asks = browse(mall)

    def look(label: str, turn: int) -> Load:
        return press(mall.address, asks, label=f"visitors {label} {turn + 1}/{stage.rounds}", seconds=stage.seconds,
                     connections=CALM)

    before = [look("before", turn) for turn in range(stage.rounds)]
    log = mall.shop.folder / "raising.log"
    child = start_child(["nice", "-n", "10", sys.executable, "-m", "bench.raising", str(RAISED)], log=log,
                        environ=mall.shop.environ, directory=ROOT)
    try:
        _wait_for_word(log)
        during = [look("during", turn) for turn in range(stage.rounds)]
        if child.poll() is None:
            child.terminate()
        child.wait(30)
    except subprocess.TimeoutExpired:
        kill_group(child)
    told = log.read_text().split()
    raised = int(told[-1]) if told and told[-1].isdigit() else 0
    after = [look("after", turn) for turn in range(stage.rounds)]
    return before, during, after, raised


def browse(mall: Mall) -> list[Ask]:
    """What visitors look at: pages that are files or are not, lists under a filter, the cart."""
    chance = random.Random(7)  # noqa: S311  # the same in each run
    roots = sorted({"/".join(path.split("/")[:3]) for path in mall.categories})[:5]
    asks = [Ask(path) for path in chance.sample(list(mall.products), 60)]
    asks += [Ask(path) for path in mall.categories[:20]] + [Ask(f"{path}?sort=price") for path in roots]
    asks += [Ask("/"), Ask("/cart")] * 5
    chance.shuffle(asks)
    return asks


def _wait_for_word(log: Path) -> None:
    """Return when the bulk change has begun."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and "begun" not in log.read_text():
        time.sleep(0.1)


def _panel(app: Flask) -> Panel:
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    panel = Panel(client)
    assert panel.sign_in().status_code == 303
    return panel


def _change(mall: Mall, panel: Panel, product: MadeProduct, *, amount: int) -> tuple[float, str]:
    path, page = f"/admin/products/{product.id}/variants", f"/p/{product.slug}"
    form = read_form(panel.get(path))
    form["variants-0-amount"] = [f"{amount / 100:.2f}"]
    data = {"csrf_token": panel.token(), **form}
    said = f"{amount // 100:,}.{amount % 100:02}".encode()
    began = time.monotonic()
    answer = panel.client.post(path, data=data)
    assert answer.status_code == 303, answer.text
    while said not in read(mall.address, page):
        if time.monotonic() - began > ANSWER_SECONDS:
            return time.monotonic() - began, f"{page} never said {said.decode()}"
        time.sleep(0.02)
    seconds = time.monotonic() - began
    again = [said in read(mall.address, page) for _ in range(5)]
    return seconds, "" if all(again) else f"{page} said {said.decode()} and then an older price"
