"""Files that are not as they should be: what is wrong is named by line, and keeps nothing else out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.importer.importing import find_format, import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.models import Image, ImageState, Product, Variant
from storefront.foundation import csv_files as reader
from storefront.foundation.csv_files import UnreadableFile, open_table
from storefront.foundation.database import db
from storefront.foundation.decimals import HINT
from tests.storefront.catalog.shopify_files import BOWL, COLUMNS, plain, text_of, write_export

HEADER = "Handle,Title,Variant Price,Variant SKU,Option1 Name,Option1 Value\n"


def run(app: Flask, path: Path) -> Report:
    order = Order(path=path, stock=app.extensions["stock"], actor="system")
    report = import_file(order, lambda position, report: None)
    db.session.rollback()
    return report


def slugs() -> list[str]:
    return list(db.session.scalars(select(Product.slug).order_by(Product.id)))


def written(tmp_path: Path, data: bytes | str) -> Path:
    path = tmp_path / "export.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(("data", "words"), [
    (b"", "empty"), (b"\n\n", "empty"), (HEADER.replace(",", "|").encode(), "no column Handle, Title, Variant Price"),
    (HEADER.encode() + b"a,5 \x81,1,,,\n", "not UTF-8"), (b"Handle;Title\n", "no column Variant Price"),
    (b"Title,Price\nx,1\n", "no column Handle, Variant Price"),
    (b"Handle,Title,Title,Variant Price\n", "Title occurs twice"), (b'Handle,"Title\nx', "header in line 1"),
    (HEADER.encode("utf-8-sig") + b"a,Caf\xe9,1,,,\n", "Line 2 is not UTF-8"),
    (b"z" * 3_000_000, "Line 1 has more than 2 MB"), (b"x," * 1_000_000, "1000001 columns"),
    (HEADER.encode() + b'a,"A" x\n' * 150, "quotes that do not match"),
    (HEADER.encode("utf-16")[:-1], "no CSV file"), (b"PK\x03\x04" + b"\0" * 50, "Excel"),
    (b"\x00\x01\xff\xfe", "no CSV file"),
])
def test_a_file_that_cannot_be_read_is_refused_whole(app: Flask, tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        run(app, written(tmp_path, data))
    assert slugs() == []


def test_a_wrong_byte_far_down_is_found_before_anything_is_written(app: Flask, tmp_path: Path) -> None:
    rows = text_of(plain(f"card-{number}") for number in range(60)).encode() + b"caf\x81"
    with pytest.raises(UnreadableFile, match="Line 62 is not UTF-8"):
        run(app, written(tmp_path, rows))
    assert slugs() == []


def test_a_file_above_64_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("wb") as file:
        file.truncate(reader.MAX_BYTES + 1)
    with pytest.raises(UnreadableFile, match="at most 64 MB"):
        open_table(path)


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_mark_at_the_beginning_and_either_line_end_are_fine(
    app: Flask, tmp_path: Path, start: bytes, end: bytes
) -> None:
    data = start + text_of([*BOWL, plain("naïve-碗")]).encode().replace(b"\n", end)
    report = run(app, written(tmp_path, data))
    assert (report.rejections, slugs()) == ([], ["low-bowl", "naïve-碗"])


@pytest.mark.parametrize(("column", "cell", "words"), [
    ("Variant Price", "1,50", "“1,50” is not an amount"), ("Variant Price", "1.234,50", "not an amount"),
    ("Variant Price", "-3", "“-3” is not an amount"),
    ("Variant Price", "1e9", "not an amount"), ("Variant Price", "", "no price"), ("Variant Price", "9.999", "“9.999”"),
    ("Variant Price", "€3", "not an amount"), ("Variant Price", "NaN", "not an amount"),
    ("Variant Price", "٣", "not an amount"), ("Variant Price", "9" * 30, "“999"),
    ("Variant Price", "20000000000.00", "more than a price"), ("Variant Compare At Price", "1,234", "with one or two"),
    ("Variant Grams", "heavy", "no weight"), ("Variant Grams", "-1", "no weight"),
    ("Variant Grams", "9" * 12, "no weight"), ("Variant Inventory Qty", "many", "no number of pieces"),
    ("Variant Inventory Qty", "0.5", "no number of pieces"), ("Variant Inventory Qty", "9" * 11, "no number"),
    ("Variant Inventory Policy", "maybe", "neither deny nor continue"), ("Variant Requires Shipping", "yes", "neither"),
    ("Variant SKU", "S" * 121, "121 characters"), ("Option1 Value", "V" * 121, "121 characters"),
    ("Title", "T" * 301, "301 characters"), ("Status", "sold", "none of active"), ("Published", "1", "neither"),
    ("Title", "A\0B", "NUL"), ("Body (HTML)", "x" * (reader.MAX_CELL + 1), "at most"),
    ("Title", "", "no title"), ("Handle", "", "which product"), ("Handle", "///", "cannot be an address"),
    ("Option1 Name", "", "does not name"),
])
def test_a_bad_cell_is_named_and_keeps_nothing_else_out(
    app: Flask, tmp_path: Path, column: str, cell: str, words: str
) -> None:
    bad = {**plain("bad"), "Option1 Value": "S", "Option1 Name": "Size"} | {column: cell}
    report = run(app, write_export(tmp_path, plain("before"), bad, plain("after")))
    first = report.rejections[0]
    assert first.line == 3
    assert first.column in (column, "Option1 Value")
    assert words in first.reason
    assert slugs() == ["before", "after"]


@pytest.mark.parametrize("url", ["ftp://cdn.example/a.jpg", "a.jpg", "http://", "https://x.example/a b.jpg"])
def test_a_bad_image_address_costs_the_image_alone(app: Flask, tmp_path: Path, url: str) -> None:
    report = run(app, write_export(tmp_path, plain(Image_Src=url)))
    assert [(rejection.line, rejection.column) for rejection in report.rejections] == [(2, "Image Src")]
    assert (slugs(), report.images) == (["card"], 0)


def test_descriptions_are_cleaned_as_those_of_the_panel(app: Flask, tmp_path: Path) -> None:
    said = '<p onclick="x()" hx-get="/x">Wide</p><script>alert(1)</script><a href="javascript:x()">a</a><img src=x>'
    run(app, write_export(tmp_path, plain(Title="<b>A</b>", **{"Body (HTML)": said})))
    row = db.session.scalars(select(Product)).one()
    assert row.description == '<p>Wide</p><a rel="nofollow noopener">a</a>'
    assert "<h1>&lt;b&gt;A&lt;/b&gt;</h1>" in " ".join(app.test_client().get("/p/card").text.split())


def test_ten_thousand_pictures_of_a_product_come_in_and_none_is_asked_for_by_the_import(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *said, **more: pytest.fail("the import asked the network"))
    inside = ("http://127.0.0.1:6379/", "http://169.254.169.254/latest/meta-data", "http://[::1]/a.jpg")
    pictures = [{"Handle": "card", "Image Src": f"{inside[number % 3]}?{number}"} for number in range(10_000)]
    report = run(app, write_export(tmp_path, plain(), *pictures))
    assert (report.rejections, report.images, report.images_to_fetch) == ([], 10_000, 10_000)
    assert db.session.query(Image).filter(Image.state == ImageState.PENDING).count() == 10_000


def test_a_bad_variant_row_keeps_the_variants_that_the_shop_has(app: Flask, tmp_path: Path) -> None:
    run(app, write_export(tmp_path, *BOWL))
    rows = [dict(row) for row in BOWL]
    rows[1]["Variant Price"] = "26,00"
    report = run(app, write_export(tmp_path, *rows))
    assert [str(rejection)[:22] for rejection in report.rejections] == ["line 3, Variant Price:"]
    variants = db.session.scalars(select(Variant).order_by(Variant.position)).all()
    assert [(variant.sku, variant.is_archived) for variant in variants] == [("LB-M", False), ("LB-F", False)]
    assert len(variants[0].product.images) == 3


def test_an_sku_used_twice_in_the_file_is_named_with_its_first_line(app: Flask, tmp_path: Path) -> None:
    report = run(app, write_export(tmp_path, plain("one", Variant_SKU="A"), plain("two", Variant_SKU="A"),
                                   plain("three", Variant_SKU="B")))
    assert str(report.rejections[0]) == "line 3, Variant SKU: The SKU A is already used in line 2."
    assert slugs() == ["one", "three"]


def test_the_same_options_twice_are_named(app: Flask, tmp_path: Path) -> None:
    report = run(app, write_export(tmp_path, *BOWL[:2], {**BOWL[1], "Variant SKU": "LB-X"}))
    assert str(report.rejections[0]) == "line 4, Option1 Value: Line 3 has the same options: Fog / Grey."
    assert db.session.query(Variant).count() == 2


@pytest.mark.parametrize(("bad", "reasons"), [
    ('b,"Bee,1,,,', ["do not match"]), ('b,"Be"e,1,,,', ["do not match"]), ("b,Bee,1", ["3 cells"]),
    ("b,Bee,1,,,,,,", ["9 cells"]), ('b,Bee,1,"two\nlines" x,,', ["do not match", "3 cells"]),
])
def test_a_row_that_cannot_be_read_is_named_and_reading_goes_on(
    app: Flask, tmp_path: Path, bad: str, reasons: list[str]
) -> None:
    data = f'{HEADER}a,A,1,,,\n{bad}\nc,"C, ""see""\nsea",1,,,\nd,D,1,,,\n'
    report = run(app, written(tmp_path, data))
    assert report.rejections[0].line == 3
    assert len(report.rejections) == len(reasons)
    for rejection, reason in zip(report.rejections, reasons, strict=True):
        assert reason in rejection.reason
    assert slugs() == ["a", "c", "d"]
    assert db.session.scalars(select(Product.name).where(Product.slug == "c")).one() == 'C, "see"\nsea'


def test_a_quote_that_is_never_closed_costs_its_line_alone(app: Flask, tmp_path: Path) -> None:
    report = run(app, written(tmp_path, f'{HEADER}a,5" nail,1,,,\nb,"Bee,1,,,\nc,C,1,,,\n'))
    assert [str(rejection) for rejection in report.rejections] == ["line 3: A quote is opened here and never closed."]
    assert list(db.session.scalars(select(Product.name).order_by(Product.id))) == ['5" nail', "C"]


def test_rows_of_a_product_that_stand_apart_are_joined(app: Flask, tmp_path: Path) -> None:
    data = (f"{HEADER}a,A,1,,Size,S\nb,B,1,,Size,S\na,,2,,,M\nb,,2,,,M\na,,3,,,L\n")
    report = run(app, written(tmp_path, data))
    assert report.rejections == []
    rows = db.session.execute(select(Product.slug, Variant.title).join(Variant).order_by(Variant.id)).all()
    assert [tuple(row) for row in rows] == [("a", "S"), ("a", "M"), ("a", "L"), ("b", "S"), ("b", "M")]


def test_columns_may_stand_in_any_order_and_unknown_ones_are_kept(app: Flask, tmp_path: Path) -> None:
    columns = ["Zeal", *reversed(COLUMNS)]
    path = written(tmp_path, text_of([{**plain(), "Zeal": "much"}], columns))
    with open_table(path) as table:
        assert find_format(table, "auto").name == "shopify"
    assert run(app, path).rejections == []
    assert db.session.scalars(select(Product)).one().extra["Zeal"] == "much"


def command(app: Flask, *words: str | Path) -> Any:
    result = app.test_cli_runner().invoke(args=["catalog", *map(str, words)])
    db.session.rollback()
    return result


def test_the_command_says_plain_lines_in_a_pipe(app: Flask, tmp_path: Path) -> None:
    result = command(app, "import", write_export(tmp_path, *BOWL))
    assert result.exit_code == 0
    assert "1 product: 1 created." in result.output
    assert "2 variants, 3 images (3 to be fetched), stock counted for 2" in result.output
    assert "\x1b" not in result.output


def test_the_command_answers_json_and_fails_when_something_was_not_taken(app: Flask, tmp_path: Path) -> None:
    result = command(app, "import", write_export(tmp_path, plain(), plain("bad", Variant_Price="1,50")), "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["outcomes"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert answer["rejections"][0] == {"line": 3, "column": "Variant Price",
                                       "reason": f"“1,50” is not an amount such as 12.50.{HINT}"}


def test_the_command_refuses_a_file_with_one_sentence(app: Flask, tmp_path: Path) -> None:
    result = command(app, "import", tmp_path / "missing.csv")
    assert (result.exit_code, result.output.strip()) == (
        1, f"missing.csv: There is no file {tmp_path}/missing.csv. Nothing was changed.")
    result = command(app, "import", written(tmp_path, "a,b\n"), "--dry-run")
    assert "no column Handle, Title, Variant Price" in result.output


def test_the_command_asks_for_pictures_again(app: Flask, tmp_path: Path) -> None:
    command(app, "import", write_export(tmp_path, *BOWL))
    assert command(app, "images").output == "0 pictures will be fetched by the worker.\n"
    assert command(app, "images", "--retry").output == "3 pictures will be fetched by the worker.\n"
