"""Tax rates from a file: tried first, then set for good with one press. The page itself carries the file between."""

from __future__ import annotations

import base64
import binascii
import tempfile
from pathlib import Path
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from wtforms import FileField, SelectField

from admin.fields import choices
from admin.forms import Form
from admin.views import Answer
from storefront.foundation.csv_files import UnreadableFile
from storefront.foundation.errors import ShopError
from storefront.taxes.importing import TaxReport, import_rates

MAX_KILOBYTES = 400  # some eight thousand rates; the form that carries them may have a megabyte
PRICES = {"": "Countries that are known stay as they are; others hold it", "no": "Prices hold the tax",
          "yes": "The tax comes on top of prices"}
ON_TOP = {"": None, "no": False, "yes": True}


class TaxFileForm(Form):
    """A file and what it does not say."""

    file = FileField("Tax rates")
    is_on_top = SelectField("Prices in the shop", choices=choices(PRICES.items()))


class TaxFilePages:
    """The upload of tax rates, beside their list."""

    render: Any

    @expose("/file/", methods=("GET", "POST"))
    def file(self) -> Answer:
        """Say what a file would do; the same press again, with what was said, does it."""
        form, problem = TaxFileForm(request.form if request.method == "POST" else None), ""
        report, content = None, b""
        if request.method == "POST" and form.validate():
            is_sure = "content" in request.form
            try:
                content = _read_kept(request.form["content"]) if is_sure else _read_upload()
                report = _import(content, is_on_top=ON_TOP[form.is_on_top.data], is_dry_run=not is_sure)
                if is_sure:
                    flash(_tell(report), "success")
                    return redirect(url_for(".index_view"), 303)
            except ShopError as error:
                problem = str(error)
        page: str = self.render("admin/taxes/file.html", form=form, problem=problem, report=report,
                                content=base64.b64encode(content).decode())
        return (page, 422) if problem else page


def _read_upload() -> bytes:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise UnreadableFile("Choose a file first.")
    with file.stream:
        content: bytes = file.read(MAX_KILOBYTES * 1024 + 1)
    if len(content) > MAX_KILOBYTES * 1024:
        raise UnreadableFile(f"At most {MAX_KILOBYTES} KB are taken at once. Split the file and bring its parts one by "
                             "one, each with the line of headings.")
    return content


def _read_kept(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableFile("The file was lost on its way. Choose it again.") from None


def _import(content: bytes, *, is_on_top: bool | None, is_dry_run: bool) -> TaxReport:
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        copy.write(content)
        copy.flush()
        return import_rates(Path(copy.name), is_on_top=is_on_top, is_dry_run=is_dry_run)


def _tell(report: TaxReport) -> str:
    left = f", {len(report.rejections)} not taken" if report.rejections else ""
    count = len(report.saved)
    return f"{count} {'rate is' if count == 1 else 'rates are'} set, {report.unchanged} unchanged{left}."
