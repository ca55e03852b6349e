"""The visitor's part of a page beside a bare Flask route with one Redis read."""

from __future__ import annotations

from redis import Redis

from bench.adding import make_cookie
from bench.bare import running_bare
from bench.load import Ask, Load, press
from bench.stage import Found, Row, Stage, compare, tell_rates
from storefront.foundation.hint import cookie_name
from tests.factories.cart import make_cart
from tests.factories.catalog import make_product

TITLE = "Islands"


def measure(stage: Stage) -> Found:
    """A guest's island with a cart; besides, the one of a product's page, with its exact stock and price."""
    shop, found = stage.shop, Found()
    with shop.app.app_context():
        product = make_product(slug="island-bowl", stock=1000)
        cookie = f"{make_cookie(make_cart({product.variant_id: 2}))}; {cookie_name('hint')}=1"
    redis = Redis.from_url(shop.environ["REDIS_URL"])
    redis.set("bench:read", "2")
    redis.close()
    sides: dict[str, list[Load]] = {"island": [], "bare": [], "product": []}
    with running_bare(shop) as bare:
        for turn in range(stage.rounds):
            for name, base, path in (("island", shop.address, "/island"), ("bare", bare, "/read"),
                                     ("product", shop.address, f"/island?product={product.slug}")):
                label = f"islands {turn + 1}/{stage.rounds}: {name}"
                sides[name].append(press(base, [Ask(path, cookie)], label=label, seconds=stage.seconds))
    rates = {name: [load.per_second for load in loads] for name, loads in sides.items()}
    found.rows = [
        compare("islands a second, a guest with a cart", rates["island"], rates["bare"], goal=0.6,
                name="bare route, one Redis read"),
        Row("the island of a product's page: exact stock and price", tell_rates(rates["product"]), "", ""),
    ]
    found.problems = [f"{name}: {load.problem}" for name, loads in sides.items() for load in loads if load.problem]
    found.figures = dict(rates)
    return found
