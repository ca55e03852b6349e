"""The menus of every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from storefront.browse.menus import site
from storefront.browse.pages import Link, MenuGroup, MenuLink
from storefront.foundation.database import db
from storefront.foundation.page_serving import RENDERED_AT
from tests.factories.catalog import make_category, make_product
from tests.factories.content import make_footer


@pytest.mark.usefixtures("app")
def test_the_menu_is_two_levels_of_the_tree_and_the_footer_its_groups(count_queries: Callable[[], int]) -> None:
    make_product(categories=("clay/bowls/deep",))
    make_category("clay/empty")
    make_category("bare/below")
    make_footer()
    db.session.remove()
    count_queries()
    assert site.menu == [MenuLink("Clay", "/c/clay", [Link("Bowls", "/c/clay/bowls")])]
    assert site.footer == [MenuGroup("Help", [Link("Delivery", "/pages/delivery"), Link("Returns", "/pages/returns")])]
    assert count_queries() == 3
    g.pop("site_menus")
    assert site.menu[0].label == "Clay"
    assert count_queries() == 0
    assert site.name == "Plainsong"


def test_a_page_that_says_the_database_is_away_can_be_shown(app: Flask, client: FlaskClient) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1})
    present, db.engines[None] = db.engines[None], away
    try:
        db.session.remove()
        assert site.menu == []
        g.pop("site_menus")
        with app.test_request_context(environ_overrides={RENDERED_AT: 1}), pytest.raises(OperationalError):
            _ = site.menu  # a page on its way into a file would lie there without its menus
        answer = client.get("/")
    finally:
        db.session.remove()
        db.engines[None] = present
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Try again" in answer.text
