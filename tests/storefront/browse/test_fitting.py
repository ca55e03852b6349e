"""Cards of lists that a shopper has narrowed: picture, price, stock and link are those of what fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.browse.fitting import find_fitting, is_about_variants
from storefront.catalog.models import Image, ImageState, Variant
from storefront.catalog.offers import Offer
from storefront.catalog.services import change_price
from storefront.foundation.database import db
from storefront.inventory.services import correct_stock
from storefront.search.facets import Chosen
from storefront.search.services import rebuild_search
from tests.factories.catalog import ACTOR, MadeProduct, make_product

LIST = "/c/clay"
KEYS = {"Moss": "a" * 32, "Fog": "b" * 32}
SMALL_MOSS, LARGE_MOSS, SMALL_FOG, LARGE_FOG = range(4)


@pytest.fixture
def bowl(app: Flask) -> MadeProduct:
    """A bowl in two glazes with a picture of each and in two sizes; the large fog one is sold out. And a plate."""
    bowl = make_product(slug="bowl", categories=("clay",), options={"Glaze": ["Moss", "Fog"], "Size": ["S", "L"]},
                        amount=2400, amounts={("Moss", "L"): 4800, ("Fog", "L"): 4600}, facts=[("Material", "Oak")])
    make_product(slug="plate", categories=("clay",), options={"Glaze": ["Fog"]}, amount=4500,
                 facts=[("Material", "Oak")])
    images = [Image(product_id=bowl.id, position=place, key=key, alt=glaze, width=800, height=1000,
                    state=ImageState.READY, renditions={"webp": [320], "jpg": [320]})
              for place, (glaze, key) in enumerate(KEYS.items())]
    db.session.add_all(images)
    db.session.flush()
    for place, variant_id in enumerate(bowl.variant_ids):
        db.session.get_one(Variant, variant_id).image_id = images[place // 2].id
    db.session.commit()
    correct_stock(variant_id=bowl.variant_ids[LARGE_FOG], delta=-10, actor=ACTOR, reason="counted")
    rebuild_search()
    db.session.remove()
    return bowl


def card(client: FlaskClient, address: str, slug: str = "bowl") -> tuple[str, str, str, str, bool]:
    """(query of the link, glaze of the picture, price in words, version, sold out) of the product's card."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:300]
    said = next(text for text in re.findall(r'<article class="card.*?</article>', answer.text, re.S)
                if f'<a href="/p/{slug}' in text)
    link = re.search(rf'<a href="/p/{slug}([^"]*)"', said)
    price = re.search(r'<span class="price.*?</span>\s*(?=<span class="card__sold-out|</p>)', said, re.S)
    version = re.search(r'class="card__version">([^<]*)<', said)
    assert link
    assert price
    assert ('class="card is-sold-out"' in said) == ("Sold out for now" in said)
    return (link[1], next((glaze for glaze, key in KEYS.items() if key in said), ""),
            " ".join(re.sub(r"<[^>]*>", "", price[0]).split()), version[1] if version else "",
            "Sold out for now" in said)


PLAIN = ("", "Moss", "from €24.00", "", False)


def test_the_card_shows_what_fits_the_choices(client: FlaskClient, bowl: MadeProduct) -> None:
    of = [f"?variant={variant_id}" for variant_id in bowl.variant_ids]
    assert card(client, LIST) == PLAIN
    for query, expected in (
        ("glaze=fog&price=40-50", (of[LARGE_FOG], "Fog", "€46.00", "Fog / L", True)),
        ("glaze=fog", (of[SMALL_FOG], "Fog", "€24.00", "Fog / S", False)),  # the dearer one is
        ("glaze=moss", (of[SMALL_MOSS], "Moss", "from €24.00", "", False)),
        ("size=l", (of[LARGE_MOSS], "Moss", "€48.00", "Moss / L", False)),  # the cheaper one is sold out
        ("size=l&in_stock=1", (of[LARGE_MOSS], "Moss", "€48.00", "Moss / L", False)),
        ("in_stock=1", (of[SMALL_MOSS], "Moss", "from €24.00", "", False)),
        ("price=-30", (of[SMALL_MOSS], "Moss", "€24.00", "", False)),
        ("glaze=fog&glaze=moss", PLAIN), ("price=20-50", PLAIN), ("material=oak", PLAIN),
        ("material=oak&price=47-", (of[LARGE_MOSS], "Moss", "€48.00", "Moss / L", False)),
    ):
        assert card(client, f"{LIST}?{query}") == expected, query
    assert card(client, f"{LIST}?glaze=fog&price=40-50", "plate")[0] == ""  # of which there is one version
    assert card(client, f"{LIST}?size=l&sort=price")[2] == "€48.00"
    assert card(client, f"/listing{LIST}?size=l&in_stock=1")[0] == of[LARGE_MOSS]
    assert card(client, "/search?q=bowl&glaze=fog")[:2] == (of[SMALL_FOG], "Fog")
    assert card(client, LIST) == PLAIN  # what is kept of the plain list is as it was
    opened = client.get(f"/p/bowl{of[LARGE_FOG]}").text
    assert re.search(r'class="choice[^§]*?€46\.00', opened)
    assert "Sold out" in opened


