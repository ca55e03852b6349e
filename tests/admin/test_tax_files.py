"""Tax rates uploaded in the panel: tried, told line by line, then set."""

from __future__ import annotations

import io
import re

from sqlalchemy import select

from storefront.foundation.database import db
from storefront.taxes.models import TaxRate
from storefront.taxes.services import save_category, save_rate
from tests.admin.conftest import Panel, problems_of

HEADER = "Country Code,State Code,ZIP/Postcode,City,Rate %,Tax Name,Priority,Compound,Shipping,Tax Class\n"
PAGE = "/admin/tax-rates/file/"


def rates() -> dict[tuple[str, str], tuple[int, bool]]:
    db.session.rollback()
    return {(row.country, row.tax_category): (row.basis_points, row.is_inclusive)
            for row in db.session.scalars(select(TaxRate))}


def upload(staff: Panel, text: str, status: int = 200, **said: str) -> str:
    return staff.post(PAGE, {"file": (io.BytesIO(text.encode()), "rates.csv"), "is_on_top": "", **said}, status).text


def test_a_file_is_tried_and_then_set(staff: Panel) -> None:
    save_category(code="standard", name="Standard")
    save_rate(country="IE", tax_category="standard", basis_points=2300, is_inclusive=True)
    assert f'href="{PAGE}"' in staff.get("/admin/tax-rates/")
    tried = upload(staff, HEADER + "IE,,,,23.0000,VAT,1,0,1,\nFR,,,,20.0000,TVA,1,0,1,\nUS,CA,,,7.25,Tax,1,0,1,\n",
                   is_on_top="")
    assert "1 rate would be set, 1 unchanged, 1 not taken" in tried
    assert "The rate counts for CA alone" in tried
    assert rates() == {("IE", "standard"): (2300, True)}
    content = re.search(r'name="content" value="([^"]+)"', tried)
    assert content is not None
    answer = staff.post(PAGE, {"content": content[1], "is_on_top": ""})
    assert "1 rate is set, 1 unchanged, 1 not taken." in staff.get(answer.location)
    assert rates() == {("IE", "standard"): (2300, True), ("FR", "standard"): (2000, True)}


def test_what_the_file_does_not_say_is_asked(staff: Panel) -> None:
    save_category(code="standard", name="Standard")
    tried = upload(staff, HEADER + "US,,,,7,Tax,1,0,1,\n", is_on_top="yes")
    content = re.search(r'name="content" value="([^"]+)"', tried)
    assert content is not None
    assert 'name="is_on_top" value="yes"' in tried
    staff.post(PAGE, {"content": content[1], "is_on_top": "yes"})
    assert rates() == {("US", "standard"): (700, False)}


def test_what_is_no_file_of_rates_is_refused_kindly(staff: Panel) -> None:
    assert "this is no file of tax rates" in problems_of(upload(staff, "a,b\n1,2\n", status=422))[0]
    assert "at most 400 kb" in problems_of(upload(staff, HEADER + "x" * 450_000, status=422))[0].lower()
    assert "Choose a file first." in problems_of(staff.post(PAGE, {"is_on_top": ""}, status=422).text)[0]
    staff.post(PAGE, {"content": "no base64!", "is_on_top": ""}, status=422)
    assert rates() == {}
