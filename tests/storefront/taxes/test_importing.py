"""Tax rates as WooCommerce exports them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from storefront.foundation.csv_files import UnreadableFile
from storefront.foundation.database import db
from storefront.foundation.decimals import HINT
from storefront.taxes.importing import import_rates
from storefront.taxes.queries import list_categories, read_rates
from storefront.taxes.services import save_rate
from tests.conftest import SHARED

SAMPLE = SHARED / "data" / "woocommerce" / "sample_tax_rates.csv"
HEADER = "Country Code,State Code,ZIP/Postcode,City,Rate %,Tax Name,Priority,Compound,Shipping,Tax Class\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "rates.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


@pytest.mark.usefixtures("app")
def test_the_real_rates_come_in_and_what_is_not_of_a_country_is_said() -> None:
    if not SAMPLE.exists():
        pytest.skip("the real export is not on this machine")
    report = import_rates(SAMPLE)
    db.session.rollback()
    assert [str(rejection) for rejection in report.rejections] == [
        "line 6, State Code: The rate counts for AL alone; the shop knows one rate by country."]
    assert {category: (rate.basis_points, rate.is_inclusive, rate.name)
            for category, rate in read_rates("GB").items()} == {
        "standard": (2000, True, "VAT"), "reduced-rate": (500, True, "VAT"), "zero-rate": (0, True, "VAT")}
    assert read_rates("US")["standard"].basis_points == 1000
    assert ("reduced-rate", "Reduced rate") in list_categories()
    assert (import_rates(SAMPLE).unchanged, import_rates(SAMPLE).saved) == (4, [])


@pytest.mark.usefixtures("app")
def test_a_country_stays_as_it_is_unless_it_is_said(tmp_path: Path) -> None:
    save_rate(country="US", tax_category="standard", basis_points=500, is_inclusive=False)
    path = written(tmp_path, "US,*,*,*,7.2500,Sales tax,1,0,1,", "ie,,,,23,,,,,")
    assert len(import_rates(path, is_dry_run=True).saved) == 2
    assert read_rates("US")["standard"].basis_points == 500
    import_rates(path)
    db.session.rollback()
    assert (read_rates("US")["standard"].basis_points, read_rates("US")["standard"].is_inclusive) == (725, False)
    assert (read_rates("IE")["standard"].name, read_rates("IE")["standard"].is_inclusive) == ("VAT", True)
    import_rates(path, is_on_top=True)
    db.session.rollback()
    assert not read_rates("IE")["standard"].is_inclusive


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("row", "column"), [
    ("*,,,,20,VAT,1,1,1,", "Country Code"), ("GB,,,London,20,VAT,1,1,1,", "City"),
    ("GB,,,,20.001,VAT,1,1,1,", "Rate %"),
    ("GB,,,,101,VAT,1,1,1,", "Rate %"), ("GB,,,,-1,VAT,1,1,1,", "Rate %"), ("GB,,,,5,VAT,2,1,1,", "Priority"),
    ("IE,,,,5,VAT,1,1,1,", "Priority"), ("GB,,", ""),
])
def test_a_row_that_the_shop_cannot_mean_is_named(tmp_path: Path, row: str, column: str) -> None:
    report = import_rates(written(tmp_path, "IE,,,,23,VAT,1,1,1,", row))
    assert [(rejection.line, rejection.column) for rejection in report.rejections] == [(3, column)]
    assert len(report.saved) == 1


@pytest.mark.usefixtures("app")
def test_a_decimal_comma_is_read_where_all_rates_have_it(tmp_path: Path) -> None:
    report = import_rates(written(tmp_path, 'FR,,,,"5,5",TVA,1,1,1,reduced', "FR,,,,20,TVA,1,1,1,"))
    assert ([rate.basis_points for rate in report.saved], report.rejections) == ([550, 2000], [])
    report = import_rates(written(tmp_path, 'FR,,,,"5,5",TVA,1,1,1,reduced', "CH,,,,8.1,VAT,1,1,1,"))
    assert [(rejection.line, rejection.column) for rejection in report.rejections] == [(2, "Rate %")]
    assert HINT in report.rejections[0].reason


def test_the_command_says_what_it_took(app: Flask, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(args=["taxes", "import", str(written(tmp_path, "IE,,,,23,VAT,1,1,1,"))])
    assert (result.exit_code, result.output) == (0, "IE standard: 23 % VAT\n1 rates set, 0 unchanged.\n")
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(UnreadableFile, match="no column Country Code, Rate %"):
        import_rates(tmp_path / "x.csv")
