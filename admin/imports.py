"""Imports and exports in the panel: upload a product file, watch it come in, read its report, undo it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response, current_app, flash, redirect, request, stream_with_context, url_for
from flask_admin import expose
from sqlalchemy import select
from wtforms import BooleanField, FileField, Form, SelectField

from admin.access import actor
from admin.fields import choices
from admin.names import name_actors
from admin.views import Answer, PanelView
from storefront.catalog.errors import UnknownImport
from storefront.catalog.exporter import Export
from storefront.catalog.import_models import Import, ImportLine, ImportState, LineKind
from storefront.catalog.importer.formats import Format
from storefront.catalog.importer.importing import SOURCES
from storefront.catalog.importer.kept import IN_WORK, can_go_on, is_interrupted
from storefront.catalog.importer.pictures import say_fetched
from storefront.catalog.importer.report import few, read_lines, read_report
from storefront.catalog.importer.undo import count_changes, count_undone, say_undone
from storefront.catalog.importer.uploads import (
    accept_upload,
    ask_for_undo,
    begin_for_good,
    can_be_begun,
    go_on_with_import,
    stop_import,
)
from storefront.catalog.models import Product, Redirect
from storefront.foundation.clock import now
from storefront.foundation.csv_files import guard
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError

SHOWN_IMPORTS = 50
SHOWN_LINES = 100
LABELS = {
    ImportState.WAITING: "Waiting", ImportState.RUNNING: "Running", ImportState.FINISHED: "Done",
    ImportState.FAILED: "Not imported", ImportState.UNDOING: "Being undone", ImportState.UNDONE: "Undone",
}
TITLES = {
    LineKind.REJECTED: "Not taken", LineKind.NOTE: "Taken, but not as it was said", LineKind.KEPT: "Not put back",
    LineKind.CREATED: "New", LineKind.UPDATED: "Changed", LineKind.UNDONE: "Put back",
}

WOULD_BE = {LineKind.REJECTED: "Would not be taken", LineKind.NOTE: "Would be taken, but not as it was said",
            LineKind.CREATED: "Would be new", LineKind.UPDATED: "Would be changed"}


class UploadForm(Form):
    """A file and what to do with it."""

    file = FileField("Product file")
    source_format = SelectField("Format")
    is_dry_run = BooleanField("Only try: say what would change, and change nothing", default=True)


class Imports(PanelView):
    """The list of imports with the upload, a page for each, and the export."""

    def __init__(self) -> None:
        super().__init__(name="Import and export", category="Catalog", endpoint="admin_imports", url="/admin/imports")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        """Upload a file, or see what became of earlier ones."""
        form, problem = _upload_form(), ""
        if request.method == "POST":
            file = request.files.get("file")
            if file is None or not file.filename:
                problem = "Choose a file first."
            elif not form.validate():
                problem = "Choose one of the formats."
            else:
                try:
                    import_id = accept_upload(file=file.stream, file_name=file.filename, actor=actor(),  # type: ignore[arg-type]
                                              source_format=form.source_format.data, is_dry_run=form.is_dry_run.data)
                    return redirect(url_for(".show", import_id=import_id), 303)
                except ShopError as error:
                    problem = str(error)
                finally:
                    file.close()
        db.session.rollback()
        rows = db.session.scalars(select(Import).order_by(Import.id.desc()).limit(SHOWN_IMPORTS)).all()
        page: str = self.render("admin/imports/list.html", form=form, problem=problem, rows=rows, label_of=_label,
                                sources=SOURCES, read_report=read_report,
                                actors=name_actors({row.actor for row in rows}))
        return (page, 422) if problem else page

    @expose("/<int:import_id>/")
    def show(self, import_id: int) -> str:
        """How far the import is, and what it says; while it is at work the page renews itself, without scripts too."""
        row = _find(import_id)
        lines = {kind: read_lines(row.id, kind, limit=SHOWN_LINES + 1) for kind in TITLES}
        is_at_work = row.state in IN_WORK
        page: str = self.render(
            "admin/imports/show.html", row=row, report=read_report(row), labels=LABELS, titles=_titles(row),
            lines=lines, shown=SHOWN_LINES, is_at_work=is_at_work, few=few, label=_label(row),
            actors=name_actors((row.actor, row.undone_by, row.stopped_by)), products=_find_products(lines.values()),
            undone=say_undone(row.id) if row.state is ImportState.UNDONE else (), can_begin=can_be_begun(row),
            pictures="" if is_at_work else say_fetched(row),
            changes=count_changes(row.id), put_back=sum(count_undone(row.id)), source=SOURCES[row.format],
            title_of=_title_of, is_interrupted=is_interrupted(row), can_go_on=can_go_on(row),
            is_late=row.state is ImportState.WAITING and (now() - row.created_at).total_seconds() > 30)
        return page

    @expose("/<int:import_id>/report.csv")
    def report(self, import_id: int) -> Response:
        """The whole report as a table."""
        row = _find(import_id)
        return _download(_report_pieces(row.id), f"import-{row.id}-report.csv")

    @expose("/<int:import_id>/import", methods=("POST",))
    def begin(self, import_id: int) -> Answer:
        """Import for good what was tried; a second press leads to the same import."""
        return _try(import_id, lambda: begin_for_good(import_id=import_id, actor=actor()))

    @expose("/<int:import_id>/stop", methods=("POST",))
    def stop(self, import_id: int) -> Answer:
        """End the import after its last whole batch."""
        return _try(import_id, lambda: stop_import(import_id=import_id, actor=actor()))

    @expose("/<int:import_id>/go-on", methods=("POST",))
    def go_on(self, import_id: int) -> Answer:
        """Go on with an import that was stopped."""
        return _try(import_id, lambda: go_on_with_import(import_id=import_id))

    @expose("/<int:import_id>/undo", methods=("POST",))
    def undo(self, import_id: int) -> Answer:
        """Put back what the import changed."""
        return _try(import_id, lambda: ask_for_undo(import_id=import_id, actor=actor()))

    @expose("/products.csv")
    def export(self) -> Response:
        """Every product in Shopify's format."""
        return _download(Export(current_app.extensions["stock"]).pieces(), f"products-{now():%Y-%m-%d}.csv")