def test_a_code_names_its_variant(client: FlaskClient, bowl: MadeProduct) -> None:
    link = f"?variant={bowl.variant_ids[LARGE_FOG]}"
    db.session.execute(update(Variant).where(Variant.id == bowl.variant_ids[SMALL_FOG]).values(gtin="4006381333931"))
    db.session.commit()
    rebuild_search()
    for code in ("BOWL-FOG-L", "bowl fog l", "bowlfogl"):
        assert card(client, f"/search?q={code}") == (link, "Fog", "€46.00", "Fog / L", True), code
    assert card(client, "/search?q=4006381333931")[3] == "Fog / S"
    assert card(client, "/search?q=BOWL-FOG-L&glaze=moss")[0] == f"?variant={bowl.variant_ids[SMALL_MOSS]}"
    assert card(client, "/search?q=bowl") == PLAIN
    assert card(client, "/search?q=bowl+fog") == PLAIN  # words, no code


def test_a_reduction_is_told_of_the_variant_that_has_it(client: FlaskClient, bowl: MadeProduct) -> None:
    variant_id = bowl.variant_ids[LARGE_MOSS]
    change_price(variant_id=variant_id, currency="EUR", amount=4000, compare_at_amount=5200, actor=ACTOR)
    assert card(client, f"{LIST}?on_sale=1") == (
        f"?variant={variant_id}", "Moss",
        "Reduced to €40.00 from €52.00 Lowest price of the 30 days before: €48.00", "Moss / L", False)
    assert card(client, f"{LIST}?size=s")[2] == "€24.00"


def test_what_changed_since_the_list_was_made_is_shown_as_it_is_now(
    client: FlaskClient, bowl: MadeProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a large import runs: the blocks lag behind."""
    monkeypatch.setattr("storefront.search.facets_index.MAX_OVERLAID", 0)
    of = [f"?variant={variant_id}" for variant_id in bowl.variant_ids]
    for place, variant_id in enumerate(bowl.variant_ids):  # the other way round
        db.session.execute(update(Variant).where(Variant.id == variant_id).values(position=9 - place))
    db.session.commit()
    assert card(client, f"{LIST}?glaze=fog&price=40-50") == (of[LARGE_FOG], "Fog", "€46.00", "Fog / L", True)
    assert card(client, f"{LIST}?glaze=moss")[0] == of[LARGE_MOSS]

    correct_stock(variant_id=bowl.variant_ids[LARGE_MOSS], delta=-10, actor=ACTOR, reason="counted")
    assert card(client, f"{LIST}?size=l&in_stock=1") == (of[LARGE_FOG], "Fog", "from €46.00", "", True)
    assert card(client, f"{LIST}?glaze=moss")[0] == of[SMALL_MOSS]

    change_price(variant_id=bowl.variant_ids[LARGE_FOG], currency="EUR", amount=4900, compare_at_amount=None,
                 actor=ACTOR)
    assert card(client, f"{LIST}?glaze=fog&price=40-50")[2] == "€49.00"
    change_price(variant_id=bowl.variant_ids[LARGE_FOG], currency="EUR", amount=9900, compare_at_amount=None,
                 actor=ACTOR)
    assert card(client, f"{LIST}?glaze=fog&price=40-50") == PLAIN  # nothing of it fits any more
    db.session.execute(update(Variant).where(Variant.id == bowl.variant_ids[LARGE_FOG]).values(is_archived=True))
    db.session.commit()
    assert card(client, f"{LIST}?glaze=fog")[:3] == (of[SMALL_FOG], "Fog", "€24.00")


def test_a_picture_that_is_missing_is_the_products(client: FlaskClient, bowl: MadeProduct) -> None:
    db.session.execute(update(Variant).values(image_id=None))
    db.session.commit()
    assert card(client, f"{LIST}?glaze=fog")[:2] == (f"?variant={bowl.variant_ids[SMALL_FOG]}", "Moss")


def test_any_number_of_cards_costs_the_same_statements(
    client: FlaskClient, bowl: MadeProduct, run_jobs: Callable[[], int], count_queries: Callable[[], int]
) -> None:
    def ask(address: str) -> int:
        client.get(address)  # what is kept: the tree, the menus, the blocks
        count_queries()
        assert client.get(address).status_code == 200
        return count_queries()

    run_jobs()
    narrowed = ask(f"{LIST}?glaze=fog&in_stock=1")
    for number in range(20):
        make_product(slug=f"jug-{number}", categories=("clay",), options={"Glaze": ["Moss", "Fog"]},
                     amounts={("Moss",): 1000 + number})
    rebuild_search()
    run_jobs()
    assert ask(f"{LIST}?glaze=fog&in_stock=1") == narrowed


MOSS, FOG = (Offer(number, (f"B-1{number}",), amount, None, [("Glaze", glaze), ("Sort", "Deep")])
             for number, amount, glaze in ((1, 2000, "Moss"), (2, 3000, "Fog")))


def test_what_fits_is_judged_by_the_facets_own_words() -> None:
    def fit(code: str = "", **chosen: Any) -> list[Offer]:
        return find_fitting([MOSS, FOG], replace(Chosen(), **chosen), code, {})

    assert fit(values={"glaze": frozenset({"fog", "rust"})}) == [FOG]
    assert fit(values={"glaze": frozenset({"fog"})}, highest=2000) == []
    assert fit(values={"brand": frozenset({"acme"}), "option-sort": frozenset({"deep"})}) == [MOSS, FOG]
    assert fit(lowest=2000, highest=2000) == [MOSS]
    assert fit(on_sale=True) == []
    assert fit(in_stock=True) == [MOSS, FOG]  # none is there any more, which the card says
    assert fit(code="_b12") == [FOG]
    assert fit(code="_b13") == [MOSS, FOG]
    for chosen, expected in ((Chosen(), False), (Chosen({"brand": frozenset({"acme"})}, rating=4), False),
                             (Chosen(lowest=0), True), (Chosen(on_sale=True), True)):
        assert is_about_variants(chosen) == expected
