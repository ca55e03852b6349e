"""The header's row: what stands in it at which width."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from storefront.browse.header import lay_out
from storefront.browse.pages import MenuLink
from tests.factories.catalog import make_product


def links(*labels: str) -> list[MenuLink]:
    return [MenuLink(label, f"/c/{place}") for place, label in enumerate(labels)]


@pytest.mark.parametrize(("labels", "shown", "more"), [
    ((), "", ""),
    (("Ceramics", "Textiles", "Paper", "Light"), "always always always always", ""),
    (("Kitchen",) * 5, "always always always wide wide", "wide"),
    (("Kitchen",) * 8, "always always always wide wide wider wider wider", "wider"),
    (("Kitchen",) * 20, "always always always wide wide wider wider" + " never" * 13, "never"),
    (("A name that is as long as a sentence has any right to be",) * 2, "always wide", "wide"),
])
def test_what_does_not_fit_waits_behind_more(labels: tuple[str, ...], shown: str, more: str) -> None:
    row = lay_out(links(*labels))
    assert " ".join(placed.shown for placed in row.links) == shown
    assert row.more == more


def test_every_category_is_a_link_of_the_row_or_behind_more(client: FlaskClient) -> None:
    make_product(categories=tuple(f"shelf-{number:02}" for number in range(20)))
    page = client.get("/").text
    nav = page[page.index('<nav class="site-nav"'):]
    nav = nav[:nav.index("</nav>")]
    assert "<summary>More</summary>" in nav
    assert all(f'href="/c/shelf-{number:02}"' in nav for number in range(20))
