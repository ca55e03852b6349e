"""What every page of the panel stands on: Flask-Admin's views, closed by default, without its scripts.

The templates are ours (templates/admin), so the panel runs under the shop's own
Content-Security-Policy: no inline handler, no inline style, no script it could not lose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_admin import Admin, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.helpers import get_form_data
from sqlalchemy import inspect
from werkzeug.wrappers import Response
from wtforms import Form

from admin.access import current_staff
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.rows import delete_row, find_row, save_row
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.pagination import MAX_PAGE

Answer = Response | str | tuple[str, int]


class Guarded:
    """Second wall behind the gate in access.py: a view says for itself that only staff may enter."""

    def is_accessible(self) -> bool:
        return current_staff() is not None

    def _run_view(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the view as it is; Flask-Admin's own version hides a TypeError by calling a second time."""
        return function(self, *args, **kwargs)

    def create_blueprint(self, admin: Admin) -> Blueprint:
        """Answer refusals inside the panel's own frame."""
        blueprint: Blueprint = super().create_blueprint(admin)  # type: ignore[misc]
        blueprint.register_error_handler(ShopError, self._answer_refusal)
        return blueprint

    def _answer_refusal(self, error: ShopError) -> tuple[str, int]:
        return self.render("admin/refusal.html", message=str(error), status=error.status), error.status  # type: ignore[attr-defined]


class PanelView(Guarded, BaseView):
    """A page or a few pages of the panel that are more than a table."""


class TableView(Guarded, ModelView):
    """List, add, change and delete rows of a simple table; `values` names every column that may be written."""

    list_template = "admin/model/list.html"
    create_template = edit_template = "admin/model/edit.html"
    can_export = can_view_details = False
    can_set_page_size = False
    page_size = 50
    noun = "entry"
    hint = ""
    group = ""  # the cache group that a change clears
    column_type_formatters = {  # Flask-Admin reads it from the class
        bool: lambda view, value, name: "Yes" if value else "No",
        type(None): lambda view, value, name: "",
        list: lambda view, value, name: ", ".join(map(str, value)),
    }

    def title_of(self, row: Any) -> str:
        """Return what to call the row in headings and questions."""
        return str(row)

    def announce(self, row: Any) -> Any:
        """Return the event that tells the shop of a change, or None."""
        return None

    def values(self, form: Any) -> dict[str, Any]:
        """Return the columns to write: exactly the form's fields, whatever else was posted."""
        return {field.name: field.data for field in form}

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the row through a service; raises ShopError with a sentence for the form."""
        return save_row(model=self.model, row_id=row_id, values=self.values(form), group=self.group,
                        announce=self.announce)

    def remove(self, row_id: Any) -> None:
        """Delete the row through a service."""
        delete_row(model=self.model, row_id=row_id, group=self.group, announce=self.announce)

    def form_of(self, row: Any, sent: Any = None) -> Form:
        """Return the form of a row with what was sent, else with what the row says."""
        form: Form = self._edit_form_class(sent, obj=row)
        return form

    def edit_form(self, obj: Any = None) -> Form:
        return self.form_of(obj, get_form_data())

    @transactional
    def _save_unless_changed(self, form: Form, row_id: Any) -> None:
        """Save what the form says, when the row is still what it showed; raises ChangedMeanwhile."""
        if row_id is not None and type(self).edit_form is TableView.edit_form:
            check_shown(form, self.form_of(find_row(self.model, row_id, lock=True)), self.noun)
        self.save(form, row_id)

    def get_one(self, id: Any) -> Any:
        return find_row(self.model, self.read_id(id))

    def read_id(self, text: str) -> Any:
        """Return the id as the column's type; raises NotFound for what can be no id of this table."""
        kind = inspect(self.model).primary_key[0].type.python_type
        try:
            value = kind(text)
        except ValueError:
            raise NotFound("There is no such entry.") from None
        if "\0" in text or (kind is int and not 0 < value < 2**31):
            raise NotFound("There is no such entry.")
        return value

    def get_list(self, page: Any, sort_column: Any, sort_desc: Any, search: Any, *args: Any, **kwargs: Any) -> Any:
        """Return one page of rows; a number beyond what any list has is an address that does not exist."""
        if page is not None and page >= MAX_PAGE:
            raise NotFound("There is no such page of this list.")
        words = (search or "").replace("\0", "")  # PostgreSQL refuses to compare with NUL at all
        return super().get_list(max(0, page or 0), sort_column, sort_desc, words, *args, **kwargs)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Answer:
        """The empty form, and what was typed into it."""
        if not self.can_create:
            raise NotFound("Nothing can be added here.")
        return self._edit(self.create_form(), None, None)

    @expose("/<row_id>/", methods=("GET", "POST"))
    def edit_view(self, row_id: str) -> Answer:
        """The form of one row."""
        row = self.get_one(row_id)
        return self._edit(self.edit_form(obj=row), row, self.read_id(row_id))

    @expose("/<row_id>/deletion", methods=("POST",))
    def delete_view(self, row_id: str) -> Answer:
        """Delete one row; the button stands behind a second question."""
        if not self.can_delete:
            raise NotFound("Nothing can be deleted here.")
        try:
            self.remove(self.read_id(row_id))
        except NotFound:
            raise
        except ShopError as error:
            flash(str(error), "error")
            return redirect(url_for(".edit_view", row_id=row_id), 303)
        flash(f"The {self.noun} is deleted.", "success")
        return redirect(url_for(".index_view"), 303)

    def _edit(self, form: Form, row: Any, row_id: Any) -> Answer:
        problem: str | list[str] = ""
        if request.method == "POST":
            if form.validate():
                try:
                    self._save_unless_changed(form, row_id)
                    flash(f"The {self.noun} is saved.", "success")
                    return redirect(url_for(".index_view"), 303)
                except NotFound:
                    raise
                except ChangedMeanwhile as error:
                    form, problem = error.form, error.told
                except ShopError as error:
                    problem = str(error)
            db.session.rollback()
            row = self.get_one(str(row_id)) if row_id is not None else None
        page: str = self.render(self.edit_template, form=form, row=row, row_id=row_id, problem=problem)
        return (page, 422) if request.method == "POST" else page

    # Flask-Admin's other pages are not offered: named here without `expose`, they get no address.
    def details_view(self) -> Answer:
        raise NotFound("")

    def action_view(self) -> Answer:
        raise NotFound("")

    def export(self, export_type: str) -> Answer:
        raise NotFound("")

    def ajax_lookup(self) -> Answer:
        raise NotFound("")

    def ajax_update(self) -> Answer:
        raise NotFound("")