def _try(import_id: int, do: Callable[[], int | None]) -> Answer:
    """Do it and show the import, or the one that it made; what cannot be done is said on its page."""
    shown = import_id
    try:
        shown = do() or import_id
    except NotFound:
        raise
    except ShopError as error:
        flash(str(error), "error")
    return redirect(url_for(".show", import_id=shown), 303)


def _label(row: Import) -> str:
    if row.is_dry_run and row.state is ImportState.FINISHED:
        return "Tried"
    if is_interrupted(row):
        return "Interrupted"
    return "Stopped" if row.stopped_by and row.state is ImportState.FAILED else LABELS[row.state]


def _titles(row: Import) -> dict[LineKind, str]:
    """Return the headings of the report, in the order of the page."""
    return TITLES | WOULD_BE if row.is_dry_run else TITLES


def _find_products(lines: Iterable[list[ImportLine]]) -> dict[str, int]:
    """Return the ids of the lines' products that are there by now, by the address they had or have."""
    slugs = {line.slug for part in lines for line in part if line.slug}
    found = dict(db.session.execute(select(Redirect.slug, Redirect.product_id).where(Redirect.slug.in_(slugs))).all())
    return found | dict(db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs))).all())


def _upload_form() -> UploadForm:
    form = UploadForm(request.form if request.method == "POST" else None)
    form.source_format.choices = choices(
        [("auto", "Find out from the file"), *((name, _title_of(source)) for name, source in SOURCES.items())])
    if request.method != "POST":
        form.source_format.data = "auto"
    return form


def _title_of(source: Format) -> str:
    title = source.title.removeprefix("a ")
    return title[0].upper() + title[1:]


def _find(import_id: int) -> Import:
    row = db.session.get(Import, import_id) if import_id < 2**31 else None
    if row is None:
        raise UnknownImport("There is no such import.")
    return row


def _report_pieces(import_id: int) -> Iterator[str]:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(("Line", "Column", "Product", "Address", "What", "Details"))
    titles = _titles(_find(import_id))
    lines: Any = db.session.scalars(
        select(ImportLine).where(ImportLine.import_id == import_id).order_by(ImportLine.line, ImportLine.id)
        .execution_options(yield_per=500))
    for line in lines:
        writer.writerow(map(guard, (str(line.line or ""), line.column, line.name, line.slug, titles[line.kind],
                                    line.text)))
        if target.tell() > 65_536:
            yield target.getvalue()
            target.seek(0)
            target.truncate()
    yield target.getvalue()


def _download(pieces: Iterator[str], name: str) -> Response:
    response = Response(stream_with_context(piece.encode() for piece in pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
